/**
 * A hold gate in memory with the real one's habits: what lapses is gone by itself, by the earlier of two clocks; a
 * refresh of what has lapsed fails and changes nothing; an installation replaces; own writes make no event. For tests
 * of what is built on the Gate port, which are the wall clock, the monotonic clock and the other hands.
 */
import type { FenceLevel, Gate, GateOutcome, GateReading, GateTarget, Opening, Relay } from "../gate.ts";
import { RoutingError } from "../routing-error.ts";
import type { MacAddress } from "../values/mac-address.ts";

export type GateVerb = "install" | "open" | "refresh" | "close" | "remove" | "prepare-relay" | "arm-relay";

export interface GateClock {
  nowMs(): number;
  wallTimeMs(): number;
}

interface Element {
  readonly opening: Opening;
  /** Monotonic. */
  readonly lapsesAtMs: number;
}

interface Table {
  readonly lease: string;
  readonly target: GateTarget;
  readonly element: Element | undefined;
  readonly damage: string | undefined;
}

export class MemoryGate implements Gate {
  readonly level: FenceLevel;
  readonly relay: Relay | undefined;
  /** Every giver that the relay was armed for. */
  readonly givers: MacAddress[] = [];
  readonly #clock: GateClock;
  readonly #lease: string;
  #table: Table | undefined;
  #foreign: string | undefined;
  #unsupported = false;
  readonly #listeners = new Set<() => void>();
  readonly #failures = new Map<GateVerb, RoutingError>();
  readonly #lostAnswers = new Set<GateVerb>();
  /** Each verb asked for, in order: for tests of the order. */
  readonly calls: GateVerb[] = [];
  /** How often it was read. */
  reads = 0;
  /** Called when a verb was asked for and before it takes effect; a test lets time pass here. */
  beforeVerb: (verb: GateVerb) => void = () => undefined;
  /** Called when it has taken effect and before its answer is there. */
  afterVerb: (verb: GateVerb) => void = () => undefined;

  constructor(clock: GateClock, lease: string, level: FenceLevel = "nft-egress") {
    this.#clock = clock;
    this.#lease = lease;
    this.level = level;
    this.relay = level === "nft-egress" ? this.#relay() : undefined;
  }

  // What a test asks and does.

