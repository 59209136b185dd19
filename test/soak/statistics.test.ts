import { expect, test } from "vitest";
import { quietRun } from "./quiet-run.ts";
import { spread, statisticsOf } from "./statistics.ts";

const QUIET = quietRun(0);

test.each([
  { values: [7], expected: { median: 7, p95: 7, max: 7 } },
  { values: [3, 1, 2], expected: { median: 2, p95: 3, max: 3 } },
  { values: Array.from({ length: 100 }, (_, index) => 100 - index), expected: { median: 50, p95: 95, max: 100 } },
  { values: [], expected: { median: 0, p95: 0, max: 0 } },
])("the spread of $values.length values is made of values that are among them", ({ values, expected }) => {
  expect(spread(values)).toEqual(expected);
});

test("one run with two hides behind no number of quiet ones", () => {
  const outcomes = [QUIET, { ...QUIET, mostAtOnce: 2, msOfTwo: 3, framesOfOthers: 1, residue: 2 }, QUIET];
  expect(statisticsOf(outcomes, ["frozen"])).toMatchObject([
    { runs: 3, mostAtOnce: 2, msOfTwo: 3, framesOfOthers: 1, residue: 2 },
  ]);
});

test("a fault that troubled its bed is no run, and one that never ran has no line", () => {
  const troubled = {
    t: "troubled",
    index: 1,
    fault: "cut",
    phaseMs: 0,
    lastsMs: 1,
    message: "",
    evidence: [],
  } as const;
  const lines = statisticsOf([troubled, QUIET], ["killed", "cut", "frozen"]);
  expect(lines.map(({ fault, runs }) => `${fault} ${runs}`)).toEqual(["frozen 1"]);
});
