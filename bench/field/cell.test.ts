import { expect, test } from "vitest";
import { cellOf, troubleOf } from "./cell.ts";
import type { Answering, Run } from "./outcome.ts";
import { runOf } from "./testing/run-of.ts";

test("a cell adds up its own runs and no others", () => {
  const runs = [
    ...[30, 10, 20, 40].map((outageMs) => runOf({ outageMs })),
    runOf({ tool: "kube-vip", outageMs: 9_000 }),
    runOf({ event: "killed", outageMs: 9_000 }),
  ];
  expect(cellOf(runs, "ours", "planned")).toMatchObject({
    runs: 4,
    tried: 1_600,
    lost: 16,
    outageMs: { min: 10, median: 20, p95: 40, max: 40 },
    unhealed: 0,
  });
});

test("what was not run is no cell of zeros", () => {
  expect(cellOf([runOf()], "ours", "killed")).toBeUndefined();
});

test("each number of a spread is a value that was measured", () => {
  const outages = Array.from({ length: 20 }, (_, index) => runOf({ outageMs: index + 1 }));
  expect(cellOf(outages, "ours", "planned")?.outageMs).toEqual({ min: 1, median: 10, p95: 19, max: 20 });
});

test("the typical run is the one in the middle, not the first", () => {
  const runs = [runOf({ outageMs: 900 }), runOf({ outageMs: 5 }), runOf({ outageMs: 50 })];
  expect(cellOf(runs, "ours", "planned")?.typical.outageMs).toBe(50);
});

test.each<[who: Answering, lostUntilMs: number, words: string]>([
  ["two", 0, "two answer, still after 2 s"],
  ["none", 2_000, "nobody answers, still after 2 s"],
  ["old", 2_000, "not moved, lost, still after 2 s"],
  ["old", 0, "not moved, still after 2 s"],
  ["new", 2_000, "moved, not served, still after 2 s"],
  ["new", 0, "two answered until it woke"],
])("with %s answering at the end and connections lost until %d ms it is said: %s", (who, toMs, words) => {
  const ended: Partial<Run> = {
    healed: false,
    answers: [
      { who: "two", fromMs: 0, toMs: 1_000 },
      { who, fromMs: 1_000, toMs: 2_000 },
    ],
    lostStretches: toMs === 0 ? [] : [{ fromMs: 0, toMs }],
  };
  expect(troubleOf(runOf(ended))).toBe(words);
});
