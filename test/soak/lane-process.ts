/** A lane as the command sees it: a process that runs one fault after the other on a bed of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BedError } from "../bed/bed-error.ts";
import type { Outcome } from "./outcome.ts";
import type { TimersName } from "./timers.ts";

/** What a lane must know to draw like all others. */
export interface LaneOrder {
  readonly seed: number;
  readonly timers: TimersName;
}

/** Three control planes on cores that other lanes use: 15 s when it is quiet. */
const START_WITHIN_MS = 180_000;
/** Every wait inside is bounded by less; 20 s of fault, stretched, and twice 30 s of recovery. */
const RUN_WITHIN_MS = 300_000;

export class Lane {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;

  private constructor(order: LaneOrder) {
    const argv = [join(import.meta.dirname, "lane.ts"), JSON.stringify(order)];
    const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => {
      child.once("close", () => resolve());
      child.once("error", () => resolve());
    });
    // A lane that has ended reads no more: its silence is what is reported.
    child.stdin.on("error", () => undefined);
  }

  /** Resolves when its bed is at rest. @throws BedError BED_WAIT_TIMED_OUT, BED_ORACLE_FAILED */
  static async start(order: LaneOrder): Promise<Lane> {
    const lane = new Lane(order);
    try {
      await lane.#line(START_WITHIN_MS);
    } catch (error) {
      await lane.close();
      throw error;
    }
    return lane;
  }

  /** One at a time. @throws BedError as `start` */
  async run(index: number): Promise<Outcome> {
    this.#child.stdin?.write(`${index}\n`);
    return JSON.parse(await this.#line(RUN_WITHIN_MS)) as Outcome;
  }

  /** The kernel ends everything in its sandbox with it. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    this.#child.kill("SIGTERM");
    await this.#ended;
  }

  async #line(withinMs: number): Promise<string> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new BedError("BED_WAIT_TIMED_OUT", `a lane said nothing within ${withinMs / 1000} s`));
    }, withinMs);
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late.promise]);
      if (done === true) throw new BedError("BED_ORACLE_FAILED", "a lane has ended; its last words are above");
      return value;
    } finally {
      clearTimeout(timer);
    }
  }
}
