/** Results from vitest's JSON report, with everything that went wrong outside a test counted too. */
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

export interface Results {
  readonly passed: number;
  /** What failed and why, a paragraph each: said again at the end, where a log that was cut still has it. */
  readonly failures: readonly string[];
  readonly skipped: number;
}

export const NOTHING: Results = { passed: 0, failures: [], skipped: 0 };

/** Of a failure's message: the assertion and the top of its difference. */
const MESSAGE_LINES = 12;

export function sum(left: Results, right: Results): Results {
  return {
    passed: left.passed + right.passed,
    failures: [...left.failures, ...right.failures],
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

/** The part of vitest's (and jest's) report that is read. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  /** Why the file could not be loaded. */
  readonly message: string;
  readonly assertionResults: readonly TestReport[];
}

interface TestReport {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** A missing report, a file that could not be loaded and an error between tests are one failure each. */
export function readVitestReport(path: string, run: Run): Results {
  const text = readIfThere(path);
  if (text === undefined) return failure(`${run.suite}: vitest wrote no report`);
  const results = readReport(JSON.parse(text) as VitestReport);
  const total = results.passed + results.failures.length + results.skipped;
  if (total === 0 && !run.mayBeEmpty) return failure(`${run.suite}: no test was found`);
  if (run.status !== 0 && results.failures.length === 0) {
    return sum(results, failure(`${run.suite}: vitest ended with ${run.status}, and no test failed`));
  }
  return results;
}

export function failure(what: string): Results {
  return { ...NOTHING, failures: [what] };
}

function readReport(report: VitestReport): Results {
  return {
    passed: report.numPassedTests,
    failures: report.testResults.flatMap(failuresOf),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function failuresOf(file: FileReport): readonly string[] {
  if (file.status === "failed" && file.assertionResults.length === 0) return [paragraph(file.name, file.message)];
  return file.assertionResults
    .filter((test) => test.status === "failed")
    .map((test) => paragraph(`${file.name}: ${test.fullName}`, test.failureMessages.join("\n")));
}

function paragraph(title: string, message: string): string {
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return [title, ...lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`)].join("\n");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Said by the caller: without a report the suite has failed.
    return undefined;
  }
}
