/**
 * One HTTP server on one address, tried again until the address can be had. Every connection has an end, so that
 * neither a slow sender nor a slow reader keeps one.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../clock.ts";

const CONNECTIONS_MAX = 32;
const CONNECTION_MAX_MS = 5_000;
const HEADERS_MAX_BYTES = 8 * 1024;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** Node's own checks of slow requests are not needed beside CONNECTION_MAX_MS, and would wake the process. */
const NEVER_MS = 2 ** 31 - 1;

export interface ListenerParts {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly onRequest: RequestListener;
  readonly onListening: () => void;
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

export class Listener {
  readonly #parts: ListenerParts;
  #server: Server | undefined;
  #cancelRetry: (() => void) | undefined;
  #retryMs = RETRY_MIN_MS;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** The port in use; undefined while it does not listen. */
  get port(): number | undefined {
    const bound = this.#server?.address();
    return typeof bound === "object" && bound !== null ? bound.port : undefined;
  }

  start(): void {
    const { address, port, clock, onRequest, onListening, onError } = this.#parts;
    const server = createServer({ maxHeaderSize: HEADERS_MAX_BYTES, connectionsCheckingInterval: NEVER_MS }, onRequest);
    server.maxConnections = CONNECTIONS_MAX;
    server.on("connection", (socket) => this.#limit(socket));
    server.on("listening", () => {
      this.#retryMs = RETRY_MIN_MS;
      onListening();
    });
    server.on("error", (error) => {
      onError(error);
      // An error of a listening server is about one connection that could not be accepted.
      if (server.listening) return;
      this.#cancelRetry = clock.at(clock.nowMs() + this.#retryMs, () => this.start());
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    });
    server.listen({ port, host: address, ipv6Only: true });
    this.#server = server;
  }

  /** Resolves when the port is free again. Connections are cut. */
  stop(): Promise<void> {
    this.#cancelRetry?.();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || !server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #limit(socket: Socket): void {
    const { clock } = this.#parts;
    const cancel = clock.at(clock.nowMs() + CONNECTION_MAX_MS, () => socket.destroy());
    socket.once("close", cancel);
  }
}
