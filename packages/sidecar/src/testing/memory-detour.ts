/** A detour in memory, with the kernel's habit: it is open for as long as it was last asked to be. */
import type { DetourTarget } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { DetourOutcome, VipDetour } from "../detour/detour.ts";

const DONE = async (): Promise<DetourOutcome> => ({ t: "done" });

/** For those whose API servers never fail. */
export const NO_DETOUR: VipDetour = { hasPeers: true, prepare: DONE, open: DONE, close: DONE };

export class MemoryDetour implements VipDetour {
  readonly #clock: Clock;
  #open: { readonly target: DetourTarget; readonly untilMs: number } | undefined;
  /** What it was asked, in order. */
  readonly asked: ("prepare" | "open" | "close")[] = [];
  hasPeers = true;
  /** What every verb answers. */
  outcome: DetourOutcome = { t: "done" };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get opened(): DetourTarget | undefined {
    return this.#open !== undefined && this.#clock.nowMs() < this.#open.untilMs ? this.#open.target : undefined;
  }

  async prepare(): Promise<DetourOutcome> {
    this.asked.push("prepare");
    return this.outcome;
  }

  async open(target: DetourTarget, timeoutMs: number): Promise<DetourOutcome> {
    this.asked.push("open");
    if (this.outcome.t === "done") this.#open = { target, untilMs: this.#clock.nowMs() + timeoutMs };
    return this.outcome;
  }

  async close(): Promise<DetourOutcome> {
    this.asked.push("close");
    this.#open = undefined;
    return this.outcome;
  }
}
