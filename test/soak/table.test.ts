import { expect, test } from "vitest";
import { quietRun } from "./quiet-run.ts";
import { resultLines } from "./table.ts";

const HEAD = { seed: 7, timers: "5/3/1", where: "2026-01-02, 2 cores" } as const;

test("a table says what was run, on what, and what each fault came to", () => {
  const outcomes = [
    quietRun(0, { msOfNone: 12.4 }),
    quietRun(1, { msOfNone: 1_200, violations: ["two"] }),
    { t: "troubled", index: 2, fault: "frozen", phaseMs: 0, lastsMs: 1, message: "no rest", evidence: [] } as const,
    quietRun(2),
  ];
  expect(resultLines(HEAD, outcomes, ["frozen"])).toEqual([
    "2026-01-02, 2 cores; `pnpm soak --faults 3 --seed 7 --timers 5/3/1`. 3 faults run, 3 moves of the VIP, 1 violation, 1 time that a bed failed; at most 4 ms between two probes of a sampler.",
    "",
    "| fault  | runs | most at once | ms of two | ms of none: median |  p95 |  max | frames of others | residue |",
    "|--------|-----:|-------------:|----------:|-------------------:|-----:|-----:|-----------------:|--------:|",
    "| frozen |    3 |            1 |         0 |                 12 | 1200 | 1200 |                0 |       0 |",
  ]);
});
