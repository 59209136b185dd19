/** Counts from vitest's JSON report, with everything that went wrong outside a test counted too. */
import { readFileSync } from "node:fs";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

export interface Run {
  readonly suite: string;
  /** vitest's exit status. */
  readonly status: number;
  /** A filtered run may match nothing; a whole suite without a test is a mistake. */
  readonly mayBeEmpty: boolean;
}

/** The part of vitest's (and jest's) report that is counted. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** A missing report, a file that could not be loaded and an error between tests are one failure each. */
export function readVitestReport(path: string, run: Run): Counts {
  const text = readIfThere(path);
  if (text === undefined) return complain(run, "vitest wrote no report");
  const counts = countReport(JSON.parse(text) as VitestReport);
  const total = counts.passed + counts.failed + counts.skipped;
  if (total === 0 && !run.mayBeEmpty) return complain(run, "no test was found");
  if (run.status !== 0 && counts.failed === 0) return sum(counts, complain(run, `vitest ended with ${run.status}`));
  return counts;
}

function countReport(report: VitestReport): Counts {
  const unloadable = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function complain(run: Run, what: string): Counts {
  process.stdout.write(`${run.suite}: ${what}: counted as one failure\n`);
  return { ...NOTHING, failed: 1 };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Said by the caller: without a report the suite has failed.
    return undefined;
  }
}
