/**
 * The clocks of one machine: a monotonic one that runs a little fast or slow against the others', and a wall clock that
 * an administrator or a time daemon may set at any moment, back as well.
 */
import type { Timeline } from "./timeline.ts";

export class MachineClock {
  readonly #timeline: Timeline;
  /** Of both: a machine has one oscillator. */
  readonly #rate: number;
  readonly #bootedAtMs: number;
  #wallOffsetMs: number;

  constructor(
    timeline: Timeline,
    options: { readonly rate: number; readonly uptimeMs: number; readonly wallMs: number },
  ) {
    this.#timeline = timeline;
    this.#rate = options.rate;
    this.#bootedAtMs = options.uptimeMs;
    this.#wallOffsetMs = options.wallMs;
  }

  /** CLOCK_MONOTONIC. */
  nowMs(): number {
    return this.#bootedAtMs + this.#rate * this.#timeline.nowMs;
  }

  /** CLOCK_REALTIME. */
  wallTimeMs(): number {
    return this.#wallOffsetMs + this.#rate * this.#timeline.nowMs;
  }

  /** Forward, or back if negative. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** When, in simulated time, the monotonic clock shows atMs. */
  timeOf(atMs: number): number {
    return (atMs - this.#bootedAtMs) / this.#rate;
  }
}
