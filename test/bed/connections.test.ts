import { expect, test } from "vitest";
import { type Attempt, type Outcome, reportConnections } from "./connections.ts";

/** One connection every 5 ms, the first at 0. */
function every5Ms(...outcomes: readonly Outcome[]): readonly Attempt[] {
  return outcomes.map((outcome, index) => ({ startMs: index * 5, outcome, tookMs: 1 }));
}

const outage = every5Ms("served", "served", "timeout", "timeout", "refused", "served", "reset", "served");

test("nothing lost is no gap", () => {
  expect(reportConnections(every5Ms("served", "served", "served"))).toEqual({
    tried: 3,
    lost: 0,
    lostBy: {},
    gapMs: 0,
    longestBlindMs: 5,
  });
});

test("a gap lasts from the first lost connection to the next served one", () => {
  expect(reportConnections(outage)).toEqual({
    tried: 8,
    lost: 4,
    lostBy: { timeout: 2, refused: 1, reset: 1 },
    gapMs: 15,
    longestBlindMs: 5,
  });
});

test("connections that were decided out of order are judged in the order of their beginning", () => {
  expect(reportConnections([...outage].reverse())).toEqual(reportConnections(outage));
});

test("an outage without an end is a gap as long as was watched", () => {
  expect(reportConnections(every5Ms("served", "timeout", "timeout", "timeout")).gapMs).toBe(10);
});

test("a report is of the connections begun in its window", () => {
  expect(reportConnections(outage, 25)).toMatchObject({ tried: 3, lost: 1, gapMs: 5 });
  expect(reportConnections(outage, 0, 10)).toMatchObject({ tried: 2, lost: 0 });
});

test("a pause of the observer is said to be unseen", () => {
  const paused: readonly Attempt[] = [0, 5, 300].map((startMs) => ({ startMs, outcome: "served", tookMs: 1 }));
  expect(reportConnections(paused).longestBlindMs).toBe(295);
});
