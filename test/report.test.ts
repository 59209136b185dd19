import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Counts, readVitestReport } from "./report.ts";

const run = { suite: "unit", status: 0, mayBeEmpty: false };
const green = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };

function check(report: object | undefined, expected: Counts, how: Partial<typeof run> = {}): void {
  const folder = mkdtempSync(join(tmpdir(), "report-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "report.json");
  if (report !== undefined) writeFileSync(path, JSON.stringify(report));
  expect(readVitestReport(path, { ...run, ...how })).toEqual(expected);
}

test("pending and todo tests count as skipped", () => {
  check(green, { passed: 3, failed: 0, skipped: 2 });
});

test("a file that could not be loaded is a failure", () => {
  const unloadable = { status: "failed", assertionResults: [] };
  check({ ...green, testResults: [unloadable] }, { passed: 3, failed: 1, skipped: 2 }, { status: 1 });
});

test("an error between the tests is a failure", () => {
  check(green, { passed: 3, failed: 1, skipped: 2 }, { status: 1 });
});

test("a run without a report is a failure", () => {
  check(undefined, { passed: 0, failed: 1, skipped: 0 });
});

test("a whole suite without a test is a failure, a filtered one is not", () => {
  const empty = { ...green, numPassedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  check(empty, { passed: 0, failed: 1, skipped: 0 });
  check(empty, { passed: 0, failed: 0, skipped: 0 }, { mayBeEmpty: true });
});
