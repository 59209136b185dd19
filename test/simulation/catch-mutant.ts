/** Catches one mutant, in a process of its own: by schedules of the simulation, or by the test that is named for it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Totals } from "../../packages/sidecar/src/testing/simulation/schedules.ts";
import { type DirectedTest, MUTANTS } from "./mutants/index.ts";

export interface Verdict {
  readonly caught: boolean;
  /** "after 27 schedules: a1 and b1 answer …", or what the test said. */
  readonly how: string;
}

const TIMEOUT_MS = 240_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export async function catchMutant(index: number): Promise<Verdict> {
  const mutant = MUTANTS[index];
  if (mutant === undefined) throw new RangeError(`there are ${MUTANTS.length} mutants, not ${index}`);
  const { caughtBy } = mutant;
  return caughtBy.t === "simulation" ? bySchedules(index, caughtBy.withinSchedules) : byTest(index, caughtBy);
}

async function bySchedules(index: number, limit: number): Promise<Verdict> {
  const search = fileURLToPath(new URL("./search.ts", import.meta.url));
  const { stdout, stderr, status } = await run([search, String(index), String(limit)], {});
  if (status !== 0) throw new Error(`search.ts failed: ${stderr}`);
  const { schedules, violations } = JSON.parse(stdout) as Totals;
  const [violation] = violations;
  if (violation === undefined) return { caught: false, how: `survived ${schedules} schedules` };
  return { caught: true, how: `after ${schedules} schedules: ${violation.sentence}` };
}

async function byTest(index: number, { file, name }: DirectedTest): Promise<Verdict> {
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
  const config = fileURLToPath(new URL("./vitest.mutant.config.ts", import.meta.url));
  const pattern = `${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`;
  const words = [vitest, "run", "--config", config, `packages/${file}`, "-t", pattern, "--reporter=tap-flat"];
  const { stdout, stderr } = await run(words, { MUTANT: String(index) });
  const results = stdout.split("\n").filter((line) => /^(not )?ok /.test(line) && !line.includes("# SKIP"));
  if (results.length === 0) fail(`${file} did not run a test ${JSON.stringify(name)}: ${stderr}`);
  return { caught: results.some((line) => line.startsWith("not ok ")), how: `by the test "${name}"` };
}

function fail(message: string): never {
  throw new Error(message);
}

interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

function run(words: readonly string[], extra: Readonly<Record<string, string>>): Promise<Finished> {
  // Inside vitest, its own variables would tell a second one that it is a worker of the first.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"));
  const options = { cwd: ROOT, env: { ...Object.fromEntries(kept), ...extra }, timeout: TIMEOUT_MS, maxBuffer: 1e8 };
  const { promise, resolve } = Promise.withResolvers<Finished>();
  execFile(process.execPath, words, options, (error, stdout, stderr) => {
    resolve({ stdout, stderr, status: error === null ? 0 : 1 });
  });
  return promise;
}
