/**
 * TCP sockets in memory with the real kernel's habits, for tests of what is built on the SocketTable port: a reset is a
 * packet, which leaves only while its next hop is known and, of an IPv4 VIP, the VIP is on the host. No handshakes and no
 * time-wait.
 */
import type { Dump } from "../kernel.ts";
import { isUsable } from "../model.ts";
import { RoutingError } from "../routing-error.ts";
import type { Connection, SocketTable } from "../sockets.ts";
import type { IpAddress } from "../values/ip-address.ts";
import type { MemoryKernel } from "./memory-kernel.ts";

export class MemorySockets implements SocketTable {
  readonly #kernel: MemoryKernel | undefined;
  readonly #open = new Map<IpAddress, readonly Connection[]>();
  #failure: RoutingError | undefined;
  #closed = false;
  /** Each verb asked for, in order. */
  readonly calls: string[] = [];
  /** Whose peers got the reset. */
  readonly reset: Connection[] = [];
  /** Destroyed, but their peers do not know: the reset never left. */
  readonly hanging: Connection[] = [];
  /** Called when a verb was asked for and before it takes effect. */
  beforeVerb: (verb: string) => void = () => undefined;

  /** @param kernel - decides which resets leave; without one all of them do. */
  constructor(kernel?: MemoryKernel) {
    this.#kernel = kernel;
  }

  /** Somebody connects to the VIP. */
  connect(vip: IpAddress, connection: Connection): void {
    this.#open.set(vip, [...(this.#open.get(vip) ?? []), connection]);
  }

  /** The next request to destroy fails and changes nothing. */
  failNext(error: RoutingError): void {
    this.#failure = error;
  }

  async connections(vip: IpAddress): Promise<Dump<Connection>> {
    this.#demandOpen();
    return { complete: true, items: this.#open.get(vip) ?? [] };
  }

  async destroy(vip: IpAddress): Promise<number> {
    this.#demandOpen();
    this.calls.push("destroy");
    this.beforeVerb("destroy");
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    const connections = this.#open.get(vip) ?? [];
    this.#open.delete(vip);
    for (const connection of connections)
      ((await this.#resetLeaves(vip, connection)) ? this.reset : this.hanging).push(connection);
    return connections.length;
  }

  close(): void {
    this.#closed = true;
  }

  async #resetLeaves(vip: IpAddress, { remoteAddress }: Connection): Promise<boolean> {
    if (this.#kernel === undefined) return true;
    // Of an IPv4 VIP that is no address of the host any more there is none; IPv6 sends on without.
    const hop = await this.#kernel.nextHop(remoteAddress, vip);
    if (hop === undefined) return false;
    const { items } = await this.#kernel.neighbours(hop.linkIndex);
    return items.some((neighbour) => neighbour.address === hop.address && isUsable(neighbour));
  }

  #demandOpen(): void {
    if (this.#closed) throw new RoutingError("KERNEL_CLOSED", "the connection was closed by its owner");
  }
}
