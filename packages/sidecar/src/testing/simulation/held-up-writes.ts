/**
 * Knows when a machine's wall clock may be set back. An opening whose writing is held up begins its timeout late, and
 * only the wall clock ends it in time: until it is written over, a clock set back would reopen it. That is left open by
 * rule 6, and said; the simulation keeps to it, and plays everything up to it.
 */
import type { Timeline } from "./timeline.ts";

/** What the process may take for its check after a write that was held up. */
const CHECK_MS = 20;
/** The margin of rule 6: a write that took longer is written again. */
const HELD_UP_MS = 50;

export class HeldUpWrites {
  readonly #timeline: Timeline;
  /** Kernel requests on their way; how many of them open a gate. */
  #requests = 0;
  #openings = 0;
  #heldUp = false;
  #setBack = false;
  #checkUntilMs = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** No request is on its way to the kernel. */
  get isIdle(): boolean {
    return this.#requests === 0;
  }

  /** A refresh that is held up may see the clock set back: it fails where it comes too late. */
  get maySetBack(): boolean {
    return this.#openings === 0 && !this.#heldUp;
  }

  /** The clock was set back while a refresh was held up: the process is run now, so that it makes its check. */
  get mustRun(): boolean {
    return this.#timeline.nowMs < this.#checkUntilMs;
  }

  setBack(): void {
    this.#setBack = !this.isIdle;
  }

  /** A request is made; the returned function tells that it was carried out. */
  begin(verb: string): () => void {
    const beganAtMs = this.#timeline.nowMs;
    const opens = verb === "open" || verb === "install";
    this.#requests += 1;
    if (opens) this.#openings += 1;
    return () => {
      this.#requests -= 1;
      if (opens) this.#openings -= 1;
      if (opens || verb === "refresh" || verb === "close") this.#executed(beganAtMs);
    };
  }

  #executed(beganAtMs: number): void {
    const { nowMs } = this.#timeline;
    this.#heldUp = nowMs - beganAtMs > HELD_UP_MS;
    if (this.#heldUp && this.#setBack) this.#checkUntilMs = nowMs + CHECK_MS;
    this.#setBack = false;
  }
}
