/** Gives indices to lanes until none is left, one went wrong, or it is told to stop. Judges and prints nothing. */
import type { Lane } from "./lane-process.ts";
import { isViolation, type Outcome, type Troubled } from "./outcome.ts";

type StartedLane = Pick<Lane, "run" | "close">;

export interface SoakOptions {
  readonly startLane: () => Promise<StartedLane>;
  readonly indices: readonly number[];
  readonly lanes: number;
  readonly signal: AbortSignal;
  readonly onOutcome: (outcome: Outcome, lane: number) => void;
  /** No bed could be made, by a machine too busy for it, say; it is tried again. */
  readonly onNoBed: (error: unknown) => void;
  /** The lane itself is lost: what is said of the index it was at. */
  readonly lost: (index: number, error: unknown) => Troubled;
}

/** A bed that a fault left unusable, or that could not be made, is made anew (15 s); so many in a row are no accident. */
export const TROUBLES_MAX = 5;

/** Resolves when every lane has ended. */
export async function soak(options: SoakOptions): Promise<void> {
  const queue = new Queue(options);
  await Promise.all(Array.from({ length: options.lanes }, (_, lane) => drain(queue, lane)));
}

class Queue {
  readonly options: SoakOptions;
  readonly #left: number[];
  #troubles = 0;
  #starting: Promise<unknown> = Promise.resolve();

  constructor(options: SoakOptions) {
    this.options = options;
    this.#left = [...options.indices];
  }

  get ended(): boolean {
    return this.#left.length === 0 || this.options.signal.aborted;
  }

  take(): number | undefined {
    return this.ended ? undefined : this.#left.shift();
  }

  /** One bed after the other: three control planes that start take both cores from the lanes at work. */
  startLane(): Promise<StartedLane | undefined> {
    const started = this.#starting.then(() => (this.ended ? undefined : this.#tryToStart()));
    this.#starting = started;
    return started;
  }

  done(outcome: Outcome, lane: number): void {
    this.options.onOutcome(outcome, lane);
    if (outcome.t === "troubled") this.#countTrouble();
    else this.#troubles = 0;
    if (isViolation(outcome)) this.#left.length = 0;
  }

  async #tryToStart(): Promise<StartedLane | undefined> {
    try {
      return await this.options.startLane();
    } catch (error) {
      this.options.onNoBed(error);
      this.#countTrouble();
      return undefined;
    }
  }

  #countTrouble(): void {
    this.#troubles += 1;
    if (this.#troubles >= TROUBLES_MAX) this.#left.length = 0;
  }
}

async function drain(queue: Queue, number: number): Promise<void> {
  while (!queue.ended) {
    const lane = await queue.startLane();
    if (lane === undefined) continue;
    const end = () => void lane.close();
    queue.options.signal.addEventListener("abort", end);
    await runUntilTrouble(queue, lane, number).finally(() => lane.close());
    queue.options.signal.removeEventListener("abort", end);
  }
}

async function runUntilTrouble(queue: Queue, lane: StartedLane, number: number): Promise<void> {
  for (let index = queue.take(); index !== undefined; index = queue.take()) {
    const outcome = await outcomeOf(queue, lane, index);
    // Ended from outside: what the lane was at says nothing.
    if (queue.options.signal.aborted) return;
    queue.done(outcome, number);
    if (outcome.t === "troubled") return;
  }
}

async function outcomeOf({ options }: Queue, lane: StartedLane, index: number): Promise<Outcome> {
  try {
    return await lane.run(index);
  } catch (error) {
    return options.lost(index, error);
  }
}
