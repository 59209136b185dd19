import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Outcome } from "./outcome.ts";
import { quietRun } from "./quiet-run.ts";
import { ResultsFile } from "./results-file.ts";

const folder = mkdtempSync(join(tmpdir(), "soak-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = { seed: 7, timers: "5/3/1", where: "here" } as const;

function troubled(index: number): Outcome {
  return { t: "troubled", index, fault: "cut", phaseMs: 1, lastsMs: 2, message: "two\nlines", evidence: [] };
}

test("a run that was broken off goes on with what has not run, or failed its bed", () => {
  const path = join(folder, "broken-off.jsonl");
  const first = ResultsFile.open(path, HEAD);
  for (const index of [0, 2]) first.add(quietRun(index));
  first.add(troubled(1));
  const again = ResultsFile.open(path, { ...HEAD, where: "elsewhere" });
  expect(again.outcomes).toEqual(first.outcomes);
  expect(again.head.where).toBe("here");
  expect(again.undone(0, 5)).toEqual([1, 3, 4]);
});

test("draws of another seed or other timers are not mixed in", () => {
  const path = join(folder, "other.jsonl");
  ResultsFile.open(path, HEAD);
  expect(() => ResultsFile.open(path, { ...HEAD, seed: 8 })).toThrow("is of seed 7 at 5/3/1");
  expect(() => ResultsFile.open(path, { ...HEAD, timers: "15/10/2" })).toThrow("name another file");
});
