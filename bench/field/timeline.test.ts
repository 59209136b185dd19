import { expect, test } from "vitest";
import type { AnswerRun } from "../../test/bed/arp-answers.ts";
import type { Attempt } from "../../test/bed/connections.ts";
import { answersIn, lostIn } from "./timeline.ts";

const [OLD, NEW] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];
const WINDOW = { atMs: 1_000, endMs: 2_000 };

function answered(macs: readonly string[], fromMs: number, toMs: number): AnswerRun {
  return { macs, fromMs, toMs, probes: 1, longestBlindMs: 0 };
}

test("who answered is told in ms after the event, without holes", () => {
  const runs = [
    answered([OLD], 900, 1_010),
    answered([OLD], 1_012, 1_050),
    answered([], 1_052, 1_090),
    answered([NEW], 1_092, 1_500),
    answered([OLD, NEW], 1_502, 1_800),
    answered([NEW], 2_100, 2_200),
  ];
  expect(answersIn(runs, OLD, WINDOW)).toEqual([
    { who: "old", fromMs: 0, toMs: 52 },
    { who: "none", fromMs: 52, toMs: 92 },
    { who: "new", fromMs: 92, toMs: 502 },
    { who: "two", fromMs: 502, toMs: 1_000 },
  ]);
});

test("what was so before the event was so at the event", () => {
  const runs = [answered([NEW], 100, 500), answered([OLD], 502, 998), answered([], 1_002, 1_500)];
  expect(answersIn(runs, OLD, WINDOW)).toEqual([
    { who: "old", fromMs: 0, toMs: 2 },
    { who: "none", fromMs: 2, toMs: 1_000 },
  ]);
});

test("two strangers to the old holder are two as well", () => {
  expect(answersIn([answered([NEW, "02:00:00:00:00:03"], 1_000, 1_100)], OLD, WINDOW)).toMatchObject([{ who: "two" }]);
});

function attempt(startMs: number, outcome: Attempt["outcome"]): Attempt {
  return { startMs, outcome, tookMs: 1 };
}

test("connections are lost from the first lost one to the next served one, whatever their order in the records", () => {
  const attempts = [
    attempt(1_005, "refused"),
    attempt(995, "served"),
    attempt(1_000, "timeout"),
    attempt(1_010, "served"),
    attempt(1_020, "reset"),
    attempt(1_025, "served"),
  ];
  expect(lostIn(attempts, WINDOW)).toEqual([
    { fromMs: 0, toMs: 10 },
    { fromMs: 20, toMs: 25 },
  ]);
});

test("what is lost at the end is lost to the end", () => {
  expect(lostIn([attempt(1_400, "timeout"), attempt(1_405, "timeout")], WINDOW)).toEqual([
    { fromMs: 400, toMs: 1_000 },
  ]);
});

test("a connection begun shortly before the event counts, one long before does not", () => {
  expect(lostIn([attempt(600, "reset"), attempt(605, "served")], WINDOW)).toEqual([]);
  expect(lostIn([attempt(998, "reset"), attempt(1_003, "served")], WINDOW)).toEqual([{ fromMs: -2, toMs: 3 }]);
});
