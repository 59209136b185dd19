/**
 * The VIP in the kernel, over routing's ports: prepared while another replica holds it, so that taking it is two
 * requests (gate, address), renewing the hold two, and giving it up two. One change at a time.
 */
import {
  type Applied,
  apply,
  type Change,
  canMute,
  type Failure,
  type Finding,
  type GateReading,
  type GateTarget,
  gateTargetOf,
  heldState,
  type IpAddress,
  type KernelPorts,
  type MacAddress,
  mutingOf,
  NO_PERMIT,
  nothing,
  type Opening,
  type Owner,
  observe,
  type Permit,
  type Placement,
  plan,
  preparedState,
  type Reconciled,
  type Relay,
  RoutingError,
  reconcile,
  renewalOf,
  resolveNextHops,
  shorteningOf,
  takeoverOf,
  validSecondsOutliving,
  withdrawalOf,
} from "@vcluster-kube-vip/routing";
import { describeChange, describeFailure, describeFinding } from "./words.ts";

export type Configured =
  /**
   * `changes` is empty where everything was there already. `left`: connections that could not be ended, and why. `gateMade`:
   * the gate was not there, or not as it was made.
   */
  | ({
      readonly t: "done";
      readonly changes: readonly string[];
      readonly left?: string;
      readonly gateMade?: true;
    } & Relayed)
  /** The kernel keeps silent, and may not be opened before the next confirmed hold. */
  | { readonly t: "lapsed" }
  | { readonly t: "not-allowed" }
  | { readonly t: "failed"; readonly reason: string };

const MAKES_GATE: readonly Change["t"][] = ["install-gate", "install-open-gate"];

/** Why nothing is relayed, if it should be. */
interface Relayed {
  readonly withoutRelay?: RoutingError;
}

export class VipKernel {
  readonly #ports: KernelPorts;
  readonly #owner: Owner;
  /** Kernel changes of ours happen one at a time: a withdrawal waits for the configuration that it undoes. */
  #last: Promise<unknown> = Promise.resolve();
  /** The link on which routes, rule and closed gate are in place, and nothing stands in the address's way. */
  #preparedOn: number | undefined;
  /** How often the kernel was said to have changed: what was looked at before counts no more. */
  #doubts = 0;
  /** What the gate was opened until: a refresh begins from it. undefined: not known, it is looked up first. */
  #opening: Opening | undefined;

  constructor(ports: KernelPorts, owner: Owner) {
    this.#ports = ports;
    this.#owner = owner;
  }

  /** What an earlier life of this network namespace left open. @throws RoutingError */
  readGate(target: GateTarget): Promise<GateReading> {
    return this.#ports.gate.read(target);
  }

