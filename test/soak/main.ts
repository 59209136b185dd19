/**
 * `pnpm soak`: random faults of the catalogue, one after another, on the real bed; HELP has the options. Ends with a
 * table of what was seen, after Ctrl-C too. A violation is printed with everything that is known of it and stops the
 * run. A replay repeats the draw (fault, phase, duration, victim), not the microsecond: timing is the machine's.
 */
import { cpus, release, totalmem } from "node:os";
import { FAULTS } from "../bed/faults/catalogue.ts";
import { ensureTools } from "../bed/tools.ts";
import { missingFor } from "../requirements.ts";
import { type Arguments, HELP, readArguments } from "./arguments.ts";
import { drawAt } from "./draw.ts";
import { Lane } from "./lane-process.ts";
import { isViolation, type Outcome, type Troubled } from "./outcome.ts";
import { writePart } from "./page.ts";
import { ResultsFile } from "./results-file.ts";
import { soak } from "./soak.ts";
import { resultLines } from "./table.ts";
import { TIMERS } from "./timers.ts";

const faults = Object.values(FAULTS).flat();

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const args = readArguments(process.argv.slice(2));
    if (args !== "help") return await soakAndTell(args);
    print(HELP);
    return 0;
  } catch (error) {
    print(`soak: ${error instanceof Error ? error.message : String(error)}; see --help`);
    return 2;
  }
}

/** The exit status. */
async function soakAndTell(args: Arguments): Promise<number> {
  const missing = missingFor("cluster");
  for (const sentence of missing) print(`soak: ${sentence}`);
  if (missing.length > 0) return 2;
  await ensureTools();
  const { json, seed, timers } = args;
  const results = ResultsFile.open(json, { seed, timers, where: whereWeAre() });
  await run(args, results);
  const names = faults.map(({ name }) => name);
  const lines = resultLines(results.head, results.outcomes, names);
  for (const line of lines) print(line);
  if (args.markdown !== undefined) writePart(args.markdown, `pnpm soak --timers ${timers} --markdown`, lines);
  if (results.outcomes.some(isViolation)) return 1;
  return results.undone(args.first, args.count).length > 0 || results.outcomes.some(({ t }) => t === "troubled")
    ? 2
    : 0;
}

async function run(args: Arguments, results: ResultsFile): Promise<void> {
  const { seed, timers, lanes } = args;
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const indices = results.undone(args.first, args.count);
  const startedAtMs = performance.now();
  let done = 0;
  await soak({
    startLane: () => Lane.start({ seed, timers }),
    indices,
    lanes: Math.min(lanes, indices.length),
    signal: interrupted.signal,
    onOutcome: (outcome, lane) => {
      results.add(outcome);
      done += 1;
      const minutesLeft = ((performance.now() - startedAtMs) / 60_000 / done) * (indices.length - done);
      print(`${done}/${indices.length}, ${minutesLeft.toFixed(0)} min left, lane ${lane}: ${summary(outcome)}`);
      if (outcome.t === "troubled" || isViolation(outcome)) explain(outcome, args);
    },
    onNoBed: (error) => print(`soak: no bed: ${String(error)}`),
    lost: (index, error) => lost(args, index, error),
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
}

function summary(outcome: Outcome): string {
  const { index, fault, phaseMs, lastsMs } = outcome;
  const drawn = `#${index} ${fault}, after ${phaseMs} ms, for ${lastsMs} ms`;
  if (outcome.t === "troubled") return `${drawn}: TROUBLE`;
  const { victim, mostAtOnce, msOfTwo, msOfNone, residue } = outcome;
  const two = `${mostAtOnce} at once, ${msOfTwo.toFixed(0)} ms of two`;
  return `${drawn}, on ${victim}: ${two}, ${msOfNone.toFixed(0)} ms of none, residue ${residue}`;
}

function explain(outcome: Outcome, { seed, timers }: Arguments): void {
  const sentences = outcome.t === "ran" ? outcome.violations : [outcome.message];
  for (const line of [...sentences, ...outcome.evidence]) print(line);
  print(`The same draw again: pnpm soak --seed ${seed} --timers ${timers} --only ${outcome.index}`);
}

function lost({ seed, timers }: Arguments, index: number, error: unknown): Troubled {
  const { fault, phaseMs, lastsMs } = drawAt(seed, index, faults, TIMERS[timers]);
  return { t: "troubled", index, fault: fault.name, phaseMs, lastsMs, message: String(error), evidence: [] };
}

function whereWeAre(): string {
  const size = `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}, ${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  return `${new Date().toISOString().slice(0, 10)}, ${size}, Linux ${release()}, Node ${process.version}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
