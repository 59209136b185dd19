/**
 * Knows when a machine's wall clock may be set back, and when its gate may be flushed. An opening whose writing is held up begins its timeout late, and
 * only the wall clock ends it in time: until the process has made its check, and has written it over where it was late,
 * a clock set back would reopen it. An address whose writing is held up begins its lifetime late, and only the gate ends it
 * in time. That is left open by rule 6, and said; the simulation plays everything up to it.
 */
import type { RequestHooks } from "./kernel-calls.ts";
import type { Timeline } from "./timeline.ts";

/** What the process may take for its check after a write that was held up. */
const CHECK_MS = 20;
/** The margin of rule 6: a write that took longer is written again. */
const HELD_UP_MS = 50;

interface KernelRequest {
  readonly beganAtMs: number;
  /** It opens a gate, or writes one at all. */
  readonly opens: boolean;
  readonly writes: boolean;
  /** It has left the process: it will be carried out, whatever becomes of its sender. */
  hasLeft: boolean;
}

export class HeldUpWrites {
  readonly #timeline: Timeline;
  readonly #onTheWay = new Set<KernelRequest>();
  /** The last write of the gate was held up. */
  #heldUp = false;
  /** Its process has not had its answer, so that it cannot have made its check. */
  #unchecked: KernelRequest | undefined;
  /** The clock was set back while a refresh was on its way. */
  #setBack = false;
  #checkUntilMs = 0;
  /** The address's last writing was held up. */
  #lifetimeIsLate = false;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Without the gate, the address's lifetime would end the hold in time: no later one is on its way, nor there. */
  get mayFlush(): boolean {
    return this.#onTheWay.size === 0 && !this.#lifetimeIsLate;
  }

  /** The process must not be disturbed: it is to make its check after a refresh that saw the clock set back. */
  get mustRun(): boolean {
    return this.#setBack || this.#timeline.nowMs < this.#checkUntilMs;
  }

  /** A refresh that is held up may see the clock set back, if its process runs on: it fails where it comes too late. */
  maySetBack(isFrozen: boolean): boolean {
    const writes = [...this.#onTheWay].filter((request) => request.writes);
    const mayBeWrittenOver = this.#heldUp && writes.length > 0;
    const isAlone = isFrozen && writes.some(({ hasLeft }) => hasLeft);
    return !writes.some(({ opens }) => opens) && this.#unchecked === undefined && !mayBeWrittenOver && !isAlone;
  }

  setBack(): void {
    this.#setBack = [...this.#onTheWay].some((request) => request.writes);
  }

  /** A process that is killed sends nothing more: what was late and was to be written over stays as it is. */
  killed(): void {
    for (const request of this.#onTheWay) {
      if (request.hasLeft) continue;
      this.#onTheWay.delete(request);
      if (this.#heldUp && request.writes) this.#unchecked = request;
    }
  }

  /** A request is made. */
  begin(verb: string): RequestHooks {
    const opens = verb === "open" || verb === "install";
    const writes = opens || verb === "refresh" || verb === "close";
    const request: KernelRequest = { beganAtMs: this.#timeline.nowMs, opens, writes, hasLeft: false };
    this.#onTheWay.add(request);
    return {
      left: () => {
        request.hasLeft = true;
      },
      executed: () => {
        this.#onTheWay.delete(request);
        if (writes) this.#executed(request);
        if (verb === "replaceAddress") this.#lifetimeIsLate = this.#isHeldUp(request);
      },
      answered: () => {
        // Of an earlier life, perhaps: what another has written since is not checked by it.
        if (this.#unchecked === request) this.#unchecked = undefined;
      },
    };
  }

  #executed(request: KernelRequest): void {
    this.#heldUp = this.#isHeldUp(request);
    this.#unchecked = this.#heldUp ? request : undefined;
    if (this.#heldUp && this.#setBack) this.#checkUntilMs = this.#timeline.nowMs + CHECK_MS;
    this.#setBack = false;
  }

  #isHeldUp({ beganAtMs }: KernelRequest): boolean {
    return this.#timeline.nowMs - beganAtMs > HELD_UP_MS;
  }
}
