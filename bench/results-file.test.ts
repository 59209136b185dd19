import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runOf } from "./field/testing/run-of.ts";
import { ResultsFile, type Where } from "./results-file.ts";

const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HERE: Where = { t: "where", date: "2026-01-01", machine: "here" };

test("a benchmark that was broken off goes on: what is in the file counts", () => {
  const path = join(folder, "broken-off.jsonl");
  const first = ResultsFile.open(path, HERE);
  first.add(runOf());
  first.add(runOf({ event: "killed" }));
  const again = ResultsFile.open(path, { ...HERE, machine: "elsewhere" });
  expect(again.lines).toEqual(first.lines);
  expect(again.lines[0]).toEqual(HERE);
  expect(again.runsOf("ours", "planned")).toBe(1);
  expect(again.runsOf("kube-vip", "planned")).toBe(0);
  expect(again.hasIdle("ours")).toBe(false);
});

test("without a path it is kept for this run only", () => {
  const results = ResultsFile.open(undefined, HERE);
  results.add(runOf());
  expect(results.runsOf("ours", "planned")).toBe(1);
});
