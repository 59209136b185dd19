/**
 * Which API server to ask next: our own first, then the peers', one that failed after all that live (DESIGN rule 5).
 * Decides only; time is an argument, and nothing is sent from here.
 */

/** One listener of the API. */
export interface Endpoint {
  readonly protocol: "http:" | "https:";
  readonly host: string;
  readonly port: number;
  /** The name expected in the certificate, where it is not the host. */
  readonly tlsServerName: string | undefined;
}

/** Judged dead until it answers in time; `failures` in a row so far, to be tried again at `retryAtMs`. */
interface Failing {
  readonly failures: number;
  readonly retryAtMs: number;
}

/** In order of preference, our own first, with what is known against some of them. */
export interface EndpointBook {
  readonly order: readonly Endpoint[];
  readonly failing: ReadonlyMap<string, Failing>;
}

/** An answer that takes longer is asked for again at the next endpoint, and its endpoint is judged dead. */
export const HEDGE_AFTER_MS = 300;
/** How often one request is asked at most, and when the next copy goes out. */
export interface Hedging {
  readonly copies: number;
  readonly afterMs: number;
  /** Our own server has its turn again, too, where it lives. */
  readonly ownAgain?: boolean;
}

/** Bounds what a flapping network makes of one request. */
export const HEDGING: Hedging = { copies: 4, afterMs: HEDGE_AFTER_MS };
/**
 * Of a process that ends, for whose one write the others wait. While etcd has lost its leader and does not know it yet, it
 * takes writes and loses them: only a copy that comes after the election is agreed upon.
 */
export const LAST_HEDGING: Hedging = { copies: 24, afterMs: 150 };
/**
 * Of a write for which everybody waits: while etcd elects, each of its copies is as likely to be lost, and what comes
 * right after the election wins.
 */
export const URGENT_HEDGING: Hedging = { copies: 24, afterMs: 150, ownAgain: true };
/** A kube-apiserver restarts in about 2 s. */
const RETRY_MS = 1000;
const RETRY_LIMIT_MS = 16_000;
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

export function isFailing(book: EndpointBook, endpoint: Endpoint): boolean {
  return book.failing.has(endpointName(endpoint));
}

/**
 * Every endpoint, best first: living ones in order of preference, then the dead ones, the soonest to be tried again
 * first. Never empty: if all are dead, one is asked all the same.
 */
export function endpointsByRank(book: EndpointBook): readonly Endpoint[] {
  const retryAt = (endpoint: Endpoint): number => book.failing.get(endpointName(endpoint))?.retryAtMs ?? -1;
  // sort is stable: the preference stays among equals.
  return [...book.order].sort((a, b) => retryAt(a) - retryAt(b));
}

/**
 * Where the copies of one request go, in turn. After the last endpoint the peers are asked again, each on another
 * connection: behind a Service's one address that is another replica, and perhaps not our own. Of the dead each has one.
 */
export function endpointsToAsk(book: EndpointBook, { copies, ownAgain }: Hedging = HEDGING): readonly Endpoint[] {
  const ranked = endpointsByRank(book);
  const peers = ranked.filter((endpoint) => endpoint !== book.order[0]);
  const living = (ownAgain ? ranked : peers).filter((endpoint) => !isFailing(book, endpoint));
  const again = living.length > 0 ? living : ownAgain ? ranked : peers;
  const rounds = Array.from({ length: again.length === 0 ? 0 : copies }, () => again);
  return [...ranked, ...rounds.flat()].slice(0, copies);
}

/** The dead ones that are to be tried again now. */
export function endpointsToRetry(book: EndpointBook, nowMs: number): readonly Endpoint[] {
  return book.order.filter((endpoint) => {
    const known = book.failing.get(endpointName(endpoint));
    return known !== undefined && known.retryAtMs <= nowMs;
  });
}

/** It gave no answer in time: refused, reset, late or silent. */
export function endpointFailed(book: EndpointBook, endpoint: Endpoint, nowMs: number): EndpointBook {
  const name = endpointName(endpoint);
  const before = book.failing.get(name);
  // Copies of one request fail together: they are one failure.
  if (before !== undefined && before.retryAtMs > nowMs) return book;
  const failures = (before?.failures ?? 0) + 1;
  const waitMs = Math.min(RETRY_LIMIT_MS, RETRY_MS * 2 ** (failures - 1));
  return { ...book, failing: new Map(book.failing).set(name, { failures, retryAtMs: nowMs + waitMs }) };
}

/** It answered something in time, if only an error: it lives. */
export function endpointAnswered(book: EndpointBook, endpoint: Endpoint): EndpointBook {
  if (!isFailing(book, endpoint)) return book;
  const failing = new Map(book.failing);
  failing.delete(endpointName(endpoint));
  return { ...book, failing };
}
