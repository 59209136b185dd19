import { expect, test } from "vitest";
import type { Ran } from "./outcome.ts";
import { resultLines } from "./table.ts";

const HEAD = { seed: 7, timers: "5/3/1", where: "2026-01-02, 2 cores" } as const;

function ran(index: number, msOfNone: number): Ran {
  return {
    t: "ran",
    index,
    fault: "frozen",
    phaseMs: 0,
    lastsMs: 1,
    victim: "vc-0",
    mostAtOnce: 1,
    msOfTwo: 0,
    msOfNone,
    unservedMs: 0,
    framesOfOthers: 0,
    residue: 0,
    violations: msOfNone > 1_000 ? ["two"] : [],
    evidence: [],
  };
}

test("a table says what was run, on what, and what each fault came to", () => {
  expect(resultLines(HEAD, [ran(0, 12.4), ran(1, 1_200), ran(2, 0)], ["frozen"])).toEqual([
    "2026-01-02, 2 cores; `pnpm soak --faults 3 --seed 7 --timers 5/3/1`. 3 faults run, 1 violation, 0 beds that did not come to rest.",
    "",
    "| fault  | runs | most at once | ms of two | ms of none: median |  p95 |  max | frames of others | residue |",
    "|--------|-----:|-------------:|----------:|-------------------:|-----:|-----:|-----------------:|--------:|",
    "| frozen |    3 |            1 |         0 |                 12 | 1200 | 1200 |                0 |       0 |",
  ]);
});
