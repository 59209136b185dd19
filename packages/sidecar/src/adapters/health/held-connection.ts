/**
 * One connection to a listener, kept open and unused: its end is the fastest news of the listener's death (a killed
 * process's sockets are closed by the kernel within milliseconds). An end alone proves nothing, since idle connections
 * are closed too: it is made again at once, and "refused" is the proof. Sends no request.
 */
import tls from "node:tls";
import type { Clock } from "../../clock.ts";
import { SidecarError } from "../../sidecar-error.ts";
import type { Credentials } from "../kube-api/credentials.ts";
import type { Endpoint } from "../kube-api/endpoints.ts";

export interface HeldConnectionOptions {
  readonly endpoint: Endpoint;
  readonly credentials: () => Promise<Credentials | SidecarError>;
  readonly clock: Clock;
  /** Nobody listens any more where a connection was open in this life; again at each try. `askedAtMs`: of the try. */
  readonly onRefused: (askedAtMs: number) => void;
}

/** After an end the next try comes at once, then ever later: a listener that closes each connection is left in peace. */
const RETRY_MS = { first: 0, second: 10, limit: 500 } as const;
/** A connection that lived so long was a good one. */
const GOOD_MS = 1000;
/** A frozen listener's kernel completes the TCP handshake, nobody the TLS one. */
const HANDSHAKE_MS = 2000;

/** Owns its socket and timer until close(). */
export class HeldConnection {
  readonly #o: HeldConnectionOptions;
  #socket: tls.TLSSocket | undefined;
  #cancel: () => void = () => undefined;
  #retryMs: number = RETRY_MS.first;
  #wasOpen = false;
  #closed = false;

  constructor(options: HeldConnectionOptions) {
    this.#o = options;
  }

  start(): void {
    void this.#connect();
  }

  /** With the credentials of now, in place of those that it was made with. */
  remake(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#socket?.destroy();
  }

  async #connect(): Promise<void> {
    const { clock, credentials, endpoint } = this.#o;
    const using = await credentials();
    if (this.#closed) return;
    // Not readable yet, as at a first boot: the look at /readyz says so.
    if (using instanceof SidecarError) return this.#again(RETRY_MS.limit);
    const startedAtMs = clock.nowMs();
    const { host, port, tlsServerName } = endpoint;
    const { secureContext, verifyServer: rejectUnauthorized } = using;
    const servername = tlsServerName === undefined ? {} : { servername: tlsServerName };
    const socket = tls.connect({ host, port, secureContext, rejectUnauthorized, ...servername });
    this.#socket = socket;
    const isOurs = (): boolean => !this.#closed && this.#socket === socket;
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
    socket.once("secureConnect", () => {
      socket.setTimeout(0);
      this.#wasOpen = true;
    });
    // Nothing is asked, so nothing is answered; whatever comes is thrown away, or the end would never be read.
    socket.resume();
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (isOurs() && this.#wasOpen && error.code === "ECONNREFUSED") this.#o.onRefused(startedAtMs);
    });
    socket.once("end", () => socket.destroy());
    socket.once("close", () => {
      if (isOurs()) this.#ended(clock.nowMs() - startedAtMs);
    });
  }

  #ended(livedMs: number): void {
    if (livedMs >= GOOD_MS) this.#retryMs = RETRY_MS.first;
    this.#again(this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS.limit, Math.max(RETRY_MS.second, this.#retryMs * 2));
  }

  #again(afterMs: number): void {
    const { clock } = this.#o;
    this.#cancel();
    this.#cancel = clock.at(clock.nowMs() + afterMs, () => void this.#connect());
  }
}
