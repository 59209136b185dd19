/** A host in memory for tests of apply.ts: kernel, gate and clocks, and a hold that somebody grants. */
import { type Applied, apply } from "../apply.ts";
import {
  type DesiredState,
  gateTargetOf,
  heldState,
  nothing,
  ownerOf,
  type Placement,
  preparedState,
} from "../desired-state.ts";
import type { Opening } from "../gate.ts";
import { type Hold, NO_PERMIT, type Permit } from "../hold.ts";
import type { Link } from "../model.ts";
import { observe } from "../observation.ts";
import { plan, renewalOf, takeoverOf } from "../plan.ts";
import { reconcile } from "../reconcile.ts";
import {
  type GateVerb,
  interfaceName,
  ip,
  MemoryClock,
  MemoryGate,
  MemoryKernel,
  MemorySockets,
  mac,
  prefix,
  type VerbName,
} from "./index.ts";

export const placement: Placement = {
  vip: ip("10.100.0.100"),
  gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  linkName: interfaceName("net1"),
  linkIndex: 3,
  lease: "kube-system/vcluster-kube-vip",
  table: 1077,
  rulePriority: 1000,
  owner: ownerOf(77, interfaceName("net1")),
};
export const taking = heldState(placement, "take");
const net1: Link = {
  index: 3,
  name: "net1",
  mac: mac("02:00:00:00:00:03"),
  up: true,
  carrier: true,
  mtuBytes: 1500,
  kind: "veth",
};

/** Of a lease of 5 s, sent just now: the gate for 4754 ms, the address for 3 s. */
export const HOLD_MS = 4_754;
export const MARGIN_MS = 50;

export class MemoryHost {
  readonly clock = new MemoryClock();
  readonly kernel = new MemoryKernel();
  readonly gate = new MemoryGate(this.clock, placement.lease);
  readonly sockets = new MemorySockets();
  hold: Hold | undefined = this.holdFor(HOLD_MS);

  constructor() {
    this.kernel.putLink(net1);
  }

  get permit(): Permit {
    return { hold: () => this.hold, clock: this.clock };
  }

  holdFor(forMs: number): Hold {
    const deadlineMs = this.clock.nowMs() + forMs;
    return { holderIdentity: "a", deadlineMs, exclusiveUntilMs: deadlineMs + MARGIN_MS };
  }

  /** The process is stopped around the next verb of the gate, or of the kernel. */
  freeze(forMs: number, when: "before" | "after", verb: GateVerb | VerbName): void {
    let isLeft = true;
    const pass = (asked: string) => {
      if (asked !== verb || !isLeft) return;
      isLeft = false;
      this.clock.pass(forMs);
    };
    for (const port of [this.gate, this.kernel]) port[when === "before" ? "beforeVerb" : "afterVerb"] = pass;
  }

  async prepare(): Promise<this> {
    await reconcile(this, preparedState(placement), NO_PERMIT);
    this.gate.calls.length = 0;
    this.kernel.calls.length = 0;
    this.sockets.calls.length = 0;
    return this;
  }

  async reach(desired: DesiredState, permit: Permit = this.permit): Promise<Applied> {
    return apply(this, plan(desired, await observe(this, gateTargetOf(placement))).changes, permit);
  }

  /** The two steps of a prepared takeover. */
  take(): Promise<Applied> {
    return apply(this, takeoverOf(taking), this.permit);
  }

  renew(from: Opening): Promise<Applied> {
    return apply(this, renewalOf(taking, from), this.permit);
  }

  release(): Promise<Applied> {
    return this.reach(nothing(placement.owner, gateTargetOf(placement)), NO_PERMIT);
  }

  get verbs(): readonly string[] {
    return [...this.gate.calls, ...this.sockets.calls, ...this.kernel.calls];
  }

  async addresses(): Promise<readonly string[]> {
    const { items } = await this.kernel.addresses();
    return items.map(({ address: vip, prefixLength, validSeconds }) => `${vip}/${prefixLength} for ${validSeconds} s`);
  }
}
