import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holder, INHERITED_MS, inheritor, OLD_LIFE, SOLO_SETTINGS, Solo, standby } from "../testing/solo.ts";
import { type ElectionEffect, type ElectionEvent, type ElectionState, initialState } from "./election.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import type { ReadResult, WatchEvent, WriteResult } from "./lease-lock.ts";
import { type LeaseRecord, MARK_ANNOTATION, WRITE_ANNOTATION } from "./lease-record.ts";
import { formatMark } from "./mark.ts";
import { step } from "./step.ts";
import { nextWakeMs } from "./wake.ts";

const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });

/** Small worlds meet more often: few names, few versions, few numbers. */
const holders = fc.constantFrom("", "a", "b");
const versions = fc.integer({ min: 1, max: 12 }).map(String);
const numbers = fc.integer({ min: 1, max: 12 }).map((order) => `a/${order}`);
const marks = fc
  .record({ from: fc.constantFrom("a", "b"), to: fc.constantFrom("a", undefined), replaced: versions })
  .map((mark) => formatMark({ ...mark, transitions: 1 }));
const annotations = fc.record(
  { [WRITE_ANNOTATION]: numbers, [MARK_ANNOTATION]: fc.oneof(marks, fc.string()) },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;

const records: fc.Arbitrary<LeaseRecord> = fc.record({
  uid: fc.constantFrom("u1", "u2"),
  resourceVersion: fc.oneof({ weight: 20, arbitrary: versions }, fc.constantFrom("", "opaque", "007")),
  holderIdentity: holders,
  leaseDurationSeconds: fc.constantFrom(15, 15, 1, 0, -1, 3600, Number.NaN),
  leaseTransitions: fc.integer({ min: -1, max: 3 }),
  acquireTime: fc.constant(undefined),
  renewTime: fc.constant(undefined),
  annotations,
  raw: fc.constant(undefined),
});
const failedReads = fc.constant<ReadResult>({ t: "failed", status: 500, reason: "no", retryAfterMs: undefined });
const reads: fc.Arbitrary<ReadResult> = fc.oneof(
  records.map((lease): ReadResult => ({ t: "found", lease })),
  fc.constant<ReadResult>({ t: "missing" }),
  failedReads,
);
const writes: fc.Arbitrary<WriteResult> = fc.oneof(
  records.map((lease): WriteResult => ({ t: "written", lease })),
  fc.constantFrom<WriteResult>(
    { t: "conflict" },
    { t: "missing" },
    { t: "refused", status: 429, reason: "busy", retryAfterMs: 1_000 },
    { t: "unknown", reason: "time-out" },
  ),
);
const watches: fc.Arbitrary<WatchEvent> = fc.oneof(
  fc.option(records, { nil: undefined }).map((lease): WatchEvent => ({ t: "listed", lease })),
  records.map((lease): WatchEvent => ({ t: "changed", lease })),
  records.map((lease): WatchEvent => ({ t: "deleted", lease })),
  fc.constant<WatchEvent>({ t: "broken", reason: "reset" }),
);
type Happening = Parameters<Solo["feed"]>[0];
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.constantFrom<Happening>(
    { t: "tick" },
    { t: "silenced" },
    { t: "acknowledged", count: 1, total: 2 },
    { t: "segment", answeredBy: [] },
    { t: "eligible", mac: "mac-of-a" },
    { t: "ineligible", reason: "link down" },
    { t: "renew-soon" },
  ),
  watches.map((event): Happening => ({ t: "watch", event })),
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), reads)
    .map(([number, result]): Happening => ({ t: "read", number, result })),
  fc
    .tuple(versions, reads)
    .map(([resourceVersion, result]): Happening => ({ t: "exact-read", resourceVersion, result })),
  fc.tuple(numbers, writes).map(([number, result]): Happening => ({ t: "write", number, result })),
  fc.constantFrom("a", "b", undefined).map((to): Happening => ({ t: "transfer", to, readyPeers: 1 })),
);
/** What the test's own store and network do, so that long stories with confirmed writes happen too. */
const honest = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("complete", "see", "silenced", "read") },
  { weight: 2, arbitrary: fc.constantFrom("apply", "answer", "lose", "segment", "transfer") },
  { weight: 1, arbitrary: fc.constantFrom("empty", "foreign", "delete") },
);
const moves = fc.oneof(
  { weight: 1, arbitrary: happenings.map((happening) => ({ t: "event" as const, happening })) },
  { weight: 20, arbitrary: honest.map((what) => ({ t: "honest" as const, what })) },
  { weight: 8, arbitrary: fc.constantFrom(60, 300, 2_000, 15_000).map((forMs) => ({ t: "wait" as const, forMs })) },
);
type Move = typeof moves extends fc.Arbitrary<infer M> ? M : never;

