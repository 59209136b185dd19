/**
 * docs/model/quorum.pml in Spin: a search of all its states, with the rules or with one of them taken out (-DNO_…). Spin
 * makes a C program of the model, the compiler a searcher of that, both in a folder of their own that ends with the call.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Search {
  /** Two gates open: what happened, shortest first if asked for. Empty: never. */
  readonly counterExample: readonly string[];
  readonly states: number;
  readonly seconds: number;
  readonly megabytes: number;
}

export interface Model {
  readonly name: string;
  readonly defines: readonly string[];
}

/** With every rule, and a replica that changes between a version with the feature and one without. */
export const WHOLE: Model = {
  name: "a rolling update between versions with and without the feature",
  defines: ["LEASE=3", "UNAWARE=2"],
};

/** The same rules where a message can be late by a tick and still be of use: thirteen times the states, for `pnpm model`. */
export const LATE: Model = { name: "messages that are late", defines: ["LEASE=3", "PROMISE=2"] };

/** Without one rule each, in the smallest model that has what breaks then. */
export const WITHOUT: readonly Model[] = [
  { name: "R1: tighten the gate before the mode is published", defines: ["LEASE=3", "NO_R1"] },
  { name: "R2: a lapsed quorum opens nothing", defines: ["LEASE=3", "NO_R2"] },
  { name: "R2: what opens it again is sent after the promises", defines: ["LEASE=3", "NO_R2_ORDER"] },
  { name: "R3: a restarted promiser grants nothing for Lq", defines: ["LEASE=3", "NO_R3"] },
  { name: "R4: loosen after a confirmed write only", defines: ["LEASE=3", "NO_R4"] },
  { name: "R6: an annotation of another hold counts for nothing", defines: ["LEASE=3", "UNAWARE=2", "NO_R6"] },
  { name: "Dq is at most Lq", defines: ["LEASE=3", "NO_DQ"] },
  { name: "a promise counts from the send of what it answers", defines: ["LEASE=5", "PROMISE=2", "NO_SEND_TIME"] },
  { name: "a majority helps", defines: ["LEASE=3", "NO_MAJORITY"] },
];

const SOURCE = join(import.meta.dirname, "../../docs/model/quorum.pml");
const MEMORY_MB_MAX = 2_000;
const DEPTH_MAX = 2_000_000;
const TIMEOUT_MS = 900_000;

const run = promisify(execFile);

/** What is missing, with the package that has it; undefined: nothing. */
export function spinObstacle(): string | undefined {
  for (const program of ["spin", "gcc"]) {
    try {
      execFileSync(program, [program === "spin" ? "-V" : "--version"], { stdio: "ignore" });
    } catch {
      return `${program} is missing; install the package ${program} (apt-get install ${program}).`;
    }
  }
  return undefined;
}

/**
 * @param breadthFirst Finds the shortest counter-example and takes more memory; without it the whole search is faster.
 * @throws Error if the search did not come to its end within memory, depth and time.
 */
export async function search({ defines }: Model, breadthFirst: boolean): Promise<Search> {
  const folder = mkdtempSync(join(tmpdir(), "vcluster-kube-vip-model-"));
  const inFolder = { cwd: folder, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  const flags = defines.map((define) => `-D${define}`);
  try {
    await run("spin", ["-a", ...flags, SOURCE], inFolder);
    const options = ["-DSAFETY", "-DCOLLAPSE", `-DMEMLIM=${MEMORY_MB_MAX}`, ...(breadthFirst ? ["-DBFS"] : [])];
    // A search of thousands of states is over before an optimised searcher is compiled.
    await run("gcc", [breadthFirst ? "-O0" : "-O2", ...options, "-o", "pan", "pan.c"], inFolder);
    // No unreached lines (-n): with a rule taken out some are.
    const { stdout } = await run(join(folder, "pan"), [`-m${DEPTH_MAX}`, "-n"], inFolder);
    const errors = numberIn(stdout, /errors: (\d+)/);
    if (/out of memory|max search depth too small|memory bound/.test(stdout)) throw new Error(stdout);
    const trail =
      errors === 0 ? "" : (await run("spin", ["-t", ...flags, "-k", "quorum.pml.trail", SOURCE], inFolder)).stdout;
    return {
      counterExample: trail
        .slice(0, Math.max(0, trail.search(/^spin:/m)))
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
      states: numberIn(stdout, /(\d+) states, stored/),
      seconds: numberIn(stdout, /elapsed time ([\d.]+)/),
      megabytes: numberIn(stdout, /([\d.]+)\s+total actual memory usage/),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function numberIn(text: string, pattern: RegExp): number {
  const [, number] = pattern.exec(text) ?? [];
  if (number === undefined) throw new Error(`the search did not end as it ends otherwise (${pattern}):\n${text}`);
  return Number(number);
}