  /** Whether the kernel keeps silent for the VIP now. */
  get silences(): boolean {
    if (this.#table === undefined) return false;
    const element = this.#live();
    return element === undefined || this.#clock.wallTimeMs() >= element.opening.untilWallMs;
  }

  /** What is open now; undefined: nothing. */
  get opening(): Opening | undefined {
    return this.#live()?.opening;
  }

  /** Equivalent to: nft flush ruleset */
  flushRuleset(): void {
    this.#table = undefined;
    this.#foreign = undefined;
    this.#tell();
  }

  /** Equivalent to: nft flush set … */
  flushSet(): void {
    if (this.#table !== undefined) this.#table = { ...this.#table, element: undefined };
    this.#tell();
  }

  /** A rule or a chain of ours was removed, or its link was made again. */
  damage(what: string): void {
    if (this.#table !== undefined) this.#table = { ...this.#table, damage: what };
    this.#tell();
  }

  /** A table of our name by somebody else. */
  putForeign(what: string): void {
    this.#foreign = what;
    this.#table = undefined;
    this.#tell();
  }

  /** As another process, or an earlier life of this one, left it. */
  putByOther(lease: string, target: GateTarget, opening: Opening | undefined): void {
    this.#table = { lease, target, element: opening && this.#element(opening), damage: undefined };
    this.#tell();
  }

  /** A kernel without nf_tables. */
  withdrawSupport(): void {
    this.#unsupported = true;
  }

  /** The next request of this verb fails and changes nothing. */
  failNext(verb: GateVerb, error: RoutingError): void {
    this.#failures.set(verb, error);
  }

  /** The next request of this verb takes effect, but its answer is lost. */
  loseNextAnswer(verb: GateVerb): void {
    this.#lostAnswers.add(verb);
  }

  // The port.

  async read({ vip, linkIndex }: GateTarget): Promise<GateReading> {
    this.reads += 1;
    this.#demandSupport();
    if (this.#foreign !== undefined) return { t: "foreign", what: this.#foreign };
    const table = this.#table;
    if (table === undefined) return { t: "absent" };
    if (table.damage !== undefined) return { t: "damaged", what: table.damage };
    if (table.target.vip !== vip) return { t: "damaged", what: `it is for ${table.target.vip}` };
    if (table.target.linkIndex !== linkIndex) return { t: "damaged", what: "its link was made again" };
    const element = this.#live();
    if (element === undefined) return { t: "closed", lease: table.lease };
    const timeoutMs = Math.ceil(element.lapsesAtMs - this.#clock.nowMs());
    return { t: "open", lease: table.lease, opening: { ...element.opening, timeoutMs } };
  }

  async install(target: GateTarget, opening: Opening | undefined): Promise<void> {
    this.#verb("install", () => {
      this.#demandSupport();
      if (this.#foreign !== undefined)
        throw new RoutingError("GATE_FOREIGN", `${this.#foreign} is not ours to replace`);
      this.#table = { lease: this.#lease, target, element: opening && this.#element(opening), damage: undefined };
      return "done";
    });
  }

  async open(_target: GateTarget, opening: Opening): Promise<GateOutcome> {
    return this.#verb("open", () => this.#put(opening));
  }

  async refresh(_target: GateTarget, from: Opening, to: Opening): Promise<GateOutcome> {
    return this.#verb("refresh", () => {
      const isThere = this.#live()?.opening.untilWallMs === from.untilWallMs;
      return isThere ? this.#put(to) : "missing";
    });
  }

  async close(_target: GateTarget): Promise<GateOutcome> {
    return this.#verb("close", () => this.#put(undefined));
  }

  async remove(): Promise<GateOutcome> {
    return this.#verb("remove", () => {
      const wasThere = this.#table !== undefined;
      this.#table = undefined;
      return wasThere ? "done" : "missing";
    });
  }

  async subscribe(onChanged: () => void): Promise<void> {
    this.#listeners.add(onChanged);
  }

  end(): void {
    this.#listeners.clear();
  }

  // Habits.

  /** It goes with the table that it stands in. */
  #relay(): Relay {
    let preparedIn: string | undefined;
    const prepare = async ({ vip }: GateTarget): Promise<void> => {
      this.#verb("prepare-relay", () => {
        preparedIn = vip;
        return "done";
      });
    };
    const arm = async ({ vip }: GateTarget, giver: MacAddress): Promise<GateOutcome> =>
      this.#verb("arm-relay", () => {
        if (this.#table === undefined || preparedIn !== vip) return "missing";
        this.givers.push(giver);
        return "done";
      });
    return { prepare, arm };
  }

  #live(): Element | undefined {
    const element = this.#table?.element;
    return element !== undefined && this.#clock.nowMs() < element.lapsesAtMs ? element : undefined;
  }

  /** The kernel counts the timeout from the moment it executes the request, not from when it was worked out. */
  #element(opening: Opening): Element {
    return { opening, lapsesAtMs: this.#clock.nowMs() + opening.timeoutMs };
  }

  #put(opening: Opening | undefined): GateOutcome {
    if (this.#table === undefined) return "missing";
    this.#table = { ...this.#table, element: opening && this.#element(opening) };
    return "done";
  }

  #verb(name: GateVerb, act: () => GateOutcome): GateOutcome {
    this.calls.push(name);
    this.beforeVerb(name);
    const error = this.#failures.get(name);
    this.#failures.delete(name);
    if (error !== undefined) throw error;
    const outcome = act();
    this.afterVerb(name);
    if (this.#lostAnswers.delete(name)) throw new RoutingError("KERNEL_TIMEOUT", `no answer to ${name}`);
    return outcome;
  }

  #demandSupport(): void {
    if (this.#unsupported) throw new RoutingError("GATE_UNSUPPORTED", "the kernel has no nf_tables");
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
