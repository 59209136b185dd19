/** Whoever asked for a transfer waits here for how it ends: one at a time. What its end is, transfer/progress.ts says. */
import type { ElectionEffect, ElectionState } from "../election/election.ts";
import type { TransferOutcome } from "../transfer/outcome.ts";
import { begun, follow, type Progress, unsettledAtMs } from "../transfer/progress.ts";

export class TransferWatch {
  #waiting: { readonly progress: Progress; readonly onEnd: (outcome: TransferOutcome) => void } | undefined;

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** When whoever waits is told that nothing is known. */
  get wakeMs(): number | undefined {
    return this.#waiting === undefined ? undefined : unsettledAtMs(this.#waiting.progress);
  }

  begin(nowMs: number, onEnd: (outcome: TransferOutcome) => void): void {
    this.#waiting = { progress: begun(nowMs), onEnd };
  }

  /** After each step of the election. */
  look(state: ElectionState, effects: readonly ElectionEffect[], nowMs: number): void {
    if (this.#waiting === undefined) return;
    const { progress, onEnd } = this.#waiting;
    const next = follow(progress, state, effects, nowMs);
    this.#waiting = "t" in next ? undefined : { progress: next, onEnd };
    if ("t" in next) onEnd(next);
  }
}
