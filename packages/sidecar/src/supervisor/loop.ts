/**
 * The one loop of the process: tasks run one after the other, in the order in which they came; when none is left, a
 * timer is armed for the earliest moment that somebody asked for. Knows nothing of what the tasks do.
 */
import type { Clock } from "../clock.ts";

/** Tasks waiting at most. A flood (kernel events) is cut, and who pushed it is told to look again. */
const QUEUE_MAX = 4096;
/** The loop turns at least this often, though nothing is due: /healthz calls it stuck after twice as long. */
const IDLE_TURN_MS = 30_000;

export interface LoopOptions {
  readonly clock: Clock;
  /** Own monotonic time of the next tick that somebody wants, asked when the queue is empty. */
  readonly nextWakeMs: () => number | undefined;
  readonly onTick: () => void;
  /** The queue was full and was thrown away. */
  readonly onOverflow: () => void;
}

export class Loop {
  readonly #options: LoopOptions;
  #queue: (() => void)[] = [];
  #running = false;
  #closed = false;
  #cancelTimer: () => void = () => undefined;
  /** When the timer that is armed wants its tick. */
  #dueMs = Number.POSITIVE_INFINITY;
  #lastTurnMs: number;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#lastTurnMs = options.clock.nowMs();
  }

  /** When the loop last had nothing left to do, own monotonic clock: what /healthz judges. */
  get lastTurnMs(): number {
    return this.#lastTurnMs;
  }

  push(task: () => void): void {
    if (this.#closed) return;
    if (this.#queue.length >= QUEUE_MAX) this.#queue = [this.#options.onOverflow];
    this.#queue.push(task);
    if (!this.#running) this.#run();
  }

  /** The answer of a port comes back as a task. Ports do not reject: one that does is our mistake and ends the process. */
  awaited<T>(answer: Promise<T>, onAnswer: (value: T) => void): void {
    void answer.then((value) => this.push(() => onAnswer(value)));
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#cancelTimer();
  }

  #run(): void {
    this.#running = true;
    try {
      for (let task = this.#next(); task !== undefined; task = this.#next()) task();
    } finally {
      this.#running = false;
    }
    this.#armTimer();
  }

  /** Who wanted a tick no longer asks for it once its moment has passed: a task that comes just before must not lose it. */
  #next(): (() => void) | undefined {
    const task = this.#queue.shift();
    if (task !== undefined || this.#closed || this.#options.clock.nowMs() < this.#dueMs) return task;
    this.#dueMs = Number.POSITIVE_INFINITY;
    return this.#options.onTick;
  }

  #armTimer(): void {
    this.#cancelTimer();
    if (this.#closed) return;
    this.#lastTurnMs = this.#options.clock.nowMs();
    const wakeMs = earliestMs([this.#options.nextWakeMs(), this.#lastTurnMs + IDLE_TURN_MS]) ?? 0;
    this.#dueMs = wakeMs;
    this.#cancelTimer = this.#options.clock.at(wakeMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.push(this.#options.onTick);
    });
  }
}

/** The earliest of some moments, of which some may be unwanted. */
export function earliestMs(moments: readonly (number | undefined)[]): number | undefined {
  const wanted = moments.filter((moment) => moment !== undefined);
  return wanted.length === 0 ? undefined : Math.min(...wanted);
}
