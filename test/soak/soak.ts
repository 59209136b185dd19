/** Gives indices to lanes until none is left, one went wrong, or it is told to stop. Judges and prints nothing. */
import type { Lane } from "./lane-process.ts";
import { isViolation, type Outcome, type Troubled } from "./outcome.ts";

export interface SoakOptions {
  readonly startLane: () => Promise<Pick<Lane, "run" | "close">>;
  readonly indices: readonly number[];
  readonly lanes: number;
  readonly signal: AbortSignal;
  readonly onOutcome: (outcome: Outcome, lane: number) => void;
  /** The lane itself is lost: what is said of the index it was at. */
  readonly lost: (index: number, error: unknown) => Troubled;
}

/** A bed that a fault left unusable is made anew (15 s); more than that is no accident. */
export const TROUBLES_MAX = 5;

/** Resolves when every lane has ended. @throws BedError if a bed cannot be made. */
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
  startLane(): ReturnType<SoakOptions["startLane"]> {
    const started = this.#starting.then(() => this.options.startLane());
    this.#starting = started.catch(() => this.stop());
    return started;
  }

  done(outcome: Outcome, lane: number): void {
    this.options.onOutcome(outcome, lane);
    if (outcome.t === "troubled") this.#troubles += 1;
    if (isViolation(outcome) || this.#troubles >= TROUBLES_MAX) this.stop();
  }

  stop(): void {
    this.#left.length = 0;
  }
}

async function drain(queue: Queue, number: number): Promise<void> {
  while (!queue.ended) {
    const lane = await queue.startLane();
    const end = () => void lane.close();
    queue.options.signal.addEventListener("abort", end);
    await runUntilTrouble(queue, lane, number).finally(() => lane.close());
    queue.options.signal.removeEventListener("abort", end);
  }
}

async function runUntilTrouble(queue: Queue, lane: Pick<Lane, "run">, number: number): Promise<void> {
  for (let index = queue.take(); index !== undefined; index = queue.take()) {
    const outcome = await outcomeOf(queue, lane, index);
    // Ended from outside: what the lane was at says nothing.
    if (queue.options.signal.aborted) return;
    queue.done(outcome, number);
    if (outcome.t === "troubled") return;
  }
}

async function outcomeOf({ options }: Queue, lane: Pick<Lane, "run">, index: number): Promise<Outcome> {
  try {
    return await lane.run(index);
  } catch (error) {
    return options.lost(index, error);
  }
}
