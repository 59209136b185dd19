/**
 * One UDP socket, bound to one address and the quorum's port; opened again when it failed or the address changed. Owns
 * it until close().
 */
import type { Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { SidecarError } from "../../sidecar-error.ts";
import { withoutZone } from "./segment-address.ts";

/** The same on all replicas: UDP, beside the TCP ports of vCluster (8443) and etcd (2379, 2380). */
export const QUORUM_PORT = 8474;

export interface DatagramSocketOptions {
  readonly port: number;
  readonly onDatagram: (bytes: Uint8Array, fromAddress: string) => void;
  /** Undefined: it is well again. Code: QUORUM_SOCKET_FAILED. */
  readonly onProblem: (problem: SidecarError | undefined) => void;
}

export class DatagramSocket {
  readonly #o: DatagramSocketOptions;
  #socket: Socket | undefined;
  #address: string | undefined;
  #isBound = false;
  /** That the socket would not take; the peers do not hear of it. */
  failures = 0;

  constructor(options: DatagramSocketOptions) {
    this.#o = options;
  }

  get address(): string | undefined {
    return this.#isBound ? this.#address : undefined;
  }

  /** Is bound there soon, or tried again at the next call; undefined: to nothing. */
  bindTo(address: string | undefined): void {
    if (address === this.#address && this.#socket !== undefined) return;
    this.close();
    this.#address = address;
    if (address === undefined) return;
    const isV6 = isIPv6(withoutZone(address));
    // Asked for by name: an import would cost its memory where the setting is off.
    const dgram = process.getBuiltinModule("node:dgram");
    const socket = dgram.createSocket(isV6 ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
    this.#socket = socket;
    socket.on("message", (bytes, { address: from }) => this.#o.onDatagram(bytes, from));
    socket.on("error", (error) => this.#onError(socket, error));
    socket.bind({ address, port: this.#o.port, exclusive: true }, () => {
      if (socket !== this.#socket) return;
      this.#isBound = true;
      this.#o.onProblem(undefined);
    });
  }

  /** At once or not at all. */
  send(bytes: Uint8Array, address: string): void {
    if (!this.#isBound) return;
    // The callback keeps a refused send (no route, a peer of the other family) from being an error of the socket.
    this.#socket?.send(bytes, this.#o.port, address, (error) => {
      if (error !== null) this.failures += 1;
    });
  }

  close(): void {
    this.#isBound = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #onError(socket: Socket, error: Error): void {
    if (socket !== this.#socket) return;
    this.close();
    const reason = "code" in error ? String(error.code) : "unknown reason";
    const where = `${this.#address} port ${this.#o.port} (UDP)`;
    this.#o.onProblem(
      new SidecarError(
        "QUORUM_SOCKET_FAILED",
        `cannot hear the other replicas at ${where}: ${reason}. Free the port and allow it between the replicas; tried again every second.`,
        { fields: { address: String(this.#address), port: this.#o.port } },
      ),
    );
  }
}
