/** Runs announce/defence.ts on a segment: keeps its timer, and puts its questions. How it is announced is its owner's. */
import * as defence from "../announce/defence.ts";
import type { Clock } from "../clock.ts";

export interface SegmentDefenceOptions {
  readonly clock: Clock;
  /** Who else claims the VIP, as the segment answers now. */
  readonly ask: () => Promise<readonly string[]>;
  /** Once to everybody. */
  readonly announce: (why: "defence" | "stranger-gone") => void;
}

/** Owns its timer until stop(). */
export class SegmentDefence {
  readonly #o: SegmentDefenceOptions;
  #state: defence.DefenceState = defence.PEACE;
  #cancelTimer: () => void = () => undefined;

  constructor(options: SegmentDefenceOptions) {
    this.#o = options;
  }

  /** A stranger claims the VIP while it is held here. */
  claimed(): void {
    this.#step({ t: "claimed", nowMs: this.#o.clock.nowMs() });
  }

  /** It is no longer held here. */
  stop(): void {
    this.#step({ t: "stop" });
  }

  #step(event: defence.DefenceEvent): void {
    const [state, effects] = defence.step(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      switch (effect.t) {
        case "announce":
          this.#o.announce(effect.why);
          break;
        case "ask":
          void this.#ask();
          break;
        case "timer":
          this.#arm(effect.atMs);
      }
    }
  }

  async #ask(): Promise<void> {
    const claimedBy = await this.#o.ask();
    this.#step({ t: "asked", nowMs: this.#o.clock.nowMs(), isClaimed: claimedBy.length > 0 });
  }

  #arm(atMs: number | undefined): void {
    const { clock } = this.#o;
    this.#cancelTimer();
    if (atMs === undefined) return;
    this.#cancelTimer = clock.at(atMs, () => this.#step({ t: "tick", nowMs: clock.nowMs() }));
  }
}
