/**
 * An observer in a process and namespace of its own, so that neither the test's work nor the observed program delays
 * it. Its records come as JSON lines; this side only collects them. The clock is `monotonicMs` on both sides.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { BedError } from "./bed-error.ts";
import type { Namespace } from "./namespace.ts";
import type { BedProcess } from "./process.ts";
import { waitFor } from "./wait.ts";

/** How long an observer may take to start, and to write its last records when asked to end. */
const START_WITHIN_MS = 5_000;

export class Oracle<R> {
  readonly process: BedProcess;
  readonly records: R[] = [];
  #ready = false;

  private constructor(namespace: Namespace, script: string, options: object) {
    const program = [process.execPath, join(import.meta.dirname, script), JSON.stringify(options)];
    this.process = namespace.spawn([...realTime(), ...program], {
      name: `${namespace.name}-${script}`,
      onLine: (line) => this.#take(JSON.parse(line) as "ready" | readonly R[]),
    });
  }

  /** Resolves when the observer has begun to observe. */
  static async start<R>(namespace: Namespace, script: string, options: object): Promise<Oracle<R>> {
    const oracle = new Oracle<R>(namespace, script, options);
    await waitFor(`${script} observes in ${namespace.name}`, () => oracle.#ready || undefined, {
      withinMs: START_WITHIN_MS,
      diagnose: () => oracle.process.tail(),
    });
    return oracle;
  }

  /** Asks for the last records and waits for them. */
  async stop(): Promise<void> {
    const exit = await this.process.stop("SIGTERM");
    if (exit.code !== 0) throw new BedError("BED_ORACLE_FAILED", this.process.tail());
  }

  /** Drops the records so far: a long run would collect them without end. */
  forget(): void {
    this.records.length = 0;
  }

  async close(): Promise<void> {
    await this.process.close();
  }

  #take(line: "ready" | readonly R[]): void {
    if (line === "ready") this.#ready = true;
    else this.records.push(...line);
  }
}

const REAL_TIME = ["chrt", "--rr", "10"] as const;
let isAllowed: boolean | undefined;

/**
 * Real-time priority where it is allowed (not in a user namespace): the longest blind stretch falls from 8 to 2 ms. In
 * turns, and not SCHED_FIFO: a thread of V8 that waits for another to finish sweeping does not sleep, and two observers
 * that did so kept both cores for ten minutes, for the threads that they waited for never ran.
 */
export function realTime(): readonly string[] {
  isAllowed ??= spawnSync("chrt", [...REAL_TIME.slice(1), "true"]).status === 0;
  return isAllowed ? REAL_TIME : [];
}
