/**
 * Hears `vcluster-kube-vip transfer` on its socket: one connection at a time, one bounded line, one answer. What is
 * asked for is its caller's matter. Where the socket cannot be had the VIP is served all the same, and only moves by
 * hand are missing.
 */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { formatOutcome, parseRequest, REQUEST_LENGTH_MAX, type TransferRequest } from "../../transfer/line.ts";
import type { TransferOutcome } from "../../transfer/outcome.ts";
import { claimFolder } from "./socket-path.ts";

export interface TransferListenerOptions {
  readonly path: string;
  /** Never rejects. */
  readonly onRequest: (request: TransferRequest) => Promise<TransferOutcome>;
  /** Once: it cannot be listened there. */
  readonly onUnavailable: (message: string) => void;
}

/** The line comes with the connection. */
const REQUEST_TIMEOUT_MS = 1_000;

/** Owns its socket; close() removes it. */
export class TransferListener {
  readonly #o: TransferListenerOptions;
  readonly #server: Server;
  #connection: Socket | undefined;

  constructor(options: TransferListenerOptions) {
    this.#o = options;
    this.#server = createServer((connection) => void this.#serve(connection));
    this.#server.maxConnections = 1;
    this.#server.unref();
    this.#server.on("error", (error) => options.onUnavailable(error.message));
  }

  /** Only by whoever has the VIP's mutex: what lies at the path is an earlier life's. */
  start(): void {
    const { path, onUnavailable } = this.#o;
    try {
      claimFolder(dirname(path));
      rmSync(path, { force: true });
      this.#server.listen({ path });
    } catch (error) {
      onUnavailable(error instanceof Error ? error.message : String(error));
    }
  }

  close(): void {
    this.#connection?.destroy();
    this.#server.close();
  }

  async #serve(connection: Socket): Promise<void> {
    this.#connection = connection;
    connection.unref();
    // Whoever asked has gone: the move goes on, and nobody hears how.
    connection.on("error", () => connection.destroy());
    const line = await readLine(connection, { timeoutMs: REQUEST_TIMEOUT_MS, lengthMax: REQUEST_LENGTH_MAX });
    const request = line === undefined ? undefined : parseRequest(line);
    if (request === undefined) return void connection.destroy();
    const outcome = await this.#o.onRequest(request);
    if (!connection.destroyed) connection.end(formatOutcome(outcome));
  }
}

/** The first line; undefined: none came whole, in time, or within its bound. */
export function readLine(
  connection: Socket,
  { timeoutMs, lengthMax }: { readonly timeoutMs: number; readonly lengthMax: number },
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let text = "";
  const late = setTimeout(resolve, timeoutMs, undefined);
  connection.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) resolve(text.slice(0, end));
    else if (text.length > lengthMax) resolve(undefined);
  });
  connection.once("close", () => resolve(undefined));
  return promise.finally(() => clearTimeout(late));
}
