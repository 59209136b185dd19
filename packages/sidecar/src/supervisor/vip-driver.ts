/** Drives the VIP machine (vip/vip.ts): its effects become kernel changes and frames, their outcomes its events. */
import type { MacAddress, Permit, Placement, RoutingError } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import { HOLD_MARGIN_MS } from "../election/hold-deadline.ts";
import { MUTED_MAX_MS } from "../election/turn.ts";
import type { Happening } from "../observe/happening.ts";
import type { Acknowledgement, Segment } from "../segment.ts";
import type { Configured, VipKernel } from "../vip/kernel.ts";
import { type Permission, stepVip, type VipEffect, type VipEvent, type VipState, vipWakeMs } from "../vip/vip.ts";
import type { Loop } from "./loop.ts";
import { knowNextHops } from "./next-hops.ts";

export interface VipDriverOptions {
  /** Kept in the gate beside the deadline. */
  readonly identity: string;
  readonly clock: Clock;
  readonly loop: Loop;
  readonly vipKernel: VipKernel;
  readonly segment: Segment;
  readonly tell: (happening: Happening) => void;
  /** Where the VIP belongs now; undefined while its link is missing. */
  readonly placement: () => Placement | undefined;
  /** Whether this replica may take the VIP; one that stops or is unfit prepares nothing. */
  readonly isFit: () => boolean;
  readonly isLinkUp: () => boolean;
  /** Nobody is answered for the VIP here. */
  readonly onSilenced: () => void;
  /** Who has heard of a take, some milliseconds after it. */
  readonly onAcknowledged: (heard: Acknowledgement) => void;
  /** The kernel will not have the VIP. */
  readonly onRefused: (reason: string) => void;
  /** It is in another state. */
  readonly onChanged: () => void;
  /** Another hand had taken away the gate; it is there again. */
  readonly onGateRemoved: () => void;
  /** The deadline that was asked for with this term is in force in the kernel. */
  readonly onTightened: (term: number) => void;
}

/** What was made known of the next hops for a move that comes is good for so long. */
const NEXT_HOPS_FRESH_MS = 250;
/** A neighbour that did not hear the first frames is asked again after 50 ms. */
const ACKNOWLEDGED_WITHIN_MS = 60;

type News = VipEvent extends infer E ? (E extends VipEvent ? Omit<E, "nowMs"> : never) : never;

export class VipDriver {
  readonly #o: VipDriverOptions;
  /** Rule 7: what every loosening of the kernel is asked before and after. */
  readonly #permit: Permit;
  #state: VipState = { t: "absent" };
  /** "again": the kernel changed since what is being prepared was looked at. */
  #preparing: "no" | "yes" | "again" = "no";
  /** Of the last change that opened the gate, or kept it open. */
  #kernelDeadlineMs: number | undefined;
  /** Silences asked for, and the last of them that was answered. */
  #asked = 0;
  #answered = 0;
  /** Since it was asked for silence; undefined: it is not asked, or nothing was to be silenced. */
  #silencingSinceMs: number | undefined;
  /** When the answer to the winning write was here: takeover is measured from it. */
  #wonAtMs: number | undefined;
  /** The next hops are being made known, for a mute that comes. */
  #nextHops: { readonly known: Promise<void>; readonly atMs: number } | undefined;
  /** To whom the take that is due relays. */
  #giver: MacAddress | undefined;
  /** The term whose deadline the kernel is being told. */
  #tightening: number | undefined;
  /** What was said of a relay that cannot be had. */
  #saidOfRelay: RoutingError["code"] | undefined;

  constructor(options: VipDriverOptions) {
    this.#o = options;
    this.#permit = { hold: () => this.#hold(), clock: options.clock };
  }

  get state(): VipState {
    return this.#state;
  }

  /**
   * Until when the kernel may be heard for the VIP, as far as it is known to have been told; undefined where it is
   * silent, or was told by an earlier life.
   */
  get kernelDeadlineMs(): number | undefined {
    const { t } = this.#state;
    return t === "held" || t === "withdrawing" ? this.#kernelDeadlineMs : undefined;
  }

