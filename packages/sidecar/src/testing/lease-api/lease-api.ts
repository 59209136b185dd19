/**
 * An API server for Leases in this process, for tests and the demo: coordination.k8s.io/v1 with watches, health checks
 * and client certificates, on a LeaseStore. Several of them on one store are the API servers of one cluster. Can be told
 * to misbehave.
 */
import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { LeaseStore } from "../lease-store.ts";
import { type ApiAnswer, failure } from "./api-status.ts";
import type { KeyPair } from "./certificates.ts";
import { DISCOVERY } from "./discovery.ts";
import { commit, type Fault, isApplied, type RequestSeen } from "./faults.ts";
import {
  createLease,
  deleteLease,
  getLease,
  type LeaseTarget,
  listLeases,
  patchLease,
  updateLease,
} from "./lease-resource.ts";
import { LeaseWatches } from "./lease-watches.ts";

export interface LeaseApiOptions {
  readonly store: LeaseStore;
  /** undefined: plain http, anybody may ask. */
  readonly tls: { readonly server: KeyPair; readonly clientCa: string } | undefined;
  /** Asked for each request. */
  readonly faultOf?: (request: RequestSeen) => Fault | undefined;
  /** Told of each request as it arrives, health checks too. */
  readonly onRequest?: (request: RequestSeen) => void;
}

interface Route {
  readonly seen: RequestSeen;
  readonly target: LeaseTarget | undefined;
  readonly query: URLSearchParams;
}

const LEASES_PATH = /^\/apis\/coordination\.k8s\.io\/v1(?:\/namespaces\/([^/]+))?\/leases(?:\/([^/]+))?$/;
const BODY_LIMIT_BYTES = 3_000_000;
/** As kube-apiserver's. */
const IDLE_MS = 90_000;

/** One API server, on one port. */
export class LeaseApi {
  readonly #options: LeaseApiOptions;
  readonly #server: Server;
  /** Below TLS, by the client's port: only these can be reset, and some never get through their handshake. */
  readonly #connections = new Map<number | undefined, Socket>();
  readonly watches: LeaseWatches;
  /** Made since the start. */
  connectionsTotal = 0;
  /** In order, without the health checks. */
  readonly requests: RequestSeen[] = [];

  constructor(options: LeaseApiOptions) {
    this.#options = options;
    this.watches = new LeaseWatches(options.store);
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#answer(request, response);
    const { tls } = options;
    this.#server =
      tls === undefined
        ? http.createServer({ keepAliveTimeout: IDLE_MS }, onRequest)
        : https.createServer(
            {
              cert: tls.server.certificate,
              key: tls.server.key,
              ca: tls.clientCa,
              requestCert: true,
              rejectUnauthorized: false,
              keepAliveTimeout: IDLE_MS,
            },
            onRequest,
          );
    this.#server.on("connection", (connection: Socket) => {
      const { remotePort } = connection;
      this.connectionsTotal += 1;
      this.#connections.set(remotePort, connection);
      connection.once("close", () => this.#connections.delete(remotePort));
    });
  }

  /** Listens; answers its URL. Port 0: any free one. */
  async listen(port = 0, host = "127.0.0.1"): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject).listen(port, host, resolve);
    await promise;
    const { port: actual } = this.#server.address() as AddressInfo;
    return `${this.#options.tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${actual}`;
  }

  /** Closes the listener and every connection, as a killed API server does. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const connection of this.#connections.values()) connection.destroy();
    await promise;
  }

  /** Resets every connection, watches too, and goes on listening. */
  reset(): void {
    for (const connection of this.#connections.values()) connection.resetAndDestroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const route = routeOf(request);
    this.#options.onRequest?.(route.seen);
    if (["/livez", "/readyz", "/healthz"].includes(route.seen.path)) {
      response.writeHead(200, { "Content-Type": "text/plain" }).end("ok");
      return;
    }
    this.requests.push(route.seen);
    const fault = this.#options.faultOf?.(route.seen);
    const connection = this.#connections.get(request.socket.remotePort);
    if (fault !== undefined && connection !== undefined) {
      const answer = isApplied(fault)
        ? this.#apply(request, route, body)
        : failure(500, "InternalError", "not applied");
      commit(fault, response, connection, { status: answer.status, text: JSON.stringify(answer.body) });
    } else if (route.seen.verb === "watch" && route.target !== undefined && this.#isKnown(request)) {
      this.watches.start(watchRequestOf(route.query, route.target), response);
    } else {
      const answer = this.#apply(request, route, body);
      response.writeHead(answer.status, { "Content-Type": "application/json" }).end(JSON.stringify(answer.body));
    }
  }

  #isKnown(request: IncomingMessage): boolean {
    return this.#options.tls === undefined || (request.socket as TLSSocket).authorized;
  }

  #apply(request: IncomingMessage, { seen, target, query }: Route, body: unknown): ApiAnswer {
    if (!this.#isKnown(request)) return failure(401, "Unauthorized", "Unauthorized");
    const { store } = this.#options;
    const known = DISCOVERY.get(seen.path);
    if (known !== undefined) return { status: 200, body: known };
    if (target === undefined || body === MALFORMED) {
      return target === undefined
        ? failure(404, "NotFound", "the server could not find the requested resource")
        : failure(400, "BadRequest", "the body is no JSON");
    }
    const { namespace = "", name = "" } = target;
    const object = body ?? {};
    switch (seen.verb) {
      case "get":
        return getLease(store, namespace, name);
      case "list":
        return listLeases(
          store,
          target,
          query.get("resourceVersionMatch") === "Exact" ? (query.get("resourceVersion") ?? "") : undefined,
        );
      case "create":
        return createLease(store, namespace, object);
      case "update":
        return updateLease(store, namespace, name, object);
      case "patch":
        return patchLease(store, namespace, name, object);
      case "delete":
        return deleteLease(store, namespace, name, body);
      default:
        return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
  }
}

function routeOf(request: IncomingMessage): Route {
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
  const method = request.method ?? "GET";
  const match = LEASES_PATH.exec(path);
  if (match === null) return { seen: { method, path, verb: "other" }, target: undefined, query };
  const selected = /^metadata\.name==?(.+)$/.exec(query.get("fieldSelector") ?? "")?.[1];
  const target: LeaseTarget = { namespace: match[1], name: match[2] ?? selected };
  return { seen: { method, path, verb: verbOf(method, match[2], query) }, target, query };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): RequestSeen["verb"] {
  const watching = ["1", "true"].includes(query.get("watch") ?? "");
  if (method === "GET") return watching ? "watch" : name === undefined ? "list" : "get";
  if (method === "POST") return "create";
  if (name === undefined) return "other";
  return ({ PUT: "update", PATCH: "patch", DELETE: "delete" } as const)[method] ?? "other";
}

function watchRequestOf(query: URLSearchParams, target: LeaseTarget) {
  return {
    target,
    resourceVersion: query.get("resourceVersion") ?? "",
    timeoutSeconds: Number(query.get("timeoutSeconds") ?? 1800),
    bookmarks: query.get("allowWatchBookmarks") === "true",
  };
}

const MALFORMED = Symbol("no JSON object");

/** undefined: none was sent. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = "";
  try {
    for await (const chunk of request.setEncoding("utf8")) {
      text += chunk;
      if (text.length > BODY_LIMIT_BYTES) return MALFORMED;
    }
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    return body === undefined || (typeof body === "object" && body !== null) ? body : MALFORMED;
  } catch {
    // Cut off, or no JSON: both are answered alike.
    return MALFORMED;
  }
}
