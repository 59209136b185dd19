/**
 * `pnpm sim [--world quorum] --seeds N --seed S`: runs N schedules from seed S on, in the Lease's world or the quorum's. A
 * violation is printed with its seed, its sentence and its transcript, and the exit status is 1. `--seeds 1` prints the
 * transcript in any case. A long run that was broken off goes on with the seed that its last line names.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { PATHS } from "../../packages/sidecar/src/testing/simulation/coverage.ts";
import { QUORUM_PATHS_GONE } from "../../packages/sidecar/src/testing/simulation/quorum/paths.ts";
import { type Totals, WORLDS, type WorldName } from "../../packages/sidecar/src/testing/simulation/schedules.ts";
import { lossesInWords } from "./losses.ts";
import { runInParallel } from "./parallel.ts";

const PROGRESS_EVERY_MS = 5_000;

interface Arguments {
  readonly world: WorldName;
  readonly seeds: number;
  readonly seed: number;
  readonly workers: number;
}

async function main(): Promise<number> {
  const { world, seeds, seed, workers } = readArguments();
  if (seeds === 1) return printSchedule(world, seed);
  const startedAtMs = performance.now();
  let printedAtMs = startedAtMs;
  const totals = await runInParallel({
    world,
    first: seed,
    count: seeds,
    workers,
    onProgress: (soFar, nextSeed) => {
      if (performance.now() - printedAtMs < PROGRESS_EVERY_MS) return;
      printedAtMs = performance.now();
      print(`${progress(soFar, startedAtMs)}, ${left(soFar, startedAtMs, seeds)}, done up to seed ${nextSeed}`);
    },
  });
  print(progress(totals, startedAtMs));
  for (const [path, count] of Object.entries(totals.paths).sort()) print(`  ${String(count).padStart(9)}  ${path}`);
  if (world === "quorum") print(lossesInWords(totals.losses));
  const never = (world === "quorum" ? QUORUM_PATHS_GONE : PATHS).filter((path) => totals.paths[path] === undefined);
  if (never.length > 0) print(`never seen: ${never.join("; ")}`);
  const [violation] = totals.violations;
  if (violation === undefined) return 0;
  await printSchedule(world, violation.seed);
  return 1;
}

async function printSchedule(world: WorldName, seed: number): Promise<number> {
  const { transcript, violation } = await WORLDS[world](seed, true);
  for (const line of transcript) print(line);
  print(`seed ${seed}: ${violation ?? "no violation"}`);
  return violation === undefined ? 0 : 1;
}

function progress({ schedules, takeovers, violations }: Totals, startedAtMs: number): string {
  const seconds = (performance.now() - startedAtMs) / 1000;
  const rate = Math.round(schedules / seconds);
  return `${schedules} schedules in ${seconds.toFixed(0)} s (${rate}/s), ${takeovers} takeovers, ${violations.length} violations`;
}

function left({ schedules }: Totals, startedAtMs: number, seeds: number): string {
  const minutes = ((performance.now() - startedAtMs) / 60_000 / schedules) * (seeds - schedules);
  return `${minutes.toFixed(0)} min left`;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      world: { type: "string" },
      seeds: { type: "string" },
      seed: { type: "string" },
      workers: { type: "string" },
    },
  });
  return {
    world: worldOf(values.world ?? "lease"),
    seeds: positive("seeds", values.seeds ?? "20000"),
    seed: positive("seed", values.seed ?? "1"),
    workers: positive("workers", values.workers ?? String(Math.min(availableParallelism(), 8))),
  };
}

function worldOf(text: string): WorldName {
  if (text === "lease" || text === "quorum") return text;
  throw new RangeError(`--world must be lease or quorum, got ${JSON.stringify(text)}`);
}

function positive(name: string, text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new RangeError(`--${name} must be a whole number from 1 to 999999999, got ${JSON.stringify(text)}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
