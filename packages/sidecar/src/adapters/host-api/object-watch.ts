/**
 * Follows one object of the host cluster: a list of it by name, then a watch from there, again and again, with a bounded
 * back-off. Its reader wants to know what is, not what was, so a watch that breaks is only made again.
 */
import { SidecarError } from "../../sidecar-error.ts";
import { ANSWER_LIMIT_BYTES, exchange, open } from "../kube-api/exchange.ts";
import { jsonLines } from "../kube-api/json-lines.ts";
import { jsonOf } from "../kube-api/lease-answers.ts";
import { fieldOf, stringOf } from "../kube-api/lease-object.ts";
import { hostUnreachable, refusedByHost } from "./host-problems.ts";
import type { HostAccess } from "./service-account.ts";

export interface ObjectWatchOptions {
  /** Read afresh for each request. */
  readonly access: () => HostAccess | SidecarError;
  /** Below the namespace: "api/v1" and "pods". */
  readonly group: string;
  readonly resource: string;
  readonly name: string;
  /** The object as it is now; undefined: there is none. */
  readonly onObject: (object: unknown) => void;
  /** What is wrong, when that changes; undefined: nothing any more. */
  readonly onProblem: (problem: SidecarError | undefined) => void;
  /** In [0, 1): spreads ends and retries. */
  readonly random: () => number;
}

/** client-go's reflector: 5 to 10 min; the token is fresh with each. */
const WATCH_SECONDS = { shortest: 280, spread: 20 };
const LIST_TIMEOUT_MS = 5000;
const OPEN_TIMEOUT_MS = 5000;
/** Beyond the time that the server was asked to end it at. */
const OVERTIME_MS = 10_000;
/** What is not allowed seldom becomes so, and the host cluster has other things to do. */
const BACK_OFF_MS = { first: 500, limit: 60_000 };
/** A watch that lived so long was a good one. */
const GOOD_MS = 1000;

/** Runs until the returned function is called; nothing is told after that. */
export function watchObject(options: ObjectWatchOptions): () => void {
  const stop = new AbortController();
  void new ObjectWatch(options, stop.signal).run();
  return () => stop.abort();
}

class ObjectWatch {
  readonly #o: ObjectWatchOptions;
  readonly #stopped: AbortSignal;
  #told: string | undefined;

  constructor(options: ObjectWatchOptions, stopped: AbortSignal) {
    this.#o = options;
    this.#stopped = stopped;
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped.aborted) {
      const startedAtMs = performance.now();
      const problem = await this.#listAndFollow();
      const isGood = performance.now() - startedAtMs >= GOOD_MS;
      if (problem !== undefined) this.#report(problem);
      failures = isGood ? 0 : failures + 1;
      const pauseMs = Math.min(BACK_OFF_MS.limit, BACK_OFF_MS.first * 2 ** Math.min(failures, 10));
      await this.#pause(pauseMs * (0.5 + this.#o.random() / 2));
    }
  }

  /** What ended it; undefined: an end in good order. */
  async #listAndFollow(): Promise<SidecarError | undefined> {
    const access = this.#o.access();
    if (access instanceof SidecarError) return access;
    try {
      const listed = await this.#list(access);
      if (listed instanceof SidecarError) return listed;
      return await this.#follow(access, listed);
    } finally {
      access.agent.destroy();
    }
  }

  /** The version to watch from. */
  async #list(access: HostAccess): Promise<string | SidecarError> {
    const { endpoint, agent, headers } = access;
    const { signal, end } = this.#within(LIST_TIMEOUT_MS);
    const request = { verb: "list", method: "GET", path: this.#path(access, {}) } as const;
    const answer = await exchange(endpoint, request, { agent, headers, signal });
    end();
    if (answer.t !== "answered") return hostUnreachable(endpoint, answer.code);
    if (answer.status !== 200) return refusedByHost(endpoint, answer.status, this.#o.resource);
    const list = jsonOf(answer.body);
    const items = fieldOf(list, "items");
    const resourceVersion = stringOf(fieldOf(list, "metadata", "resourceVersion"));
    if (!Array.isArray(items) || resourceVersion === undefined) return hostUnreachable(endpoint, "no list");
    this.#tell(items[0]);
    return resourceVersion;
  }

  async #follow(access: HostAccess, resourceVersion: string): Promise<SidecarError | undefined> {
    const { endpoint, agent, headers } = access;
    const seconds = WATCH_SECONDS.shortest + Math.floor(this.#o.random() * WATCH_SECONDS.spread);
    const path = this.#path(access, { watch: "1", resourceVersion, timeoutSeconds: String(seconds) });
    const opening = this.#within(OPEN_TIMEOUT_MS);
    const watching = this.#within(seconds * 1000 + OVERTIME_MS);
    const signal = AbortSignal.any([opening.signal, watching.signal]);
    try {
      const opened = await open(endpoint, { verb: "watch", method: "GET", path }, { agent, headers, signal });
      opening.end();
      if (opened.t !== "opened") return hostUnreachable(endpoint, opened.code);
      if (opened.status === 200) {
        this.#report(undefined);
        return await this.#deliver(opened.response);
      }
      opened.response.destroy();
      return refusedByHost(endpoint, opened.status, this.#o.resource);
    } catch {
      // Cut: the next list says what came of it, or that nobody answers.
      return undefined;
    } finally {
      opening.end();
      watching.end();
    }
  }

  async #deliver(response: AsyncIterable<Uint8Array>): Promise<undefined> {
    for await (const line of jsonLines(response, ANSWER_LIMIT_BYTES)) {
      if (line.t !== "line") return;
      const event = jsonOf(line.text);
      const type = fieldOf(event, "type");
      if (type === "ADDED" || type === "MODIFIED") this.#tell(fieldOf(event, "object"));
      else if (type === "DELETED") this.#tell(undefined);
      // ERROR: the version is compacted; the next list knows more.
      else return;
    }
  }

  #path({ namespace }: HostAccess, parameters: Readonly<Record<string, string>>): string {
    const { group, resource, name } = this.#o;
    const query = new URLSearchParams({ fieldSelector: `metadata.name=${name}`, ...parameters });
    return `/${group}/namespaces/${encodeURIComponent(namespace)}/${resource}?${query}`;
  }

  #tell(object: unknown): void {
    if (!this.#stopped.aborted) this.#o.onObject(object);
  }

  #report(problem: SidecarError | undefined): void {
    if (this.#stopped.aborted || problem?.message === this.#told) return;
    this.#told = problem?.message;
    this.#o.onProblem(problem);
  }

  /** Aborted then, or when this watch is stopped; end() leaves no timer behind, and the signal as it is. */
  #within(timeoutMs: number): { readonly signal: AbortSignal; readonly end: () => void } {
    const cut = new AbortController();
    const onStop = (): void => cut.abort();
    const timer = setTimeout(onStop, timeoutMs);
    this.#stopped.addEventListener("abort", onStop, { once: true });
    const end = (): void => {
      clearTimeout(timer);
      this.#stopped.removeEventListener("abort", onStop);
    };
    return { signal: cut.signal, end };
  }

  #pause(durationMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#stopped.aborted) return Promise.resolve();
    const onEnd = (): void => {
      clearTimeout(timer);
      this.#stopped.removeEventListener("abort", onEnd);
      resolve();
    };
    const timer = setTimeout(onEnd, durationMs);
    this.#stopped.addEventListener("abort", onEnd, { once: true });
    return promise;
  }
}
