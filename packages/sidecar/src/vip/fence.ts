/**
 * The ladder of fence levels: the strongest gate that this host has, from the level aimed at downwards. A gate itself,
 * so that nobody else need know which of them is in force. With `strict` there is one rung, and where it cannot be had
 * nothing is installed: then this replica does not hold.
 */
import {
  FENCE_LEVELS,
  type FenceLevel,
  type Gate,
  type GateOutcome,
  type GateReading,
  type GateTarget,
  type Opening,
  type Relay,
  RoutingError,
} from "@vcluster-kube-vip/routing";
import type { Happening } from "../observe/happening.ts";

/** One level, and how its gate is opened. @throws RoutingError GATE_UNSUPPORTED where this host has it not */
export interface Rung {
  readonly level: FenceLevel;
  readonly open: () => Promise<Gate>;
}

export interface FenceOptions {
  /** Of all levels that this program has, the strongest first. */
  readonly rungs: readonly Rung[];
  readonly fence: "strict" | "best";
  /** The level aimed at. */
  readonly fenceLevel: FenceLevel;
  /** namespace/name of our Lease. */
  readonly lease: string;
  readonly tell: (happening: Happening) => void;
}

export class Fence implements Gate {
  readonly #o: FenceOptions;
  readonly #ladder: readonly Rung[];
  /** Which rung is stood on; one more than the last where none of them can be had. */
  #at = 0;
  #reason: string | undefined;
  readonly #opened = new Map<FenceLevel, Promise<Gate>>();
  #leftoversCleared = false;
  #onChanged: (() => void) | undefined;
  #ended = false;
  /** Of the rung that is stood on, where that has one. */
  readonly relay: Relay = {
    prepare: async (target) => (await this.#stand())?.relay?.prepare(target),
    arm: async (target, giver) => (await this.#stand())?.relay?.arm(target, giver) ?? "missing",
  };

  constructor(options: FenceOptions) {
    this.#o = options;
    const aim = FENCE_LEVELS.indexOf(options.fenceLevel);
    this.#ladder = options.rungs.filter(({ level }) => {
      const strength = FENCE_LEVELS.indexOf(level);
      return options.fence === "strict" ? strength === aim : strength >= aim;
    });
  }

  /** In force, or tried next. */
  get level(): FenceLevel {
    return this.#ladder[this.#at]?.level ?? this.#o.fenceLevel;
  }