  get wakeMs(): number | undefined {
    return vipWakeMs(this.#state);
  }

  /**
   * After each confirmed write. `adopted`: it goes on as an earlier life left it, and nothing changes on the wire.
   * @param giver - who handed the VIP over by a mark just now.
   */
  hold(permission: Permission, adopted: boolean, giver?: MacAddress): void {
    const { t } = this.#state;
    this.#giver = giver;
    if (t !== "held" && t !== "configuring" && t !== "failed") this.#wonAtMs = this.#o.clock.nowMs();
    this.#step({ t: "hold", permission, adopted });
  }

  /** Promises of peers moved the deadline: nothing opens by it. */
  bound(permission: Permission): void {
    this.#step({ t: "bound", permission });
  }

  /** An earlier deadline; answered by onTightened when the kernel has it, and not at all if nothing is held. */
  tighten(permission: Permission, term: number): void {
    this.#tightening = term;
    this.#step({ t: "bound", permission });
  }

  /** The kernel is heard for an earlier life. */
  inherit(): void {
    this.#step({ t: "inherit" });
  }

  /** There is nothing to adopt; who calls this sweeps. Nobody held here: no silence is told. */
  disinherit(): void {
    this.#step({ t: "disinherit" });
    this.#silencingSinceMs = undefined;
  }

  /** A mute may come soon: what it waits for is begun, while its successor is looked for. */
  expectMute(): void {
    const placement = this.#o.placement();
    if (this.#state.t !== "held" || placement === undefined || !this.#o.isLinkUp()) return;
    this.#nextHops = { known: this.#knowNextHops(placement), atMs: this.#o.clock.nowMs() };
  }

  /** Answered once by onSilenced, when nobody new is answered for the VIP here; its address and connections stay. */
  mute(): void {
    if (!this.#o.vipKernel.canMute) return this.silence();
    this.#asked += 1;
    this.#step({ t: "mute" });
  }

  /** Answered once by onSilenced, when nobody is answered for the VIP here. */
  silence(): void {
    this.#asked += 1;
    this.#step({ t: "silence" });
  }

  /** Something of ours, or our link, changed in the kernel: put it right, or prepare anew. */
  kernelChanged(): void {
    this.#o.vipKernel.doubt();
    this.#step({ t: "kernel-changed" });
    this.prepare();
  }

  /** Everything but the address, while another replica holds the VIP: then taking it is two requests to the kernel. */
  prepare(): void {
    if (this.#state.t !== "absent" || !this.#o.isFit()) return;
    if (this.#preparing !== "no") {
      this.#preparing = "again";
      return;
    }
    const placement = this.#o.placement();
    if (placement === undefined) return;
    this.#preparing = "yes";
    this.#o.loop.awaited(this.#o.vipKernel.prepare(placement), (prepared) => {
      const again = this.#preparing === "again";
      this.#preparing = "no";
      if (prepared.t === "done") this.#sayOfRelay(prepared.withoutRelay);
      if (prepared.t === "failed") this.#o.onRefused(prepared.reason);
      else if (again) this.prepare();
    });
  }

  tick(): void {
    this.#step({ t: "tick" });
  }

  /** The link came up, or has another MAC address: neighbours must hear of it. */
  announceAgain(): void {
    this.#whileHeld(({ deadlineMs }) => this.#o.segment.announce(deadlineMs));
  }

  #step(news: News): void {
    const [state, effects] = stepVip(this.#state, { ...news, nowMs: this.#o.clock.nowMs() } as VipEvent);
    const isOther = state.t !== this.#state.t;
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    if (isOther) this.#o.onChanged();
  }

  #run(effect: VipEffect): void {
    switch (effect.t) {
      case "configure":
        return this.#change("configure", (outcome) => this.#step({ t: "configured", outcome: outcome.t }));
      case "refresh":
        return this.#change("refresh", (outcome) => this.#step({ t: "refreshed", outcome: outcome.t }));
      case "refresh-gate":
        return this.#change("refreshGate", (outcome) => this.#step({ t: "refreshed", outcome: outcome.t }));
      case "restore":
        return this.#change("restore", (outcome) => this.#restored(outcome));
      case "mute":
        this.#silencingSinceMs ??= this.#o.clock.nowMs();
        return this.#mute();
      case "withdraw":
        this.#silencingSinceMs ??= this.#o.clock.nowMs();
        return this.#withdraw();
      case "announce":
        return this.#announceTakeover();
      case "announce-again":
        return this.announceAgain();
      case "extend-announcing":
        return this.#whileHeld(({ deadlineMs }) => this.#o.segment.extend(deadlineMs));
      case "resume-announcing":
        return this.#resumeAnnouncing();
      case "stop-announcing":
        return this.#o.segment.stop();
      case "silenced":
        return this.#silenced();
      case "transition":
        return this.#o.tell({ ...effect, machine: "vip" });
    }
  }

  #change(verb: "configure" | "refresh" | "refreshGate" | "restore", onEnd: (outcome: Configured) => void): void {
    const { loop, vipKernel, onRefused } = this.#o;
    const placement = this.#o.placement();
    if (placement === undefined) return loop.push(() => onEnd({ t: "failed", reason: "the link is missing" }));
    // Allowed for longer meanwhile, it would say so after its own refresh.
    const deadlineMs = this.#hold()?.deadlineMs;
    // Once: a later try comes too late for those who were connecting.
    const giver = this.#giver;
    this.#giver = undefined;
    const tightening = this.#tightening;
    const changed =
      verb === "configure"
        ? vipKernel.configure(placement, this.#permit, giver)
        : vipKernel[verb](placement, this.#permit);
    loop.awaited(changed, (outcome) => {
      if (outcome.t === "failed") onRefused(outcome.reason);
      if (outcome.t === "done") this.#sayOfRelay(outcome.withoutRelay);
      if (outcome.t === "done" && verb !== "restore") this.#kernelDeadlineMs = deadlineMs;
      onEnd(outcome);
      // Begun after it was asked for, and worked out from it: the gate of this or an earlier deadline.
      if (outcome.t !== "done" || verb === "restore" || tightening === undefined) return;
      if (this.#tightening === tightening) this.#tightening = undefined;
      this.#o.onTightened(tightening);
    });
  }

  /** Once for each reason: every preparation meets it again. */
  #sayOfRelay(error: RoutingError | undefined): void {
    if (error === undefined || error.code === this.#saidOfRelay) return;
    this.#saidOfRelay = error.code;
    this.#o.tell({ t: "trouble", where: "kernel", code: error.code, message: error.message });
  }

  #restored(outcome: Configured): void {
    const changes = outcome.t === "done" ? outcome.changes : [];
    for (const what of changes) this.#o.tell({ t: "restored", what });
    if (outcome.t === "done" && outcome.gateMade) this.#o.onGateRemoved();
    this.#step({ t: "restored", outcome: changes.length > 0 ? "changed" : outcome.t });
  }

  #mute(): void {
    const { clock, loop, tell, vipKernel } = this.#o;
    const placement = this.#o.placement();
    // With its link the address is gone.
    if (placement === undefined) return loop.push(() => this.#step({ t: "muted", outcome: "done" }));
    const begun = this.#nextHops;
    this.#nextHops = undefined;
    const isFresh = begun !== undefined && clock.nowMs() - begun.atMs < NEXT_HOPS_FRESH_MS;
    const known = isFresh ? begun.known : this.#knowNextHops(placement);
    loop.awaited(
      known.then(() => vipKernel.mute(placement, this.#permit, MUTED_MAX_MS)),
      (muted) => {
        const failed = muted.t === "failed";
        if (failed) tell({ t: "trouble", where: "kernel", code: "MUTE_FAILED", message: muted.reason });
        this.#step({ t: "muted", outcome: failed ? "failed" : "done" });
      },
    );
  }

  #knowNextHops({ vip }: Placement): Promise<void> {
    const { clock, isLinkUp, vipKernel } = this.#o;
    // By a link that is down nobody can be asked, and no reset leaves.
    return isLinkUp() ? knowNextHops(clock, () => vipKernel.resolveNextHops(vip)) : Promise.resolve();
  }

  #withdraw(): void {
    const { loop, vipKernel } = this.#o;
    const placement = this.#o.placement();
    // With its link the address is gone.
    if (placement === undefined) return loop.push(() => this.#step({ t: "withdrawn", outcome: "done" }));
    loop.awaited(vipKernel.withdraw(placement), (withdrawn) => {
      const failed = withdrawn.t === "failed";
      if (failed) this.#o.tell({ t: "trouble", where: "kernel", code: "WITHDRAW_FAILED", message: withdrawn.reason });
      if (withdrawn.t === "done" && withdrawn.left !== undefined) {
        this.#o.tell({ t: "trouble", where: "kernel", code: "CONNECTIONS_LEFT", message: withdrawn.left });
      }
      this.#step({ t: "withdrawn", outcome: failed ? "failed" : "done" });
      this.prepare();
    });
  }

  #silenced(): void {
    const { clock, loop, tell, onSilenced } = this.#o;
    if (this.#silencingSinceMs !== undefined) tell({ t: "silenced", tookMs: clock.nowMs() - this.#silencingSinceMs });
    this.#silencingSinceMs = undefined;
    // A withdrawal of our own (a deadline passed) answers no question: the election would mark on a later one's behalf.
    if (this.#answered === this.#asked) return;
    const answered = this.#asked;
    this.#answered = answered;
    // An answer that waits while silence is asked for again is not that one's answer.
    loop.push(() => {
      if (answered === this.#asked) onSilenced();
    });
  }

  #hold() {
    const { t } = this.#state;
    if (t !== "configuring" && t !== "held" && t !== "muting") return undefined;
    const { deadlineMs, leaseDeadlineMs } = this.#state.permission;
    return { holderIdentity: this.#o.identity, deadlineMs, exclusiveUntilMs: leaseDeadlineMs + HOLD_MARGIN_MS };
  }

  #whileHeld(act: (permission: Permission) => void): void {
    if (this.#state.t === "held") act(this.#state.permission);
  }

  #announceTakeover(): void {
    if (this.#state.t !== "held") return;
    const { clock, loop, segment, tell, onAcknowledged } = this.#o;
    const { deadlineMs, transitions } = this.#state.permission;
    segment.announce(deadlineMs);
    const nowMs = clock.nowMs();
    loop.awaited(segment.acknowledged(ACKNOWLEDGED_WITHIN_MS), onAcknowledged);
    tell({ t: "took", transitions, wonToFirstFrameMs: nowMs - (this.#wonAtMs ?? nowMs) });
    // Now that the segment knows, look whether everything is as it was prepared.
    this.#step({ t: "kernel-changed" });
  }

  #resumeAnnouncing(): void {
    this.#whileHeld(({ deadlineMs }) => this.#o.segment.resume(deadlineMs));
    // The address may have run out while it was adopted, and took the link's routes along without an event of theirs.
    this.#step({ t: "kernel-changed" });
  }
}
