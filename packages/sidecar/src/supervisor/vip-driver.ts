/** Drives the VIP machine (vip/vip.ts): its effects become kernel changes and frames, their outcomes its events. */
import type { Placement } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Happening } from "../observe/happening.ts";
import type { Segment } from "../segment.ts";
import type { VipKernel } from "../vip/kernel.ts";
import { type Permission, stepVip, type VipEffect, type VipEvent, type VipState, vipWakeMs } from "../vip/vip.ts";
import type { Loop } from "./loop.ts";

export interface VipDriverOptions {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly vipKernel: VipKernel;
  readonly segment: Segment;
  readonly tell: (happening: Happening) => void;
  /** Where the VIP belongs now; undefined while its link is missing. */
  readonly placement: () => Placement | undefined;
  /** Whether this replica may take the VIP; one that stops or is unfit prepares nothing. */
  readonly isFit: () => boolean;
  /** Nobody is answered for the VIP here. */
  readonly onSilenced: () => void;
  /** The kernel will not have the VIP. */
  readonly onRefused: (reason: string) => void;
}

type News = VipEvent extends infer E ? (E extends VipEvent ? Omit<E, "nowMs"> : never) : never;

export class VipDriver {
  readonly #o: VipDriverOptions;
  #state: VipState = { t: "absent" };
  #preparing = false;
  #silenceAsked = false;
  /** Since it was asked for silence; undefined: it is not asked, or nothing was to be silenced. */
  #silencingSinceMs: number | undefined;
  /** When the answer to the winning write was here: takeover is measured from it. */
  #wonAtMs: number | undefined;

  constructor(options: VipDriverOptions) {
    this.#o = options;
  }

  get state(): VipState {
    return this.#state;
  }

  get wakeMs(): number | undefined {
    return vipWakeMs(this.#state);
  }

  hold(permission: Permission): void {
    if (this.#state.t === "absent" || this.#state.t === "withdrawing") this.#wonAtMs = this.#o.clock.nowMs();
    this.#step({ t: "hold", permission });
    this.#o.segment.extend(permission.deadlineMs);
  }

  /** Answered once by onSilenced, when nobody is answered for the VIP here. */
  silence(): void {
    this.#silenceAsked = true;
    this.#step({ t: "silence" });
  }

  /** Something of ours, or our link, changed in the kernel: put it right, or prepare anew. */
  kernelChanged(): void {
    this.#o.vipKernel.doubt();
    this.#step({ t: "kernel-changed" });
    this.prepare();
  }

  /** Everything but the address, while another replica holds the VIP: then taking it is one request to the kernel. */
  prepare(): void {
    if (this.#state.t !== "absent" || this.#preparing || !this.#o.isFit()) return;
    const placement = this.#o.placement();
    if (placement === undefined) return;
    this.#preparing = true;
    this.#o.loop.awaited(this.#o.vipKernel.prepare(placement), (prepared) => {
      this.#preparing = false;
      if (prepared.t === "failed") this.#o.onRefused(prepared.reason);
    });
  }

  tick(): void {
    this.#step({ t: "tick" });
  }

  /** The link came up, or has another MAC address: neighbours must hear of it. */
  announceAgain(): void {
    if (this.#state.t === "held") this.#o.segment.announce(this.#state.permission.deadlineMs);
  }

  #step(news: News): void {
    const [state, effects] = stepVip(this.#state, { ...news, nowMs: this.#o.clock.nowMs() } as VipEvent);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: VipEffect): void {
    switch (effect.t) {
      case "configure":
      case "restore":
        return this.#configure(effect.t);
      case "withdraw":
        return this.#withdraw();
      case "announce":
        return this.#announceTakeover();
      case "announce-again":
        return this.announceAgain();
      case "stop-announcing":
        this.#silencingSinceMs ??= this.#o.clock.nowMs();
        return this.#o.segment.stop();
      case "silenced":
        return this.#silenced();
      case "transition":
        return this.#o.tell({ ...effect, machine: "vip" });
    }
  }

  #configure(kind: "configure" | "restore"): void {
    const { loop, vipKernel, tell } = this.#o;
    const placement = this.#o.placement();
    if (placement === undefined) return loop.push(() => this.#step({ t: "configured", outcome: "failed" }));
    loop.awaited(vipKernel.configure(placement, this.#mayHold), (configured) => {
      if (configured.t === "failed") this.#o.onRefused(configured.reason);
      const restored = configured.t === "done" && kind === "restore" && configured.changes.length > 0;
      if (restored) for (const what of configured.changes) tell({ t: "restored", what });
      this.#step({ t: "configured", outcome: restored ? "restored" : configured.t });
    });
  }

  #withdraw(): void {
    const { loop, vipKernel } = this.#o;
    const placement = this.#o.placement();
    // With its link the address is gone.
    if (placement === undefined) return loop.push(() => this.#step({ t: "withdrawn", outcome: "done" }));
    loop.awaited(vipKernel.withdraw(placement), (withdrawn) => {
      const failed = withdrawn.t === "failed";
      if (failed) this.#o.tell({ t: "trouble", where: "kernel", code: "WITHDRAW_FAILED", message: withdrawn.reason });
      this.#step({ t: "withdrawn", outcome: failed ? "failed" : "done" });
      this.prepare();
    });
  }

  #silenced(): void {
    const { clock, loop, tell, onSilenced } = this.#o;
    if (this.#silencingSinceMs !== undefined) tell({ t: "silenced", tookMs: clock.nowMs() - this.#silencingSinceMs });
    this.#silencingSinceMs = undefined;
    // A withdrawal of our own (a deadline passed) answers no question: the election would mark on a later one's behalf.
    if (!this.#silenceAsked) return;
    this.#silenceAsked = false;
    loop.push(onSilenced);
  }

  /** Rule 7: what every netlink write that adds the address is asked before and after. */
  readonly #mayHold = (): boolean => {
    const { t } = this.#state;
    if (t !== "configuring" && t !== "held") return false;
    return this.#o.clock.nowMs() < this.#state.permission.deadlineMs;
  };

  #announceTakeover(): void {
    if (this.#state.t !== "held") return;
    const { deadlineMs, transitions } = this.#state.permission;
    this.#o.segment.announce(deadlineMs);
    const nowMs = this.#o.clock.nowMs();
    this.#o.tell({ t: "took", transitions, wonToFirstFrameMs: nowMs - (this.#wonAtMs ?? nowMs) });
    // Now that the segment knows, look whether everything is as it was prepared.
    this.#step({ t: "kernel-changed" });
  }
}
