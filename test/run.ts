/**
 * `pnpm test`: house checks (types, lint, dead code), then every suite, then what failed and one line "N passed, N failed, N skipped".
 * A suite whose requirements are missing says so and counts as skipped, file by file; with CI=true that is a failure.
 * Arguments go to vitest: `pnpm test --project unit prefix` runs no house checks.
 */
import { spawn } from "node:child_process";
import { closeSync, globSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInSandbox, signalStatus } from "./bed/sandbox.ts";
import { ensureHelms, ensureTools } from "./bed/tools.ts";
import { inLanes, LANES, roundsOf } from "./lanes.ts";
import { failure, NOTHING, type Results, readVitestReport, sum } from "./report.ts";
import { missingFor, SUITES, type Suite } from "./requirements.ts";

const BIN = join(import.meta.dirname, "../node_modules/.bin");

const HOUSE_CHECKS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["types", ["tsc", "--noEmit"]],
  ["lint, format and import walls", ["biome", "check", "--error-on-warnings", "."]],
  ["dead code", ["knip"]],
];

const args = process.argv.slice(2).filter((argument) => argument !== "--");
const reports = mkdtempSync(join(tmpdir(), "vcluster-kube-vip-test-"));
process.on("exit", () => rmSync(reports, { recursive: true, force: true }));
let interrupted: NodeJS.Signals | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    interrupted = signal;
  });
}

const results: Results[] = [];
if (args.length === 0) {
  for (const [name, argv] of HOUSE_CHECKS) results.push(await check(name, argv));
}
for (const suite of chosenSuites()) results.push(await runSuite(suite));

const { passed, failures, skipped } = results.reduce(sum, NOTHING);
for (const what of failures) say(`failed: ${what}`);
say(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
const skippedInCi = process.env["CI"] === "true" && skipped > 0;
process.exitCode = interrupted === undefined ? Number(failures.length > 0 || skippedInCi) : signalStatus(interrupted);

async function check(name: string, argv: readonly string[]): Promise<Results> {
  if (interrupted !== undefined) return NOTHING;
  say(`== ${name}: ${argv.join(" ")}`);
  const [program = "", ...rest] = argv;
  const status = await runOutside([join(BIN, program), ...rest]);
  return status === 0 ? { ...NOTHING, passed: 1 } : failure(`${name}: ${argv.join(" ")} ended with ${status}`);
}

/** The suites named by --project, or all. */
function chosenSuites(): readonly Suite[] {
  const named = args.flatMap((argument, index) => {
    if (argument.startsWith("--project=")) return [argument.slice("--project=".length)];
    return args[index - 1] === "--project" ? [argument] : [];
  });
  return named.length === 0 ? SUITES : SUITES.filter((suite) => named.includes(suite));
}

async function runSuite(suite: Suite): Promise<Results> {
  if (interrupted !== undefined) return NOTHING;
  const missing = missingFor(suite);
  if (missing.length > 0) {
    for (const sentence of missing) say(`== ${suite}: skipped, ${sentence}`);
    return { ...NOTHING, skipped: suiteFiles(suite).length };
  }
  say(`== ${suite}`);
  if ((suite === "cluster" || suite === "image") && suiteFiles(suite).length > 0) await ensureTools();
  if ((suite === "helm" || suite === "cluster") && suiteFiles(suite).length > 0) await ensureHelms();
  if (suite === "kernel" || suite === "cluster") return runInLanes(suite);
  const argv = vitestOf(suite, suite, filters());
  const status = suite === "image" ? await runInSandbox(argv) : await runOutside(argv);
  return readVitestReport(reportOf(suite), { suite, status, mayBeEmpty: args.length > 0 });
}

/** What a file leaves behind (names in /etc/hosts, tables, processes) ends with its own sandbox. */
async function runInLanes(suite: "kernel" | "cluster"): Promise<Results> {
  // Names first, then vitest's options: `pnpm test --project kernel vip -t silent`.
  const firstOption = filters().findIndex((filter) => filter.startsWith("-"));
  const names = firstOption < 0 ? filters() : filters().slice(0, firstOption);
  const files = suiteFiles(suite).filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
  const { alone, beside } = roundsOf(files);
  const options = filters().slice(names.length);
  const one = (file: string): Promise<Results> => runFile(suite, file, options);
  const besideEachOther = await inLanes(beside, LANES[suite], one);
  return [...besideEachOther, ...(await inLanes(alone, 1, one))].reduce(sum, NOTHING);
}

/** What it prints is shown when it ends: two files' lines would mingle. */
async function runFile(suite: Suite, file: string, options: readonly string[]): Promise<Results> {
  if (interrupted !== undefined) return NOTHING;
  const name = file.replaceAll("/", "-");
  const printed = join(reports, `${name}.txt`);
  const output = openSync(printed, "w");
  const status = await runInSandbox(vitestOf(suite, name, [file, ...options]), output);
  closeSync(output);
  process.stdout.write(readFileSync(printed));
  return readVitestReport(reportOf(name), { suite: file, status, mayBeEmpty: options.length > 0 });
}

function vitestOf(suite: Suite, name: string, chosen: readonly string[]): readonly string[] {
  const argv = ["run", "--project", suite, "--passWithNoTests", ...chosen];
  return [join(BIN, "vitest"), ...argv, "--reporter=default", "--reporter=json", `--outputFile.json=${reportOf(name)}`];
}

function reportOf(name: string): string {
  return join(reports, `${name}.json`);
}

/** The arguments without --project and its value: each suite is a run of its own. */
function filters(): readonly string[] {
  return args.filter((argument, index) => !argument.startsWith("--project") && args[index - 1] !== "--project");
}

function suiteFiles(suite: Suite): readonly string[] {
  const root = join(import.meta.dirname, "..");
  const patterns =
    suite === "unit"
      ? ["packages/*/src/**/*.test.ts", "image/*.test.ts", "test/*.test.ts", "test/{bed,chart,demo,soak}/**/*.test.ts"]
      : [`test/${suite}/**/*.test.ts`];
  return globSync(patterns, { cwd: root });
}

function runOutside([file = "", ...rest]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, { stdio: "inherit" });
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on("SIGTERM", forward);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGTERM", forward);
      resolve(code ?? signalStatus(signal));
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
