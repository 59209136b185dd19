/** Drives the detour: opens it when connections are to take another way, extends it while they are, and closes it after. */
import type { DetourTarget } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { DetourOutcome, VipDetour } from "../detour/detour.ts";
import type { Happening } from "../observe/happening.ts";
import type { Loop } from "./loop.ts";

export interface DetourDriverOptions {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly detour: VipDetour;
  /** Why connections take another way; undefined: they do not. */
  readonly reason: () => string | undefined;
  /** The VIP is being taken away: the resets to those who came by the detour still need it. */
  readonly isWithdrawing: () => boolean;
  /** undefined while the VIP's link is missing. */
  readonly target: () => DetourTarget | undefined;
  readonly tell: (happening: Happening) => void;
}

/** After the start, which has more urgent matters; nobody's own API server dies in it that was not dead before. */
const PREPARE_AFTER_MS = 2000;
/** By the kernel's clock: what a process that dies here costs at most, where its API server comes back. */
const TIMEOUT_MS = 3000;
const EXTEND_EVERY_MS = 1000;

export class DetourDriver {
  readonly #o: DetourDriverOptions;
  #prepareAtMs: number | undefined;
  #isOpen = false;
  #isWorking = false;
  /** When it is to be opened, or for longer. */
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #saidCode: string | undefined;

  constructor(options: DetourDriverOptions) {
    this.#o = options;
    this.#prepareAtMs = options.clock.nowMs() + PREPARE_AFTER_MS;
  }

  get wakeMs(): number | undefined {
    if (this.#isWorking) return undefined;
    // Without the link there is nothing to open it on; that it is back comes as an event.
    const isWanted = this.#o.reason() !== undefined && this.#o.target() !== undefined;
    return isWanted ? this.#dueAtMs : this.#prepareAtMs;
  }

  /** Something that it hangs on may be another. */
  look(): void {
    const { clock, detour, isWithdrawing, reason, target } = this.#o;
    if (this.#isWorking) return;
    const nowMs = clock.nowMs();
    const why = reason();
    const where = target();
    if (why !== undefined && where !== undefined) {
      if (nowMs >= this.#dueAtMs) this.#open(where, why);
    } else if (this.#isOpen) {
      if (!isWithdrawing()) this.#close();
    } else if (this.#prepareAtMs !== undefined && nowMs >= this.#prepareAtMs) {
      this.#prepareAtMs = undefined;
      this.#work(detour.prepare(), () => undefined);
    }
  }

  /** After the VIP is gone: nothing of it is left. */
  async end(): Promise<void> {
    if (this.#isOpen || this.#isWorking) await this.#o.detour.close();
  }

  #open(where: DetourTarget, why: string): void {
    const { clock, detour, tell } = this.#o;
    this.#dueAtMs = clock.nowMs() + EXTEND_EVERY_MS;
    // Opened, it replaces what an earlier life left.
    this.#prepareAtMs = undefined;
    this.#work(detour.open(where, TIMEOUT_MS), () => {
      if (!this.#isOpen) tell({ t: "transition", machine: "detour", from: "closed", to: "open", reason: why });
      this.#isOpen = true;
    });
  }

  #close(): void {
    const { detour, tell } = this.#o;
    this.#dueAtMs = Number.NEGATIVE_INFINITY;
    this.#isOpen = false;
    tell({ t: "transition", machine: "detour", from: "open", to: "closed", reason: "connections need no other way" });
    this.#work(detour.close(), () => undefined);
  }

  #work(outcome: Promise<DetourOutcome>, onDone: () => void): void {
    this.#isWorking = true;
    this.#o.loop.awaited(outcome, (ended) => {
      this.#isWorking = false;
      if (ended.t === "done") onDone();
      else this.#say(ended);
      this.look();
    });
  }

  /** Once for each reason: every try meets it again. */
  #say({ code, message }: Extract<DetourOutcome, { t: "failed" }>): void {
    if (code === this.#saidCode) return;
    this.#saidCode = code;
    this.#o.tell({ t: "trouble", where: "kernel", code, message });
  }
}
