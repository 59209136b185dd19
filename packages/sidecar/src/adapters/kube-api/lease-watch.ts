/**
 * The Lease's versions as they are written: a consistent list, then a watch from there. An end that the server made in
 * good order, or that we made because the server gave no sign of life, continues from the last version seen (at another
 * server, perhaps), since a watch from version V delivers every later one: the chain of rule 2b stays whole and a list
 * is saved. Anything else is "broken", and begins with a list again.
 */
import type { WatchEvent } from "../../election/lease-lock.ts";
import type { Stream } from "./api-servers.ts";
import { ANSWER_LIMIT_BYTES, type ApiRequest } from "./exchange.ts";
import { jsonLines } from "./json-lines.ts";
import { jsonOf, type ListResult } from "./lease-answers.ts";
import { fieldOf, parseLease, stringOf } from "./lease-object.ts";

export interface LeaseWatchOptions {
  readonly list: () => Promise<ListResult>;
  readonly open: (request: ApiRequest, signal: AbortSignal) => Promise<Stream>;
  /** The watch from a version on, for so long. */
  readonly request: (resourceVersion: string, timeoutSeconds: number) => ApiRequest;
  readonly onEvent: (event: WatchEvent) => void;
  /** In [0, 1). */
  readonly random: () => number;
}

type Ended =
  | { readonly t: "ended"; readonly resourceVersion: string }
  | { readonly t: "broken"; readonly reason: string };

/** client-go's reflector draws 5 to 10 min; shorter costs a request, and no list. */
const WATCH_SECONDS = { shortest: 280, spread: 20 };
/** The API server sends the head at once, before there is any event. */
const OPEN_TIMEOUT_MS = 2000;
/** Beyond the time that the server was asked to end it at. */
const OVERTIME_MS = 10_000;
const BACK_OFF_MS = { first: 100, limit: 5000 };
/** Instead of the limit, until there was a list: at a first boot whatever is waited here comes on top of the lease. */
const FIRST_LIST_LIMIT_MS = 500;
/** A watch that lived so long was a good one; one that ended sooner is not followed at once. */
const GOOD_MS = 1000;

/** Runs until the returned function is called; no event comes after that. */
export function watchLease(options: LeaseWatchOptions): () => void {
  const stop = new AbortController();
  void run(options, stop.signal);
  return () => stop.abort();
}

async function run(options: LeaseWatchOptions, stopped: AbortSignal): Promise<void> {
  let everListed = false;
  const tell = (event: WatchEvent): void => {
    everListed ||= event.t === "listed";
    if (!stopped.aborted) options.onEvent(event);
  };
  let failures = 0;
  while (!stopped.aborted) {
    const startedAtMs = performance.now();
    tell({ t: "broken", reason: await listAndFollow(options, tell, stopped) });
    failures = performance.now() - startedAtMs >= GOOD_MS ? 0 : failures + 1;
    const limitMs = everListed ? BACK_OFF_MS.limit : FIRST_LIST_LIMIT_MS;
    await pause(Math.min(limitMs, BACK_OFF_MS.first * 2 ** failures) * (0.5 + options.random() / 2), stopped);
  }
}

async function listAndFollow(
  options: LeaseWatchOptions,
  tell: (event: WatchEvent) => void,
  stopped: AbortSignal,
): Promise<string> {
  const list = await options.list();
  if (list.t === "failed") return `list: ${list.reason}`;
  tell({ t: "listed", lease: list.lease });
  let { resourceVersion } = list;
  while (!stopped.aborted) {
    const startedAtMs = performance.now();
    const ended = await follow(options, resourceVersion, tell, stopped);
    if (ended.t === "broken") return `watch: ${ended.reason}`;
    resourceVersion = ended.resourceVersion;
    if (performance.now() - startedAtMs < GOOD_MS) await pause(GOOD_MS, stopped);
  }
  return "stopped";
}

/** One request. */
async function follow(
  options: LeaseWatchOptions,
  from: string,
  tell: (event: WatchEvent) => void,
  stopped: AbortSignal,
): Promise<Ended> {
  const timeoutSeconds = WATCH_SECONDS.shortest + Math.floor(options.random() * WATCH_SECONDS.spread);
  const cut = new AbortController();
  const onStop = (): void => cut.abort();
  stopped.addEventListener("abort", onStop, { once: true });
  let timer = setTimeout(onStop, OPEN_TIMEOUT_MS);
  try {
    const opened = await options.open(options.request(from, timeoutSeconds), cut.signal);
    if (opened.t !== "opened") return { t: "broken", reason: `no answer: ${opened.code}` };
    clearTimeout(timer);
    timer = setTimeout(onStop, timeoutSeconds * 1000 + OVERTIME_MS);
    if (opened.status === 200) return await deliver(opened, from, tell);
    opened.response.destroy();
    return { t: "broken", reason: `status ${opened.status}` };
  } catch (error) {
    return { t: "broken", reason: error instanceof Error && "code" in error ? String(error.code) : "cut" };
  } finally {
    clearTimeout(timer);
    stopped.removeEventListener("abort", onStop);
  }
}

async function deliver(
  { response, moved }: Extract<Stream, { t: "opened" }>,
  from: string,
  tell: (event: WatchEvent) => void,
): Promise<Ended> {
  let resourceVersion = from;
  try {
    for await (const line of jsonLines(response, ANSWER_LIMIT_BYTES)) {
      if (line.t !== "line") return { t: "broken", reason: `a line is ${line.t}` };
      const event = jsonOf(line.text);
      if (fieldOf(event, "type") === "BOOKMARK") {
        resourceVersion = stringOf(fieldOf(event, "object", "metadata", "resourceVersion")) ?? resourceVersion;
        continue;
      }
      const change = changeOf(event);
      if (change.t === "broken") return change;
      tell(change);
      resourceVersion = change.lease.resourceVersion;
    }
  } catch (error) {
    if (!moved.aborted) throw error;
  }
  return { t: "ended", resourceVersion };
}

function changeOf(event: unknown): Extract<WatchEvent, { t: "changed" | "deleted" | "broken" }> {
  const type = fieldOf(event, "type");
  const lease = parseLease(fieldOf(event, "object"));
  if (lease !== undefined && (type === "ADDED" || type === "MODIFIED")) return { t: "changed", lease };
  if (lease !== undefined && type === "DELETED") return { t: "deleted", lease };
  // ERROR carries a Status: 410 when the version is compacted.
  const status = fieldOf(event, "object", "code");
  return { t: "broken", reason: type === "ERROR" ? `error ${String(status)}` : "an event that is none" };
}

function pause(durationMs: number, stopped: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stopped.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, durationMs);
  stopped.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      resolve();
    },
    { once: true },
  );
  return promise;
}
