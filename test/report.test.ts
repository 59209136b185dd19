import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Results, readVitestReport } from "./report.ts";

const run = { suite: "unit", status: 0, mayBeEmpty: false };
const green = { numPassedTests: 3, numPendingTests: 1, numTodoTests: 1, testResults: [] };

function check(report: object | undefined, expected: Results, how: Partial<typeof run> = {}): void {
  const folder = mkdtempSync(join(tmpdir(), "report-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "report.json");
  if (report !== undefined) writeFileSync(path, JSON.stringify(report));
  expect(readVitestReport(path, { ...run, ...how })).toEqual(expected);
}

test("pending and todo tests count as skipped", () => {
  check(green, { passed: 3, failures: [], skipped: 2 });
});

test("a test that failed is named, with what it said but for colours and the stack", () => {
  const failed = {
    fullName: "the VIP moves",
    status: "failed",
    failureMessages: ["\u001b[31mtoo late\u001b[39m\n    at x.ts:1"],
  };
  const passed = { fullName: "the VIP stays", status: "passed", failureMessages: [] };
  const file = { name: "a.test.ts", status: "failed", message: "", assertionResults: [passed, failed] };
  const failures = ["a.test.ts: the VIP moves\n    too late"];
  check({ ...green, testResults: [file] }, { passed: 3, failures, skipped: 2 }, { status: 1 });
});

test("a file that could not be loaded is a failure", () => {
  const unloadable = { name: "a.test.ts", status: "failed", message: "no such module", assertionResults: [] };
  const failures = ["a.test.ts\n    no such module"];
  check({ ...green, testResults: [unloadable] }, { passed: 3, failures, skipped: 2 }, { status: 1 });
});

test("an error between the tests is a failure", () => {
  check(green, { passed: 3, failures: ["unit: vitest ended with 1, and no test failed"], skipped: 2 }, { status: 1 });
});

test("a run without a report is a failure", () => {
  check(undefined, { passed: 0, failures: ["unit: vitest wrote no report"], skipped: 0 });
});

test("a whole suite without a test is a failure, a filtered one is not", () => {
  const empty = { ...green, numPassedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  check(empty, { passed: 0, failures: ["unit: no test was found"], skipped: 0 });
  check(empty, { passed: 0, failures: [], skipped: 0 }, { mayBeEmpty: true });
});
