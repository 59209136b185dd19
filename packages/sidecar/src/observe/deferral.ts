/**
 * Tells a moment later what has happened. A line of the log costs 0.2 ms of the one thread, the first of its kind 1 ms
 * (V8's lite mode compiles nothing), and between a won Lease and the first frame five are told. What nobody waits for is
 * told with the next that somebody does, without a wake of its own. Keeps their order, and loses none but with the process.
 */
import type { Clock } from "../clock.ts";
import type { Happening } from "./happening.ts";

/** From a won Lease to the first frame it takes less. */
const LATER_MS = 5;
/** More than any takeover tells: a flood is written as it comes. */
const WAITING_MAX = 64;

export type Tell = (happening: Happening, nowMs: number) => void;

export class Deferral {
  readonly #clock: Pick<Clock, "nowMs" | "at">;
  readonly #tell: Tell;
  readonly #isAwaited: (happening: Happening) => boolean;
  #waiting: { readonly happening: Happening; readonly nowMs: number }[] = [];
  #cancel: (() => void) | undefined;

  /** `tell` is given the moment of what has happened, own monotonic clock; `isAwaited`: of what has a line in the log. */
  constructor(clock: Pick<Clock, "nowMs" | "at">, tell: Tell, isAwaited: (happening: Happening) => boolean) {
    this.#clock = clock;
    this.#tell = tell;
    this.#isAwaited = isAwaited;
  }

  tell(happening: Happening): void {
    const nowMs = this.#clock.nowMs();
    this.#waiting.push({ happening, nowMs });
    if (this.#waiting.length >= WAITING_MAX) return this.flush();
    if (this.#isAwaited(happening)) this.#cancel ??= this.#clock.at(nowMs + LATER_MS, () => this.flush());
  }

  /** Before a page is shown, and at the end. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { happening, nowMs } of waiting) this.#tell(happening, nowMs);
  }
}
