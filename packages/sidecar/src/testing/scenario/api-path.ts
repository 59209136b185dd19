/**
 * One replica's way to the API, as a scenario tells of it: 5 ms each way, open, cut or hung, an answer lost where the
 * script says so. The store behind it is linearizable, as etcd is.
 */
import type { ReadResult, WatchEvent, WriteResult } from "../../election/lease-lock.ts";
import type { LeaseDraft } from "../../election/lease-record.ts";
import type { LeaseChange, LeaseStore } from "../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import type { Timeline } from "../simulation/timeline.ts";

/** Hung: connections stand, nothing is answered. */
export type Reach = "open" | "cut" | "hung";

/** One way between a replica and the API. */
const LEG_MS = 5;
/** A broken watch lists anew after this. */
const RELIST_MS = 1_000;

interface Watch {
  readonly onEvent: (event: WatchEvent) => void;
  readonly end: () => void;
}

export class ApiPath {
  /** Answers to writes that are lost from now on: applied, and never heard of. */
  writeAnswersToLose = 0;
  #reach: Reach = "open";
  readonly #timeline: Timeline;
  readonly #store: LeaseStore;
  #watch: Watch | undefined;
  /** Counts watches, so that an ended one does not come back. */
  #watches = 0;
  #stalled = false;

  constructor(timeline: Timeline, store: LeaseStore) {
    this.#timeline = timeline;
    this.#store = store;
  }

  get reach(): Reach {
    return this.#reach;
  }

  set reach(reach: Reach) {
    this.#reach = reach;
    // What a hung connection has kept back is not replayed: it breaks, and is listed anew.
    if (reach === "open" && this.#stalled) this.#break();
    this.#stalled = false;
  }

  write(draft: LeaseDraft, timeoutMs: number, done: (result: WriteResult) => void): void {
    const late: WriteResult = { t: "unknown", reason: "no answer in time" };
    this.#ask(
      timeoutMs,
      () => this.#apply(draft),
      late,
      done,
      () => {
        if (this.writeAnswersToLose === 0) return true;
        this.writeAnswersToLose -= 1;
        return false;
      },
    );
  }

  read(timeoutMs: number, done: (result: ReadResult) => void): void {
    this.#ask(timeoutMs, () => found(this.#store.get(MEMORY_LEASE_KEY)), FAILED, done);
  }

  readExact(resourceVersion: string, timeoutMs: number, done: (result: ReadResult) => void): void {
    const atServer = () => {
      const list = this.#store.listAt(Number(resourceVersion));
      return list.t === "listed" ? found(list.leases.get(MEMORY_LEASE_KEY)) : FAILED;
    };
    this.#ask(timeoutMs, atServer, FAILED, done);
  }

  #apply(draft: LeaseDraft): WriteResult {
    const { base, ...content } = draft;
    return base === undefined
      ? this.#store.create(MEMORY_LEASE_KEY, content)
      : this.#store.update(MEMORY_LEASE_KEY, { ...content, raw: base.raw }, base.resourceVersion);
  }

  #ask<T>(
    timeoutMs: number,
    atServer: () => T,
    late: T,
    done: (answer: T) => void,
    arrives: () => boolean = () => true,
  ): void {
    let settled = false;
    const settle = (answer: T) => {
      if (settled) return;
      settled = true;
      done(answer);
    };
    this.#timeline.after(timeoutMs, () => settle(late));
    if (this.#reach !== "open") return;
    this.#timeline.after(LEG_MS, () => {
      const answer = atServer();
      if (this.#reach !== "open") return;
      this.#timeline.after(LEG_MS, () => {
        if (arrives()) settle(answer);
      });
    });
  }

  watch(onEvent: (event: WatchEvent) => void): void {
    this.unwatch();
    const end = this.#store.subscribe((change) => this.#onChange(change));
    this.#watch = { onEvent, end };
    this.#deliver({ t: "listed", lease: this.#store.get(MEMORY_LEASE_KEY) });
  }

  unwatch(): void {
    this.#watches += 1;
    this.#watch?.end();
    this.#watch = undefined;
  }

  #onChange(change: LeaseChange): void {
    // A stalled connection breaks and is listed anew.
    if (this.#reach === "hung") this.#stalled = true;
    else if (this.#reach === "cut") this.#break();
    else this.#deliver({ t: change.t === "deleted" ? "deleted" : "changed", lease: change.lease });
  }

  #deliver(event: WatchEvent): void {
    const watch = this.#watch;
    if (watch !== undefined) this.#timeline.after(LEG_MS, () => this.#handOver(watch, event));
  }

  #handOver(watch: Watch, event: WatchEvent): void {
    if (watch !== this.#watch) return;
    if (this.#reach === "open") return watch.onEvent(event);
    if (this.#reach === "cut") this.#break();
    else this.#stalled = true;
  }

  #break(): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    this.unwatch();
    const count = this.#watches;
    this.#timeline.after(LEG_MS, () => {
      if (this.#watches !== count) return;
      watch.onEvent({ t: "broken", reason: "simulated" });
      this.#relist(watch.onEvent, count);
    });
  }

  #relist(onEvent: (event: WatchEvent) => void, count: number): void {
    this.#timeline.after(RELIST_MS, () => {
      if (this.#watches !== count) return;
      if (this.#reach !== "open") this.#relist(onEvent, count);
      else this.watch(onEvent);
    });
  }
}

const FAILED: ReadResult = { t: "failed", status: undefined, reason: "simulated", retryAfterMs: undefined };

function found(lease: ReturnType<LeaseStore["get"]>): ReadResult {
  return lease === undefined ? { t: "missing" } : { t: "found", lease };
}