  /** Everything but the address, with the gate closed, and away with what is not wanted. */
  prepare(placement: Placement): Promise<Configured> {
    return this.#inTurn(async () => {
      const doubts = this.#doubts;
      this.#preparedOn = undefined;
      const observed = await observe(this.#ports, gateTargetOf(placement));
      const { changes } = plan(preparedState(placement), observed);
      // What would forbid taking is said now, while another replica can.
      const { findings } = plan(heldState(placement, "take"), observed);
      const configured = outcomeOf(await apply(this.#ports, changes, NO_PERMIT), findings, changes);
      if (configured.t !== "done") return configured;
      const relayed = await this.#tryRelay((relay) => relay.prepare(gateTargetOf(placement)));
      this.#preparedOn = doubts === this.#doubts ? placement.linkIndex : undefined;
      return { ...configured, ...relayed };
    });
  }

  /** Something may have changed: what was prepared is looked at again before it is relied on. */
  doubt(): void {
    this.#doubts += 1;
    this.#preparedOn = undefined;
  }

  /**
   * After a confirmed take: rule 6's order up, of which only the last two steps are left where it is prepared.
   * @param giver - who gave the VIP away a moment ago and serves the connections that began there.
   */
  configure(placement: Placement, permit: Permit, giver?: MacAddress): Promise<Configured> {
    return this.#inTurn(async () => {
      if (giver === undefined) return this.#take(placement, permit);
      // Before the address: whose first segments went to the giver must not meet a kernel that knows nothing of them.
      const relayed = await this.#tryRelay((relay) => relay.arm(gateTargetOf(placement), giver));
      const taken = await this.#take(placement, permit);
      return taken.t === "done" ? { ...taken, ...relayed } : taken;
    });
  }

  /** While nothing was confirmed anew: what another hand removed is put back, and what has lapsed stays closed. */
  restore(placement: Placement, permit: Permit): Promise<Configured> {
    return this.#inTurn(() => this.#reconcile(placement, "keep", permit));
  }

  /** After a confirmed renewal, or the adoption of what an earlier life left open: gate and address for longer. */
  refresh(placement: Placement, permit: Permit): Promise<Configured> {
    return this.#refresh(placement, permit, () => true);
  }

  /** The gate alone, for longer or for less: the address lasts as long as the Lease lets it. */
  refreshGate(placement: Placement, permit: Permit): Promise<Configured> {
    return this.#refresh(placement, permit, ({ t }) => t === "refresh-gate");
  }

  #refresh(placement: Placement, permit: Permit, isWanted: (change: Change) => boolean): Promise<Configured> {
    return this.#inTurn(async () => {
      if (this.#opening === undefined) {
        const looked = await this.#reconcile(placement, "keep", permit);
        if (looked.t !== "done") return looked;
      }
      if (this.#opening === undefined) return { t: "lapsed" };
      const changes = renewalOf(heldState(placement, "keep"), this.#opening).filter(isWanted);
      const applied = await this.#apply(changes, permit);
      // Lapsed, or removed by another hand: only a look can tell, and what was removed silences nobody.
      if (applied.t === "lapsed" && applied.opened === undefined) return this.#reconcile(placement, "keep", permit);
      return outcomeOf(applied, [], []);
    });
  }

  /** Whether a closed gate makes it safe to keep the address here. */
  get canMute(): boolean {
    return canMute(this.#ports.gate.level);
  }

  /**
   * Makes the kernel ask for the next hops of the VIP's connections, which a muted one cannot.
   * @returns those that are not known yet. @throws RoutingError
   */
  async resolveNextHops(vip: IpAddress): Promise<readonly IpAddress[]> {
    const { kernel, sockets } = this.#ports;
    return sockets === undefined ? [] : resolveNextHops(kernel, sockets, vip);
  }

  /**
   * The gate is closed, and seen closed: where another hand has taken it away, a kept address would be answered for.
   * So that a hand that comes later has little time for that, the address lasts `keptMs` from now on, and not as long as
   * the hold did.
   */
  mute(placement: Placement, permit: Permit, keptMs: number): Promise<Configured> {
    return this.#inTurn(async () => {
      this.#preparedOn = undefined;
      this.#opening = undefined;
      const desired = heldState(placement, "keep");
      const changes = mutingOf(desired);
      const muted = outcomeOf(await apply(this.#ports, changes, NO_PERMIT), [], changes);
      const seen = await this.#ports.gate.read(gateTargetOf(placement));
      if (seen.t !== "closed") return { t: "failed", reason: `the hold gate is ${seen.t} after it was closed` };
      // Refused, it lasts as long as before: silent is who is muted by the gate.
      await apply(this.#ports, shorteningOf(desired, validSecondsOutliving(keptMs)), permit);
      return muted;
    });
  }

  /** Silence: the gate is closed, connections are ended, then the address goes. With the link's last IPv4 address the kernel drops the routes. */
  withdraw(placement: Placement): Promise<Configured> {
    return this.#inTurn(async () => {
      this.#preparedOn = undefined;
      this.#opening = undefined;
      const changes = withdrawalOf(heldState(placement, "keep"));
      return outcomeOf(await apply(this.#ports, changes, NO_PERMIT), [], changes);
    });
  }

  /** Whatever carries our protocol number goes: before a start and after a stop. */
  sweep(target: GateTarget | undefined): Promise<Configured> {
    return this.#inTurn(async () => {
      this.#preparedOn = undefined;
      this.#opening = undefined;
      const { applied, findings, changes } = await reconcile(this.#ports, nothing(this.#owner, target), NO_PERMIT);
      if (applied.t !== "done") return outcomeOf(applied, findings, changes);
      // What was left at another fence level, or on another link, no reading shows.
      const left: readonly Change[] = (await this.#ports.gate.remove()) === "done" ? [{ t: "remove-gate" }] : [];
      return outcomeOf(applied, findings, [...changes, ...left]);
    });
  }

  async #take(placement: Placement, permit: Permit): Promise<Configured> {
    if (this.#preparedOn === placement.linkIndex) {
      // Relied on once: the next look is a real one.
      this.#preparedOn = undefined;
      const changes = takeoverOf(heldState(placement, "take"));
      const applied = await this.#apply(changes, permit);
      if (!isOutdated(applied)) return outcomeOf(applied, [], changes);
    }
    return this.#reconcile(placement, "take", permit);
  }

  /** A move goes without a relay that cannot be had: it is no reason not to take. */
  async #tryRelay(act: (relay: Relay) => Promise<unknown>): Promise<Relayed> {
    const { relay } = this.#ports.gate;
    if (relay === undefined) return {};
    try {
      await act(relay);
      return {};
    } catch (error) {
      if (!(error instanceof RoutingError)) throw error;
      return { withoutRelay: error };
    }
  }

  async #reconcile(placement: Placement, to: "take" | "keep", permit: Permit): Promise<Configured> {
    const { applied, findings, changes, gate } = await reconcile(this.#ports, heldState(placement, to), permit);
    this.#opening = openingAfter({ applied, gate });
    const outcome = outcomeOf(applied, findings, changes);
    const makesGate = changes.some(({ t }) => MAKES_GATE.includes(t));
    return outcome.t === "done" && makesGate ? { ...outcome, gateMade: true } : outcome;
  }

  async #apply(changes: readonly Change[], permit: Permit): Promise<Applied> {
    const applied = await apply(this.#ports, changes, permit);
    this.#opening = applied.opened;
    return applied;
  }

  async #inTurn(work: () => Promise<Configured>): Promise<Configured> {
    const turn = this.#last.then(work).catch(
      (error: unknown): Configured => ({
        t: "failed",
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
    this.#last = turn;
    return turn;
  }
}

