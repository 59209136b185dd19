/**
 * Which API server to ask next: our own first, then the peers', one that just failed later (DESIGN rule 5). Decides
 * only; time is an argument, and nothing is sent from here.
 */

/** One listener of the API. */
export interface Endpoint {
  readonly protocol: "http:" | "https:";
  readonly host: string;
  readonly port: number;
  /** The name expected in the certificate, where it is not the host. */
  readonly tlsServerName: string | undefined;
}

/** Judged dead until `deadUntilMs`; `failures` in a row so far. */
interface Failing {
  readonly failures: number;
  readonly deadUntilMs: number;
}

/** In order of preference, with what is known against some of them. */
export interface EndpointBook {
  readonly order: readonly Endpoint[];
  readonly failing: ReadonlyMap<string, Failing>;
}

/** An answer that takes longer is asked for again at the next endpoint. */
export const HEDGE_AFTER_MS = 300;
/** A kube-apiserver restarts in about 2 s; asking a dead one again costs a hedge (300 ms) each time. */
const DEAD_MS = 1000;
const DEAD_LIMIT_MS = 16_000;
/** A headless Service of more replicas than that is not ours. */
const PEERS_LIMIT = 8;

export function endpointName(endpoint: Endpoint): string {
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${endpoint.protocol}//${host}:${endpoint.port}`;
}

/** A book of `own` first and `peers` after it; what was known about those that stay is kept. */
export function withEndpoints(book: EndpointBook | undefined, own: Endpoint, peers: readonly Endpoint[]): EndpointBook {
  const order = new Map([own, ...peers.slice(0, PEERS_LIMIT)].map((endpoint) => [endpointName(endpoint), endpoint]));
  const failing = [...(book?.failing ?? [])].filter(([name]) => order.has(name));
  return { order: [...order.values()], failing: new Map(failing) };
}

/**
 * The endpoints to ask, best first: living ones in order of preference, then the dead ones, the soonest to be tried
 * again first. Never empty: if all are dead, one is asked all the same.
 */
export function endpointsToAsk(book: EndpointBook, nowMs: number): readonly Endpoint[] {
  const deadUntil = (endpoint: Endpoint): number => {
    const untilMs = book.failing.get(endpointName(endpoint))?.deadUntilMs ?? 0;
    return untilMs > nowMs ? untilMs : 0;
  };
  // sort is stable: the preference stays among equals.
  return [...book.order].sort((a, b) => deadUntil(a) - deadUntil(b));
}

/** It gave no answer: refused, reset, silent until the time-out. */
export function endpointFailed(book: EndpointBook, endpoint: Endpoint, nowMs: number): EndpointBook {
  const name = endpointName(endpoint);
  const before = book.failing.get(name);
  // Copies of one request fail together: they are one failure.
  if (before !== undefined && before.deadUntilMs > nowMs) return book;
  const failures = (before?.failures ?? 0) + 1;
  const deadMs = Math.min(DEAD_LIMIT_MS, DEAD_MS * 2 ** (failures - 1));
  return { ...book, failing: new Map(book.failing).set(name, { failures, deadUntilMs: nowMs + deadMs }) };
}

/** It answered something, if only an error: it lives. */
export function endpointAnswered(book: EndpointBook, endpoint: Endpoint): EndpointBook {
  const name = endpointName(endpoint);
  if (!book.failing.has(name)) return book;
  const failing = new Map(book.failing);
  failing.delete(name);
  return { ...book, failing };
}
