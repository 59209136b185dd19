/** The LeaseLock of one process in the simulation: requests by the machine's ways, and a watch that stalls and breaks. */
import type { LeaseLock, ReadResult, WatchEvent, WriteResult } from "../../election/lease-lock.ts";
import type { LeaseDraft } from "../../election/lease-record.ts";
import type { LeaseStore } from "../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import type { ApiWays } from "./api-servers.ts";
import type { Path } from "./coverage.ts";
import { LeaseWatch } from "./lease-watch.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface LeaseWayParts {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly store: LeaseStore;
  readonly ways: ApiWays;
  readonly process: Process;
  readonly onRequest: () => void;
  readonly count: (path: Path) => void;
}

export class LeaseWay implements LeaseLock {
  readonly #parts: LeaseWayParts;
  #watch: LeaseWatch | undefined;

  constructor(parts: LeaseWayParts) {
    this.#parts = parts;
  }

  write(draft: LeaseDraft, timeoutMs: number): Promise<WriteResult> {
    return this.#ask<WriteResult, WriteResult>(
      timeoutMs,
      () => applyDraft(this.#parts.store, draft),
      (answer) => (answer.t === "written" ? "settles" : "final"),
      writeResult,
    );
  }

  read(timeoutMs: number): Promise<ReadResult> {
    const { store } = this.#parts;
    return this.#ask<ReadResult, ReadResult>(timeoutMs, () => found(store.get(MEMORY_LEASE_KEY)), settles, first);
  }

  readExact(resourceVersion: string, timeoutMs: number): Promise<ReadResult> {
    const atServer = () => {
      const list = this.#parts.store.listAt(Number(resourceVersion));
      this.#parts.count(list.t === "listed" ? "exact list found" : "exact list refused");
      return list.t === "listed" ? found(list.leases.get(MEMORY_LEASE_KEY)) : FAILED;
    };
    return this.#ask<ReadResult, ReadResult>(timeoutMs, atServer, settles, first);
  }

  watch(onEvent: (event: WatchEvent) => void): () => void {
    const watch = new LeaseWatch({ ...this.#parts, onEvent });
    this.#watch = watch;
    watch.begin();
    return () => watch.end();
  }

  /** A hung connection that is let go breaks; it is not replayed. */
  breakWatch(): void {
    this.#watch?.break();
  }

  close(): void {
    this.#watch?.end();
  }

  #ask<A, R>(
    timeoutMs: number,
    atServer: () => A,
    judge: (answer: A) => "settles" | "final",
    resultOf: (answers: readonly A[], unanswered: number) => R,
  ): Promise<R> {
    const { process, ways, onRequest } = this.#parts;
    onRequest();
    return process.call((answer) => {
      const done = (answers: readonly A[], unanswered: number) => answer(resultOf(answers, unanswered));
      ways.ask({ timeoutMs, atServer, judge, done }, (act) => process.run(act));
    });
  }
}

export const FAILED: ReadResult = { t: "failed", status: undefined, reason: "simulated", retryAfterMs: undefined };
const UNKNOWN: WriteResult = { t: "unknown", reason: "no answer in time" };
const UNSENT: WriteResult = { t: "refused", status: undefined, reason: "no API server", retryAfterMs: undefined };

export function applyDraft(store: LeaseStore, { base, ...content }: LeaseDraft): WriteResult {
  if (base === undefined) return store.create(MEMORY_LEASE_KEY, content);
  return store.update(MEMORY_LEASE_KEY, { ...content, raw: base.raw }, base.resourceVersion);
}

function settles(): "settles" {
  return "settles";
}

function first(answers: readonly ReadResult[]): ReadResult {
  return answers[0] ?? FAILED;
}

/** As adapters/kube-api/lease-answers.ts has it: what an unanswered copy leaves open, no other makes certain. */
export function writeResult(answers: readonly WriteResult[], unanswered: number): WriteResult {
  const written = answers.find((answer) => answer.t === "written");
  if (written !== undefined) return written;
  if (unanswered > 0) return UNKNOWN;
  return answers[0] ?? UNSENT;
}

export function found(lease: ReturnType<LeaseStore["get"]>): ReadResult {
  return lease === undefined ? { t: "missing" } : { t: "found", lease };
}
