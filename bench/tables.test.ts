import { expect, test } from "vitest";
import { cellOf } from "./field/cell.ts";
import type { Run } from "./field/outcome.ts";
import { runOf } from "./field/testing/run-of.ts";
import { cellLines, configurationLines, idleLines } from "./tables.ts";

function lineOf(runs: readonly Run[]): string {
  const [first] = runs;
  const cell = first === undefined ? undefined : cellOf(runs, first.tool, first.event);
  if (cell === undefined) throw new TypeError("a test without a cell");
  return cellLines([{ name: "it", cell }])[2] ?? "";
}

test("a cell says runs, lost connections, the spread of the outage, and two and none", () => {
  const line = lineOf([runOf(), runOf({ outageMs: 41.4, noneMs: 40 })]);
  expect(line.split("|").map((cell) => cell.trim())).toEqual([
    "",
    "it",
    "2",
    "8 of 800",
    "20",
    "20",
    "41",
    "41",
    "0",
    "22 to 40",
    "healed",
    "",
  ]);
});

test("what never heals is said in bold, and for how long it was watched", () => {
  const unhealed = runOf({
    healed: false,
    twoMs: 9_000,
    watchedMs: 10_300,
    answers: [{ who: "two", fromMs: 0, toMs: 10_300 }],
  });
  expect(lineOf([unhealed])).toContain("**1 of 1 not: two answer, still after 10 s**");
});

test("memory and CPU at rest are the holder's and a standby's", () => {
  const lines = idleLines(
    [
      {
        t: "idle",
        tool: "ours",
        seconds: 60,
        rssMb: { holder: 63.04, standby: 61 },
        workingSetMb: { holder: 20, standby: 19.5 },
        cpuPercent: { holder: 0.28, standby: 0.12 },
        leaseRequestsPerMinute: 30,
        packetsPerMinute: null,
      },
    ],
    () => "ours",
  );
  expect(lines[2]).toMatch(/63\.0 \/ 61\.0 .* 20\.0 \/ 19\.5 .* 0\.28 \/ 0\.12 .* 30 \|\s+\|$/);
});

test("what a tool was told is written down, with its version where one is known", () => {
  expect(configurationLines([{ name: "it", configuration: "as shipped", version: "1.2" }])).toEqual([
    "- **it** (1.2): as shipped.",
  ]);
});