  async read(target: GateTarget): Promise<GateReading> {
    for (;;) {
      const gate = await this.#stand();
      // Where there is no gate at all, nothing of ours is in the way of a sweep.
      const reading: GateReading = gate === undefined ? { t: "absent" } : await gate.read(target);
      if (reading.t === "absent") return (await this.#heardForAnother(gate?.level, target)) ?? reading;
      if (reading.t !== "foreign" || this.#at + 1 >= this.#ladder.length) return reading;
      this.#stepDown(`${reading.what} has the gate's name and was not made by us`);
    }
  }

  async install(target: GateTarget, opening: Opening | undefined): Promise<void> {
    for (;;) {
      const gate = await this.#stand();
      if (gate === undefined) throw this.#refusal();
      try {
        await this.#clearLeftovers(gate.level);
        return await gate.install(target, opening);
      } catch (error) {
        if (!isReasonToStepDown(error)) throw error;
        this.#stepDown(error.message);
      }
    }
  }

  async open(target: GateTarget, opening: Opening): Promise<GateOutcome> {
    return (await this.#stand())?.open(target, opening) ?? "missing";
  }

  async refresh(target: GateTarget, from: Opening, to: Opening): Promise<GateOutcome> {
    return (await this.#stand())?.refresh(target, from, to) ?? "missing";
  }

  async close(target: GateTarget): Promise<GateOutcome> {
    return (await this.#stand())?.close(target) ?? "missing";
  }

  /** What an earlier life left on other rungs, too. */
  async remove(): Promise<GateOutcome> {
    const gate = await this.#stand();
    const cleared = await this.#clearLeftovers(gate?.level);
    const removed = await gate?.remove();
    return cleared || removed === "done" ? "done" : "missing";
  }

  /** From the moment that a rung is stood on, whichever that will be. */
  async subscribe(onChanged: () => void): Promise<void> {
    this.#onChanged = onChanged;
  }

  end(): void {
    this.#ended = true;
    for (const gate of this.#opened.values()) {
      gate.then(
        (opened) => opened.end(),
        // It was never open.
        () => undefined,
      );
    }
  }

  /** The gate of the strongest rung that can be had; undefined where none can. */
  async #stand(): Promise<Gate | undefined> {
    for (;;) {
      const rung = this.#ladder[this.#at];
      if (rung === undefined) return undefined;
      try {
        return await this.#openOnce(rung);
      } catch (error) {
        if (!isReasonToStepDown(error)) {
          // Perhaps only for now: opened again when it is wanted next.
          this.#opened.delete(rung.level);
          throw error;
        }
        if (this.#ladder[this.#at] === rung) this.#stepDown(error.message);
      }
    }
  }

  #openOnce(rung: Rung): Promise<Gate> {
    const before = this.#opened.get(rung.level);
    if (before !== undefined) return before;
    const opened = this.#openAndSay(rung);
    this.#opened.set(rung.level, opened);
    return opened;
  }

  async #openAndSay({ level, open }: Rung): Promise<Gate> {
    if (this.#ended) throw new RoutingError("KERNEL_CLOSED", "the hold gate was closed by its owner");
    const gate = await open();
    // Only the rung that is stood on counts: what happens to another's gate changes nothing.
    await gate.subscribe(() => {
      if (this.level === level) this.#onChanged?.();
    });
    this.#o.tell({ t: "fence", fenceLevel: level, aim: this.#o.fenceLevel, reason: this.#reason });
    return gate;
  }

  #stepDown(reason: string): void {
    this.#reason = reason;
    this.#at += 1;
  }

  /** Once in a life: an earlier one may have stood on another rung, whose gate would silence the VIP for ever. */
  async #clearLeftovers(standing: FenceLevel | undefined): Promise<boolean> {
    if (this.#leftoversCleared) return false;
    let cleared = false;
    await this.#onOtherRungs(standing, async (gate) => {
      if ((await gate.remove()) === "done") cleared = true;
    });
    this.#leftoversCleared = true;
    return cleared;
  }

  /** Another Lease's holder, on another rung than ours, with what we would clear away. */
  async #heardForAnother(standing: FenceLevel | undefined, target: GateTarget): Promise<GateReading | undefined> {
    if (this.#leftoversCleared) return undefined;
    let heard: GateReading | undefined;
    await this.#onOtherRungs(standing, async (gate) => {
      const reading = await gate.read(target);
      if (reading.t === "open" && reading.lease !== this.#o.lease) heard = reading;
    });
    return heard;
  }

  /** Of those that this host has. */
  async #onOtherRungs(standing: FenceLevel | undefined, act: (gate: Gate) => Promise<void>): Promise<void> {
    for (const { level, open } of this.#o.rungs) {
      if (standing !== undefined && kindOf(level) === kindOf(standing)) continue;
      const gate = await open().catch((error: unknown) => {
        if (isReasonToStepDown(error)) return undefined;
        throw error;
      });
      if (gate === undefined) continue;
      try {
        await act(gate);
      } finally {
        gate.end();
      }
    }
  }

  #refusal(): RoutingError {
    const { fenceLevel } = this.#o;
    const sentence = `fence is strict, and its level ${fenceLevel} cannot be had here: ${this.#reason ?? "this program has no such gate"}. Use a kernel that has it, lower fenceLevel, or set fence to best`;
    return new RoutingError("GATE_UNSUPPORTED", sentence);
  }
}

/** Levels of one kind replace each other's gates themselves. */
function kindOf(level: FenceLevel): string {
  return level === "nft-arp" ? "nft-egress" : level;
}

function isReasonToStepDown(error: unknown): error is RoutingError {
  return error instanceof RoutingError && (error.code === "GATE_UNSUPPORTED" || error.code === "GATE_FOREIGN");
}