/** Plays a story on one election and calls `onStep` with each step's input and output. */
class Story {
  readonly solo: Solo;
  readonly log: ElectionEffect[] = [];
  #unanswered: Extract<ElectionEffect, { t: "write" }>[] = [];
  #results: [string, WriteResult][] = [];

  constructor(solo: Solo) {
    this.solo = solo;
  }

  play(move: Move): readonly ElectionEffect[] {
    const effects = move.t === "wait" ? this.solo.wait(move.forMs) : this.#feed(move);
    for (const effect of effects) if (effect.t === "write") this.#unanswered.push(effect);
    this.log.push(...effects);
    return effects;
  }

  #feed(move: Exclude<Move, { t: "wait" }>): readonly ElectionEffect[] {
    if (move.t === "event") return this.solo.feed(move.happening);
    const { solo } = this;
    switch (move.what) {
      case "apply": {
        const write = this.#unanswered.shift();
        if (write !== undefined) this.#results.push([write.number, solo.apply(write)]);
        return [];
      }
      case "answer": {
        const [number, result] = this.#results.shift() ?? [];
        return number === undefined || result === undefined ? [] : solo.feed({ t: "write", number, result });
      }
      case "lose": {
        const [number] = this.#results.shift() ?? [];
        if (number === undefined) return [];
        return solo.feed({ t: "write", number, result: { t: "unknown", reason: "lost" } });
      }
      case "read":
        return solo.state.read.t === "sent" ? solo.answerRead() : [];
      case "see":
        return solo.list();
      case "empty":
        solo.patch({ holderIdentity: "" });
        return [];
      case "foreign":
        solo.patch({ holderIdentity: "b" });
        return [];
      case "delete":
        solo.store.delete("kube-system/vcluster-kube-vip");
        return [];
      case "complete": {
        const write = this.#unanswered.shift();
        return write === undefined ? [] : solo.answer(write, solo.apply(write));
      }
      case "segment":
        return solo.feed({ t: "segment", answeredBy: [] });
      case "transfer":
        return solo.feed({ t: "transfer", to: undefined, readyPeers: 1 });
      case "silenced":
        return solo.feed({ t: "silenced" });
    }
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

const BEGINNINGS = { standby, holder, inheritor };
const beginnings = fc.constantFrom(...(Object.keys(BEGINNINGS) as (keyof typeof BEGINNINGS)[]));
const stories = fc.tuple(beginnings, fc.array(moves, { minLength: 10, maxLength: 60, size: "max" }));

describe("whatever happens", () => {
  test("step does not throw, changes nothing it was given, and does the same again", () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.tuple(happenings, fc.integer({ min: 0, max: 5_000 })), { maxLength: 40 }),
        (isInheritor, events) => {
          let state: ElectionState = deepFreeze(isInheritor ? inheritor().state : initialState(SOLO_SETTINGS));
          let nowMs = 100_000;
          for (const [happening, afterMs] of events) {
            nowMs += afterMs;
            const event = deepFreeze({ ...happening, nowMs, wallTime: "" } as ElectionEvent);
            const [next, effects] = step(state, event);
            expect(step(state, event)).toEqual([next, effects]);
            const wakeMs = nextWakeMs(next, nowMs);
            if (wakeMs !== undefined) expect(wakeMs).toBeGreaterThan(nowMs);
            state = deepFreeze(next);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("every hold ends D after the send of a confirmed write, or sooner; after a mark, of one sent later", () => {
    fc.assert(
      fc.property(stories, ([beginning, played]) => {
        const story = new Story(BEGINNINGS[beginning]());
        const { writes, shown } = story.solo;
        for (const move of played) {
          for (const effect of story.play(move)) {
            if (effect.t !== "hold") continue;
            const sinceMark = writes.slice(writes.findLastIndex((write) => write.purpose === "mark") + 1);
            const confirmed = sinceMark.filter((write) => write.purpose !== "create" && shown.has(write.number));
            const latestMs = Math.max(...confirmed.map((write) => write.sentAtMs));
            expect(effect.deadlineMs).toBeLessThanOrEqual(latestMs + D_MS + 1e-6);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("every mark comes after a silence that was answered, with no hold in between", () => {
    fc.assert(
      fc.property(stories, ([beginning, played]) => {
        const story = new Story(BEGINNINGS[beginning]());
        let gate: "open" | "closing" | "closed" = beginning === "standby" ? "closed" : "open";
        let isUnanswered = false;
        for (const move of played) {
          if (isSilenced(move)) isUnanswered = false;
          if (isSilenced(move) && gate === "closing") gate = "closed";
          for (const effect of story.play(move)) {
            if (effect.t === "hold") {
              expect(isUnanswered).toBe(false);
              gate = "open";
            }
            if (effect.t === "mute" || effect.t === "silence") {
              isUnanswered = true;
              // What was muted is closed already: only its address is left to go.
              if (gate === "open") gate = "closing";
            }
            // Answered by nothing: no mark is sent for what was never ours.
            if (effect.t === "disinherit") gate = "closed";
            if (effect.t === "write" && effect.purpose === "mark") expect(gate).toBe("closed");
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("an adoption goes out before the opening lapses, on a version of the old life or ours that a read has shown", () => {
    fc.assert(
      fc.property(fc.array(moves, { minLength: 5, maxLength: 40, size: "max" }), (played) => {
        const story = new Story(inheritor());
        const { solo } = story;
        const untilMs = solo.nowMs + INHERITED_MS;
        let adopted = 0;
        for (const move of played) {
          for (const effect of story.play(move)) {
            if (effect.t === "disinherit") adopted = Number.POSITIVE_INFINITY;
            if (effect.t === "hold" && effect.adopted) adopted += 1;
            if (effect.t !== "write" || effect.purpose !== "adopt") continue;
            const { base, leaseTransitions } = effect.draft;
            expect(solo.writes.find((write) => write.number === effect.number)?.sentAtMs).toBeLessThan(untilMs);
            expect([OLD_LIFE, "a"]).toContain(base?.holderIdentity);
            expect(leaseTransitions).toBe(Math.max(base?.leaseTransitions ?? Number.NaN, 0));
            expect(solo.read).toContain(base?.resourceVersion);
          }
        }
        expect([0, 1, Number.POSITIVE_INFINITY]).toContain(adopted);
      }),
      { numRuns: 1_000 },
    );
  });

  test("every write carries a number of its own", () => {
    fc.assert(
      fc.property(stories, ([beginning, played]) => {
        const story = new Story(BEGINNINGS[beginning]());
        for (const move of played) story.play(move);
        const written = story.log.flatMap((effect) => (effect.t === "write" ? [effect.number] : []));
        expect(new Set(written).size).toBe(written.length);
      }),
      { numRuns: 500 },
    );
  });
});

function isSilenced(move: Move): boolean {
  return move.t === "event" ? move.happening.t === "silenced" : move.t === "honest" && move.what === "silenced";
}

describe("events that do not belong", () => {
  const strays: readonly Happening[] = [
    { t: "silenced" },
    { t: "acknowledged", count: 1, total: 2 },
    { t: "segment", answeredBy: ["mac-of-x"] },
    { t: "read", number: 999, result: { t: "missing" } },
    { t: "exact-read", resourceVersion: "1", result: { t: "missing" } },
    { t: "write", number: "a/999", result: { t: "conflict" } },
    { t: "watch", event: { t: "broken", reason: "reset" } },
  ];

  test.each(strays)("$t changes the role of nobody", (stray) => {
    for (const solo of [standby(), holder(), inheritor(), new Solo()]) {
      const before = solo.role;
      solo.feed(stray);
      expect(solo.role).toBe(before);
      expect(solo.did).toEqual([]);
    }
  });
});
