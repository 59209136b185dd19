/**
 * One life of the sidecar as its machine runs it: it may be frozen or killed between any two instructions. What a frozen
 * process was about to do, it does when it thaws, in order and knowing nothing; what a dead one was about to do, never.
 * What was handed to the kernel or to the network happens all the same.
 */
import type { Clock } from "../../clock.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Timeline } from "./timeline.ts";

export interface ProcessParts {
  readonly timeline: Timeline;
  readonly clock: MachineClock;
  /** How late a due timer fires, ms. */
  readonly timerLateMs: () => number;
  /** Called before each call leaves the process and before its answer is taken: a chance to freeze or kill it here. */
  readonly atCall: (process: Process) => void;
}

export class Process {
  readonly #parts: ProcessParts;
  #alive = true;
  #frozenUntilMs = 0;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get isFrozen(): boolean {
    return this.#parts.timeline.nowMs < this.#frozenUntilMs;
  }

  /** Since its last freeze; negative while it lasts. */
  get awakeForMs(): number {
    return this.#parts.timeline.nowMs - this.#frozenUntilMs;
  }

  kill(): void {
    this.#alive = false;
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#parts.timeline.nowMs + forMs);
  }

  /** Now, or when the process thaws. */
  run(act: () => void): void {
    if (!this.#alive) return;
    const { timeline } = this.#parts;
    if (this.isFrozen) timeline.at(this.#frozenUntilMs, () => this.run(act));
    else {
      timeline.unsettle();
      act();
    }
  }

  /**
   * A call out of the process: `begin` runs when the call leaves it, which a freeze delays, and gets what it tells the
   * answer to. A call of a dead process never leaves; an answer to one is never taken.
   */
  call<T>(begin: (answer: (value: T) => void, fail: (cause: unknown) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const take = (act: () => void) => {
      this.#parts.atCall(this);
      this.run(act);
    };
    this.#parts.atCall(this);
    this.run(() =>
      begin(
        (value) => take(() => resolve(value)),
        (cause) => take(() => reject(cause)),
      ),
    );
    return promise;
  }

  /** The port to time, as this life has it. */
  get clock(): Clock {
    const { timeline, clock, timerLateMs } = this.#parts;
    return {
      nowMs: () => clock.nowMs(),
      wallTimeMs: () => clock.wallTimeMs(),
      at: (atMs, callback) => {
        let cancelled = false;
        const cancel = timeline.at(clock.timeOf(atMs) + timerLateMs(), () => {
          this.run(() => {
            if (!cancelled) callback();
          });
        });
        return () => {
          cancelled = true;
          cancel();
        };
      },
    };
  }
}