/** After a failure it is not known which of two openings the kernel has. */
function openingAfter({ applied, gate }: Pick<Reconciled, "applied" | "gate">): Opening | undefined {
  if (applied.opened !== undefined) return applied.opened;
  return applied.t === "done" && gate?.t === "open" ? gate.opening : undefined;
}

/** A connection that cannot be ended hangs until its peer gives it up; it does not make the VIP heard. */
function outcomeOfFailures(failures: readonly Failure[], changes: readonly Change[]): Configured {
  const reason = failures.map(describeFailure).join("; ");
  const isOnlySockets = failures.every(({ change }) => change.t === "destroy-sockets");
  return isOnlySockets ? { t: "done", changes: changes.map(describeChange), left: reason } : { t: "failed", reason };
}

/** Another hand has taken away what was prepared: a look shows what has to be made again. */
function isOutdated(applied: Applied): boolean {
  return applied.t === "failed" && applied.failures.every(({ cause }) => cause === "missing");
}

function outcomeOf(applied: Applied, findings: readonly Finding[], changes: readonly Change[]): Configured {
  if (applied.t === "not-allowed" || applied.t === "lapsed") return { t: applied.t };
  if (applied.t === "failed") return outcomeOfFailures(applied.failures, changes);
  const obstacles = findings.filter(({ t }) => t !== "gate-closed");
  if (obstacles.length > 0) return { t: "failed", reason: obstacles.map(describeFinding).join("; ") };
  return findings.length > 0 ? { t: "lapsed" } : { t: "done", changes: changes.map(describeChange) };
}
