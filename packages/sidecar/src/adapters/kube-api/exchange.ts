/**
 * One request, one answer, over a keep-alive agent. Its one promise: it knows whether the request can have reached the
 * API server ("unsent" cannot). Bounded in time by the caller's signal and in size here; retries nothing.
 */
import http, { type Agent, type IncomingMessage } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Endpoint } from "./endpoints.ts";

export interface ApiRequest {
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "probe" | "peers" | "event";
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: string;
  /** Nobody holds the VIP until it is answered. Default: somebody does. */
  readonly isUrgent?: boolean;
}

/** No answer: `reused` if the connection had served before, and may just have been closed as idle. */
export type NoAnswer =
  /** No connection was made: certainly not applied. */
  | { readonly t: "unsent"; readonly code: string }
  | { readonly t: "lost"; readonly code: string; readonly reused: boolean };

export type Answer =
  | NoAnswer
  /** `body` undefined: it did not come whole, or was longer than ANSWER_LIMIT_BYTES. The status counts all the same. */
  | {
      readonly t: "answered";
      readonly status: number;
      readonly retryAfterMs: number | undefined;
      readonly body: string | undefined;
    };

export type Opened =
  | NoAnswer
  | {
      readonly t: "opened";
      readonly status: number;
      readonly retryAfterMs: number | undefined;
      readonly response: IncomingMessage;
    };

export interface Line {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The server closed a connection as idle in the moment it was used: no word against the server. */
export function isIdleClosed(answer: Answer): boolean {
  return "reused" in answer && answer.reused && answer.code !== "ETIMEDOUT";
}

/** A Lease with the largest annotations (256 KiB) fits twice. */
export const ANSWER_LIMIT_BYTES = 1_000_000;
const RETRY_AFTER_LIMIT_S = 60;
/** Finds a dead peer below a silent watch in about 15 s (libuv probes 10 times, 1 s apart). */
const TCP_KEEPALIVE_MS = 5000;

/** Settles at the latest when the signal is aborted; never rejects. */
export async function exchange(endpoint: Endpoint, request: ApiRequest, line: Line): Promise<Answer> {
  const opened = await open(endpoint, request, line);
  if (opened.t !== "opened") return opened;
  const { status, retryAfterMs } = opened;
  return { t: "answered", status, retryAfterMs, body: await readBody(opened.response) };
}

/** Like exchange, but leaves the body to the caller, who reads or destroys it. */
export function open(endpoint: Endpoint, request: ApiRequest, line: Line): Promise<Opened> {
  const { signal, agent } = line;
  const secure = endpoint.protocol === "https:";
  const { promise, resolve } = Promise.withResolvers<Opened>();
  const sending = (secure ? https : http).request({
    method: request.method,
    host: endpoint.host,
    port: endpoint.port,
    path: request.path,
    agent,
    signal,
    headers: {
      Accept: "application/json",
      "User-Agent": "vcluster-kube-vip",
      ...contentType(request),
      ...line.headers,
    },
    ...(endpoint.tlsServerName !== undefined && { servername: endpoint.tlsServerName }),
  });
  let reached = false;
  sending.once("socket", (socket: Socket) => {
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    // Nothing of the request leaves before the handshake is done: TLS early data is never used.
    if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", () => (reached = true));
    else reached = true;
  });
  sending.on("error", (error: NodeJS.ErrnoException) => {
    const code = signal.aborted ? "ETIMEDOUT" : (error.code ?? error.name);
    resolve(reached ? { t: "lost", code, reused: sending.reusedSocket } : { t: "unsent", code });
  });
  sending.once("response", (response) => {
    const { statusCode: status = 0, headers } = response;
    resolve({ t: "opened", status, retryAfterMs: retryAfterMs(headers["retry-after"]), response });
  });
  sending.end(request.body);
  return promise;
}

function contentType(request: ApiRequest): Record<string, string> {
  return request.body === undefined ? {} : { "Content-Type": "application/json" };
}

/** The form in seconds, which the API server sends; a date is ignored. */
function retryAfterMs(header: string | undefined): number | undefined {
  return /^\d+$/.test(header ?? "") ? Math.min(Number(header), RETRY_AFTER_LIMIT_S) * 1000 : undefined;
}

function readBody(response: IncomingMessage): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) response.destroy();
    else chunks.push(chunk);
  });
  response.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  // A cut answer closes without an end; the error says no more than that.
  response.once("error", () => resolve(undefined));
  response.once("close", () => resolve(undefined));
  return promise;
}
