/**
 * Knows when a machine's wall clock may be set back. An opening whose writing is held up begins its timeout late, and
 * only the wall clock ends it in time: until the process has made its check, and has written it over where it was late,
 * a clock set back would reopen it. That is left open by rule 6, and said; the simulation plays everything up to it.
 */
import type { RequestHooks } from "./kernel-calls.ts";
import type { Timeline } from "./timeline.ts";

/** What the process may take for its check after a write that was held up. */
const CHECK_MS = 20;
/** The margin of rule 6: a write that took longer is written again. */
const HELD_UP_MS = 50;

interface GateWrite {
  readonly beganAtMs: number;
}

export class HeldUpWrites {
  readonly #timeline: Timeline;
  /** Kernel requests on their way; how many of them open a gate, and how many write one. */
  #requests = 0;
  #openings = 0;
  #gateWrites = 0;
  /** The last write of the gate was held up. */
  #heldUp = false;
  /** Its process has not had its answer, so that it cannot have made its check. */
  #unchecked: GateWrite | undefined;
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
    const mayBeWrittenOver = this.#heldUp && this.#gateWrites > 0;
    return this.#openings === 0 && this.#unchecked === undefined && !mayBeWrittenOver;
  }

  /** The clock was set back while a refresh was held up: the process is run now, so that it makes its check. */
  get mustRun(): boolean {
    return this.#timeline.nowMs < this.#checkUntilMs;
  }

  setBack(): void {
    this.#setBack = !this.isIdle;
  }

  /** A request is made. */
  begin(verb: string): RequestHooks {
    const write: GateWrite = { beganAtMs: this.#timeline.nowMs };
    const opens = verb === "open" || verb === "install";
    const writes = opens || verb === "refresh" || verb === "close";
    this.#requests += 1;
    if (opens) this.#openings += 1;
    if (writes) this.#gateWrites += 1;
    return {
      executed: () => {
        this.#requests -= 1;
        if (opens) this.#openings -= 1;
        if (!writes) return;
        this.#gateWrites -= 1;
        this.#executed(write);
      },
      answered: () => {
        // Of an earlier life, perhaps: what another has written since is not checked by it.
        if (this.#unchecked === write) this.#unchecked = undefined;
      },
    };
  }

  #executed(write: GateWrite): void {
    const { nowMs } = this.#timeline;
    this.#heldUp = nowMs - write.beganAtMs > HELD_UP_MS;
    this.#unchecked = this.#heldUp ? write : undefined;
    if (this.#heldUp && this.#setBack) this.#checkUntilMs = nowMs + CHECK_MS;
    this.#setBack = false;
  }
}
