/**
 * Who of the API servers lives: learnt from every answer, from answers that are late, and from open streams that are
 * silent. One lost try is enough to be judged dead; one answer in time, to live again. Sends nothing by itself.
 */
import type { IncomingMessage } from "node:http";
import {
  type Endpoint,
  type EndpointBook,
  endpointAnswered,
  endpointFailed,
  endpointName,
  endpointsByRank,
  endpointsToRetry,
  HEDGE_AFTER_MS,
  isFailing,
  withEndpoints,
} from "./endpoints.ts";
import { type Answer, type ApiRequest, isIdleClosed } from "./exchange.ts";
import { Streams } from "./streams.ts";

/** Two connections are kept open: kube-apiserver closes one that was idle for 90 s. */
const WARM = { count: 2, idleMs: 30_000 } as const;
/** Longer than the default retry period: where a holder renews, its watchers hear of it. */
const SILENT_MS = 3000;

export interface EndpointHealthOptions {
  /** A peer was judged dead. */
  readonly onPeerDead: () => void;
  /** A request has ended. */
  readonly onRequest: (request: RequestReport) => void;
}

export interface RequestReport {
  readonly verb: ApiRequest["verb"];
  /** The status, or "unsent" or "lost". */
  readonly outcome: string;
  readonly durationMs: number;
  /** "https://127.0.0.1:6443" */
  readonly endpoint: string;
}

export class EndpointHealth {
  readonly #options: EndpointHealthOptions;
  readonly #streams = new Streams();
  readonly #answeredAtMs = new Map<string, number>();
  #book: EndpointBook | undefined;
  #ownLeft = false;

  constructor(options: EndpointHealthOptions) {
    this.#options = options;
  }

  /** What is known about `own` and `peers`. */
  book(own: Endpoint, peers: readonly Endpoint[]): EndpointBook {
    this.#book = withEndpoints(this.#book, own, peers);
    return this.#book;
  }

  /** Our pod ends, and our own API server with it: the peers are asked first from now on, though it may still answer. */
  leaveOwn(): void {
    this.#ownLeft = true;
    const [own] = this.#book?.order ?? [];
    if (own !== undefined) this.#judgeDead(own, Number.POSITIVE_INFINITY);
  }

  isDead(name: string): boolean {
    return this.#book?.failing.has(name) === true;
  }

  /**
   * One request begins; the returned function is to be called with its answer. Late, it counts as failed at once:
   * `onLate` is called after that.
   */
  begin(endpoint: Endpoint, { verb }: ApiRequest, onLate?: () => void): (answer: Answer) => void {
    const startedAtMs = performance.now();
    const late = setTimeout(() => {
      this.#judgeDead(endpoint, startedAtMs);
      onLate?.();
    }, HEDGE_AFTER_MS);
    return (answer) => {
      clearTimeout(late);
      const nowMs = performance.now();
      if (saysAlive(verb, answer)) {
        if (nowMs - startedAtMs < HEDGE_AFTER_MS) this.#lives(endpoint, nowMs);
      } else if (saysDead(answer)) this.#judgeDead(endpoint, startedAtMs);
      const outcome = answer.t === "answered" ? String(answer.status) : answer.t;
      this.#options.onRequest({ verb, outcome, durationMs: nowMs - startedAtMs, endpoint: endpointName(endpoint) });
    };
  }

  /** An answer stays open; `cut` is aborted when its API server is dead and another one lives, or our own lives again. */
  opened(endpoint: Endpoint, response: IncomingMessage, cut: AbortController): void {
    this.#streams.add(endpoint, response, cut);
  }

  /** Whether anybody known is to be probed now: without a look at files, or a promise. */
  get hasDue(): boolean {
    return this.#book === undefined || this.due(this.#book).length > 0;
  }

  /** Who is to be probed now: the dead for a new trial, the silent, and those whose connection cools. */
  due(book: EndpointBook): readonly Endpoint[] {
    const nowMs = performance.now();
    const isIdle = (endpoint: Endpoint, idleMs: number): boolean => nowMs - this.#answeredAt(endpoint) >= idleMs;
    const all = [
      ...endpointsToRetry(book, nowMs),
      ...this.#streams.silentFor(SILENT_MS).filter((endpoint) => isIdle(endpoint, SILENT_MS)),
      // A takeover's write must not wait for a handshake, at our own API server or at the one it is hedged on.
      ...endpointsByRank(book)
        .slice(0, WARM.count)
        .filter((endpoint) => !isFailing(book, endpoint) && isIdle(endpoint, WARM.idleMs)),
    ];
    return [...new Map(all.map((endpoint) => [endpointName(endpoint), endpoint])).values()];
  }

  #answeredAt(endpoint: Endpoint): number {
    return this.#answeredAtMs.get(endpointName(endpoint)) ?? Number.NEGATIVE_INFINITY;
  }

  #lives(endpoint: Endpoint, nowMs: number): void {
    const book = this.#book;
    this.#answeredAtMs.set(endpointName(endpoint), nowMs);
    if (book === undefined) return;
    const [own] = book.order;
    const isOwn = own !== undefined && endpointName(own) === endpointName(endpoint);
    if (isOwn && this.#ownLeft) return;
    this.#book = endpointAnswered(book, endpoint);
    // A watch that stays at a peer breaks with that peer, in the very moment in which the peer's VIP is handed over.
    if (isOwn && isFailing(book, endpoint)) this.#streams.bring(endpoint);
  }

  #judgeDead(endpoint: Endpoint, askedAtMs: number): void {
    // Of two connections through one Service, one may lead to a dead replica and the other not.
    if (this.#book === undefined || this.#answeredAt(endpoint) >= askedAtMs) return;
    const book = endpointFailed(this.#book, endpoint, performance.now());
    this.#book = book;
    const [own] = book.order;
    if (own !== undefined && endpointName(endpoint) !== endpointName(own)) this.#options.onPeerDead();
    if (book.order.some((other) => !isFailing(book, other))) this.#streams.cut(endpoint);
  }
}

/** An answer that says nothing but that this server cannot: another one may. */
export function isServerTrouble({ status }: { readonly status: number }): boolean {
  return status >= 500 || status === 429;
}

/** Any answer, if only an error; a probe asks for more: etcd behind it, and no stop begun. */
function saysAlive(verb: ApiRequest["verb"], answer: Answer): boolean {
  return answer.t === "answered" && !(verb === "probe" && isServerTrouble(answer));
}

/** What is late was judged in its time; what was cut short had no chance to answer. */
function saysDead(answer: Answer): boolean {
  return answer.t === "answered" || (answer.code !== "ETIMEDOUT" && !isIdleClosed(answer));
}
