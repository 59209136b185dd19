/**
 * The way to the API as it really is: requests and answers that are late, lost or sent twice, watches that stall and
 * break. The store behind it is linearizable, as etcd is.
 */
import type { ReadResult, WatchEvent, WriteResult } from "../../election/lease-lock.ts";
import type { LeaseDraft } from "../../election/lease-record.ts";
import type { LeaseChange, LeaseStore } from "../lease-store.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export const LEASE_KEY = "kube-system/vcluster-kube-vip";

/** How a replica reaches the API. Hung: connections stand, nothing is answered. */
export type Reach = "open" | "cut" | "hung";

export interface NetworkFaults {
  /** Chance that one leg of a request is lost. */
  readonly loss: number;
  /** Chance that one leg takes up to 4 s. */
  readonly slow: number;
  /** Chance that a write is sent twice (a hedged copy). */
  readonly twice: number;
  /** Chance per delivered change that the watch breaks. */
  readonly watchBreak: number;
}

/** How long things take when nothing is wrong with them, ms. */
export interface Delays {
  /** One way between a replica and the API. */
  readonly leg: () => number;
  readonly relist: () => number;
}

interface Watch {
  readonly onEvent: (event: WatchEvent) => void;
  readonly end: () => void;
  lastAtMs: number;
}

/** One replica's way to the API. */
export class ApiPath {
  /** Answers to writes that are lost from now on: applied, and never heard of. */
  writeAnswersToLose = 0;
  #reach: Reach = "open";
  readonly #timeline: Timeline;
  readonly #store: LeaseStore;
  readonly #random: Random;
  readonly #faults: () => NetworkFaults;
  readonly #delays: Delays;
  #watch: Watch | undefined;
  /** Counts watches, so that an ended one does not come back. */
  #watches = 0;
  #stalled = false;

  constructor(parts: {
    readonly timeline: Timeline;
    readonly store: LeaseStore;
    readonly random: Random;
    readonly faults: () => NetworkFaults;
    readonly delays: Delays;
  }) {
    this.#timeline = parts.timeline;
    this.#store = parts.store;
    this.#random = parts.random;
    this.#faults = parts.faults;
    this.#delays = parts.delays;
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
    const copies = this.#random.chance(this.#faults().twice) ? 2 : 1;
    const answers: WriteResult[] = [];
    let settled = false;
    const settle = (result: WriteResult) => {
      if (settled) return;
      settled = true;
      done(result);
    };
    this.#timeline.after(timeoutMs, () => settle({ t: "unknown", reason: "no answer in time" }));
    const onAnswer = (result: WriteResult) => {
      if (this.writeAnswersToLose > 0) {
        this.writeAnswersToLose -= 1;
        return;
      }
      answers.push(result);
      if (result.t === "written" || answers.length === copies) settle(result);
    };
    for (let copy = 0; copy < copies; copy += 1) this.#roundTrip(() => this.#apply(draft), onAnswer, copy * 300);
  }

  #apply(draft: LeaseDraft): WriteResult {
    const { base, ...content } = draft;
    return base === undefined
      ? this.#store.create(LEASE_KEY, content)
      : this.#store.update(LEASE_KEY, { ...content, raw: base.raw }, base.resourceVersion);
  }

  read(timeoutMs: number, done: (result: ReadResult) => void): void {
    this.#ask(timeoutMs, () => found(this.#store.get(LEASE_KEY)), done);
  }

  readExact(resourceVersion: string, timeoutMs: number, done: (result: ReadResult) => void): void {
    this.#ask(
      timeoutMs,
      () => {
        const list = this.#store.listAt(Number(resourceVersion));
        return list.t === "listed" ? found(list.leases.get(LEASE_KEY)) : failed;
      },
      done,
    );
  }

  #ask(timeoutMs: number, question: () => ReadResult, done: (result: ReadResult) => void): void {
    let settled = false;
    const settle = (result: ReadResult) => {
      if (settled) return;
      settled = true;
      done(result);
    };
    this.#timeline.after(timeoutMs, () => settle(failed));
    this.#roundTrip(question, settle, 0);
  }

  #roundTrip<T>(atServer: () => T, onAnswer: (answer: T) => void, extraMs: number): void {
    if (this.#isLost()) return;
    this.#timeline.after(this.#latencyMs() + extraMs, () => {
      const answer = atServer();
      if (!this.#isLost()) this.#timeline.after(this.#latencyMs(), () => onAnswer(answer));
    });
  }

  #isLost(): boolean {
    return this.#reach !== "open" || this.#random.chance(this.#faults().loss);
  }

  #latencyMs(): number {
    return this.#random.chance(this.#faults().slow) ? this.#random.between(0, 4000) : this.#delays.leg();
  }

  watch(onEvent: (event: WatchEvent) => void): void {
    this.unwatch();
    const end = this.#store.subscribe((change) => this.#onChange(change));
    this.#watch = { onEvent, end, lastAtMs: this.#timeline.nowMs };
    const lease = this.#store.get(LEASE_KEY);
    this.#deliver({ t: "listed", lease });
  }

  unwatch(): void {
    this.#watches += 1;
    this.#watch?.end();
    this.#watch = undefined;
  }

  #onChange(change: LeaseChange): void {
    if (this.#watch === undefined || change.key !== LEASE_KEY) return;
    // A stalled connection delivers late and in order, or breaks and is listed anew.
    if (this.#reach === "hung") {
      this.#stalled = true;
      return;
    }
    if (this.#reach === "cut" || this.#random.chance(this.#faults().watchBreak)) return this.#break();
    this.#deliver({ t: change.t === "deleted" ? "deleted" : "changed", lease: change.lease });
  }

  #deliver(event: WatchEvent): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    watch.lastAtMs = Math.max(watch.lastAtMs, this.#timeline.nowMs + this.#latencyMs());
    this.#timeline.at(watch.lastAtMs, () => this.#handOver(watch, event));
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
    this.#timeline.after(this.#latencyMs(), () => {
      if (this.#watches !== count) return;
      watch.onEvent({ t: "broken", reason: "simulated" });
      this.#relist(watch.onEvent, count);
    });
  }

  #relist(onEvent: (event: WatchEvent) => void, count: number): void {
    this.#timeline.after(this.#delays.relist(), () => {
      if (this.#watches !== count) return;
      if (this.#reach !== "open") this.#relist(onEvent, count);
      else this.watch(onEvent);
    });
  }
}

const failed: ReadResult = { t: "failed", status: undefined, reason: "simulated", retryAfterMs: undefined };

function found(lease: ReturnType<LeaseStore["get"]>): ReadResult {
  return lease === undefined ? { t: "missing" } : { t: "found", lease };
}
