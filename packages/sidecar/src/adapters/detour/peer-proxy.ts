/**
 * Passes TCP connections on to another replica's listener, byte by byte: TLS is between the client and whoever serves it,
 * since all replicas have certificates of one authority for the VIP. Owns its sockets and timers until close().
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Endpoint } from "../kube-api/endpoints.ts";

/** A peer in the same cluster accepts within a millisecond or two; a node that is gone does not answer at all. */
const DIAL_MS = 100;
/** Behind a Service's one address the next try may meet another replica. */
const DIALS_MAX = 4;
/** Each costs two sockets. The listener of a control plane with more clients than that has other troubles first. */
const CONNECTIONS_MAX = 4096;
const BACKLOG = 1024;

export class PeerProxy {
  readonly #peers: () => readonly Endpoint[];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #host: string | undefined;
  #port: Promise<number> | undefined;

  /** @param peers - the best first, asked anew for each connection */
  constructor(peers: () => readonly Endpoint[]) {
    this.#peers = peers;
  }

  /** @returns the port, the same as before where it listens at this address already. Rejects with the system's error. */
  listen(host: string): Promise<number> {
    if (this.#port === undefined || this.#host !== host) {
      this.close();
      this.#host = host;
      this.#port = this.#listen(host);
    }
    return this.#port;
  }

  /** Ends with a reset whatever went through it. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#port = undefined;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #listen(host: string): Promise<number> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) =>
      this.#accept(client),
    );
    this.#server = server;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    server.on("error", (error) => {
      // One that fails later, as when its address is gone, is opened anew at the next extension.
      if (this.#server === server) this.close();
      reject(error);
    });
    server.listen({ host, port: 0, backlog: BACKLOG }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
    server.unref();
    return promise;
  }

  #accept(client: Socket): void {
    this.#own(client);
    const peers = this.#peers();
    if (peers.length === 0 || this.#sockets.size > 2 * CONNECTIONS_MAX) return void client.resetAndDestroy();
    const dials = Array.from({ length: DIALS_MAX }, (_, index) => peers[index % peers.length]);
    this.#dial(
      client,
      dials.filter((peer) => peer !== undefined),
    );
  }

  /** The next of those that are left, until one accepts. */
  #dial(client: Socket, [peer, ...others]: readonly Endpoint[]): void {
    if (peer === undefined) return void client.resetAndDestroy();
    const { host, port } = peer;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#own(server);
    const late = setTimeout(() => server.destroy(), DIAL_MS);
    const next = (): void => {
      clearTimeout(late);
      if (!client.destroyed) this.#dial(client, others);
    };
    server.once("close", next);
    server.once("connect", () => {
      clearTimeout(late);
      server.off("close", next);
      join(client, server);
    });
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // "close" comes after it, and is what counts.
    socket.on("error", () => undefined);
  }
}

/** What one says goes to the other; the end of one is the other's. */
function join(client: Socket, server: Socket): void {
  if (client.destroyed) return void server.destroy();
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.pipe(to);
    from.on("close", (hadError) => {
      if (hadError) to.resetAndDestroy();
      else to.destroySoon();
    });
  }
}
