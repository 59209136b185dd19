/** The verdict on this replica: which fault counts, hysteresis, and that nothing makes it flap. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  faultOf,
  type HealthEvent,
  type HealthState,
  HYSTERESIS_MS,
  INITIAL,
  nextWakeMs,
  step,
  type Verdict,
  verdictOf,
} from "./health.ts";

const usable = (nowMs: number): HealthEvent => ({ t: "link", nowMs, unusable: undefined });
const unusable = (nowMs: number): HealthEvent => ({ t: "link", nowMs, unusable: "no carrier" });
const probe = (nowMs: number, t: "ready" | "silent" | "refused"): HealthEvent => ({
  t: "probe",
  nowMs,
  askedAtMs: nowMs,
  result: { t },
});
const silent = (nowMs: number): HealthEvent => ({
  t: "reach",
  nowMs,
  reach: { t: "silent", sinceMs: nowMs - 900, answeredAtMs: nowMs - 1400 },
});
const answers = (nowMs: number): HealthEvent => ({ t: "reach", nowMs, reach: { t: "answers", answeredAtMs: nowMs } });
const tick = (nowMs: number): HealthEvent => ({ t: "tick", nowMs });
const leaving = (nowMs: number): HealthEvent => ({ t: "leaving", nowMs, reason: "SIGTERM" });

function after(events: readonly HealthEvent[]): HealthState {
  return events.reduce((state, event) => step(state, event)[0], INITIAL);
}

const WELL = [usable(0), probe(0, "ready"), answers(0)];

function check(events: readonly HealthEvent[], expected: { verdict: Verdict["t"]; fault?: string }): void {
  const state = after(events);
  expect({ verdict: verdictOf(state).t, fault: faultOf(state)?.cause }).toEqual({ fault: undefined, ...expected });
}

describe("the verdict", () => {
  it.each([
    ["is not yet while the link has not come", [probe(0, "ready"), unusable(1)], { verdict: "not-yet" }],
    ["is not yet while the API server has not been ready", [usable(0), probe(0, "refused")], { verdict: "not-yet" }],
    ["is able at once with link and API server", WELL, { verdict: "able" }],
    ["is able where nobody on the segment ever answered", [usable(0), probe(0, "ready")], { verdict: "able" }],
    [
      "is unable at once for a dead API server",
      [...WELL, probe(1, "refused")],
      { verdict: "unable", fault: "server-dead" },
    ],
    ["is unable at once for a link that is lost", [...WELL, unusable(1)], { verdict: "unable", fault: "link" }],
    ["is unable for a silent segment", [...WELL, silent(1000)], { verdict: "unable", fault: "segment-silent" }],
    [
      "names a lost link before what follows from it",
      [...WELL, silent(1000), unusable(1001)],
      { verdict: "unable", fault: "link" },
    ],
    [
      "is gone soon whatever else is wrong",
      [...WELL, probe(1, "refused"), leaving(2)],
      { verdict: "gone-soon", fault: "server-dead" },
    ],
    ["is gone soon for good", [...WELL, leaving(1), probe(2, "ready"), usable(3)], { verdict: "gone-soon" }],
    ["is still unable right after a fault", [...WELL, unusable(100), usable(200)], { verdict: "unable" }],
    [
      "is still unable just before 10 s without a fault",
      [...WELL, unusable(100), usable(200), tick(10_199)],
      { verdict: "unable" },
    ],
    ["is able after 10 s without a fault", [...WELL, unusable(100), usable(200), tick(10_200)], { verdict: "able" }],
    [
      "counts the 10 s anew after each fault",
      [...WELL, unusable(100), usable(200), unusable(9000), usable(9100), tick(10_300)],
      { verdict: "unable" },
    ],
    [
      "counts the 10 s from the last of two faults",
      [...WELL, unusable(100), silent(150), usable(200), answers(5000), tick(10_200)],
      { verdict: "unable" },
    ],
  ] as const)("%s", (_name, events, expected) => check(events, expected));

  it("asks for a tick when it changes by itself, and only then", () => {
    expect(nextWakeMs(after(WELL))).toBeUndefined();
    expect(nextWakeMs(after([...WELL, unusable(100)]))).toBeUndefined();
    expect(nextWakeMs(after([...WELL, unusable(100), usable(200)]))).toBe(200 + HYSTERESIS_MS);
  });

  it("says each change with its reason, and nothing where only the cause changed", () => {
    const [state, effects] = step(after(WELL), unusable(1));
    expect(effects).toEqual([{ t: "transition", from: "able", to: "unable", reason: "no carrier" }]);
    expect(step(state, silent(2))[1]).toEqual([]);
  });
});

describe("hysteresis", () => {
  const happening = fc.tuple(
    fc.integer({ min: 0, max: 3000 }),
    fc.constantFrom("ready", "silent", "refused", "usable", "unusable", "segment-silent", "answers", "tick"),
  );

  function eventOf(what: string, nowMs: number): HealthEvent {
    if (what === "ready" || what === "silent" || what === "refused") return probe(nowMs, what);
    if (what === "usable") return usable(nowMs);
    if (what === "unusable") return unusable(nowMs);
    if (what === "segment-silent") return silent(nowMs);
    return what === "answers" ? answers(nowMs) : tick(nowMs);
  }

  it("lets no sequence of events change the verdict more than twice in 10 s", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 200 }), (happenings) => {
        let nowMs = 0;
        let state = after(WELL);
        const changesAtMs: number[] = [];
        for (const [laterMs, what] of happenings) {
          nowMs += laterMs;
          const [next, effects] = step(state, eventOf(what, nowMs));
          state = next;
          changesAtMs.push(...effects.map(() => nowMs));
        }
        // Unable, able, unable: between the second and the third there is no bound, before the second are 10 s.
        for (const [index, atMs] of changesAtMs.entries()) {
          const third = changesAtMs[index + 2];
          if (third !== undefined) expect(third - atMs).toBeGreaterThanOrEqual(HYSTERESIS_MS);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never says able while there is a fault", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 100 }), (happenings) => {
        let nowMs = 0;
        let state = after(WELL);
        for (const [laterMs, what] of happenings) {
          nowMs += laterMs;
          [state] = step(state, eventOf(what, nowMs));
          if (faultOf(state) !== undefined) expect(verdictOf(state).t).toBe("unable");
        }
      }),
    );
  });
});
