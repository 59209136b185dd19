/**
 * The answers that stay open (the watch), each with its API server: since when a stream is silent, and its end when
 * its server is judged dead. A frozen kernel end acknowledges keep-alives for ever, so silence itself has to count.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Endpoint, endpointName } from "./endpoints.ts";

interface Stream {
  readonly endpoint: Endpoint;
  readonly socket: Socket;
  readonly cut: AbortController;
  bytesRead: number;
  heardAtMs: number;
}

/** Forgets each when it closes. */
export class Streams {
  readonly #streams = new Set<Stream>();

  add(endpoint: Endpoint, response: IncomingMessage, cut: AbortController): void {
    const { socket } = response;
    const stream: Stream = { endpoint, socket, cut, bytesRead: socket.bytesRead, heardAtMs: performance.now() };
    this.#streams.add(stream);
    response.once("close", () => this.#streams.delete(stream));
  }

  /** Where a stream has brought nothing for so long. Call it about once a second: it notices bytes when called. */
  silentFor(silentMs: number): readonly Endpoint[] {
    const nowMs = performance.now();
    for (const stream of this.#streams) {
      const { bytesRead } = stream.socket;
      if (bytesRead !== stream.bytesRead) stream.heardAtMs = nowMs;
      stream.bytesRead = bytesRead;
    }
    return [...this.#streams].flatMap(({ endpoint, heardAtMs }) => (nowMs - heardAtMs >= silentMs ? [endpoint] : []));
  }

  /** Ends what is open at this endpoint: its reader goes on elsewhere. */
  cut(endpoint: Endpoint): void {
    const name = endpointName(endpoint);
    for (const stream of this.#streams) if (endpointName(stream.endpoint) === name) stream.cut.abort();
  }

  /** Ends what is open anywhere else: its reader goes on here. */
  bring(endpoint: Endpoint): void {
    const name = endpointName(endpoint);
    for (const stream of this.#streams) if (endpointName(stream.endpoint) !== name) stream.cut.abort();
  }
}
