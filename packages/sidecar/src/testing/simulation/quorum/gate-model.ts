/**
 * The kernel's hold gate of one pod, and nothing else of its kernel: open until the earlier of two clocks' deadlines, shut
 * by itself. Outlives the processes. Whoever has it open answers for the VIP.
 */
import type { MachineClock } from "../machine-clock.ts";

export interface GateOpening {
  readonly holderIdentity: string;
  readonly untilWallMs: number;
  readonly timeoutMs: number;
}

export type GateRequest =
  | { readonly t: "add"; readonly opening: GateOpening }
  /** Delete and add in one transaction: nothing where the one before has lapsed. */
  | { readonly t: "refresh"; readonly opening: GateOpening }
  | { readonly t: "close" };

export class GateModel {
  readonly #clock: MachineClock;
  #opening: GateOpening | undefined;
  #lapsesAtMs = 0;

  constructor(clock: MachineClock) {
    this.#clock = clock;
  }

  /** What is open now. */
  get opening(): GateOpening | undefined {
    const opening = this.#opening;
    if (opening === undefined || this.#clock.nowMs() >= this.#lapsesAtMs) return undefined;
    return this.#clock.wallTimeMs() < opening.untilWallMs ? opening : undefined;
  }

  /** How long it is open yet; 0: it is shut. */
  get leftMs(): number {
    const { opening } = this;
    if (opening === undefined) return 0;
    return Math.min(opening.untilWallMs - this.#clock.wallTimeMs(), this.#lapsesAtMs - this.#clock.nowMs());
  }

  execute(request: GateRequest): void {
    if (request.t === "close") this.#opening = undefined;
    else if (request.t === "add" || this.opening !== undefined) {
      this.#opening = request.opening;
      this.#lapsesAtMs = this.#clock.nowMs() + request.opening.timeoutMs;
    }
  }
}
