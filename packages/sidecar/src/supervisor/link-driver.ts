/**
 * Follows the VIP's link, finds out what an earlier life left in the kernel and sweeps it unless it can be adopted
 * (rule 8), keeps the segment open, and judges from these whether this replica may take the VIP.
 */
import type { GateTarget, Kernel, KernelEvent } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Happening } from "../observe/happening.ts";
import type { Segment } from "../segment.ts";
import type { VipKernel } from "../vip/kernel.ts";
import { afterKernelEvent, describeLink, type LinkState, linkAmong } from "../vip/link.ts";
import { type Inheritance, inheritanceOf } from "./inheritance.ts";
import { earliestMs, type Loop } from "./loop.ts";

export interface LinkDriverOptions {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly kernel: Kernel;
  readonly vipKernel: VipKernel;
  readonly segment: Segment;
  readonly interfaceName: string;
  /** namespace/name */
  readonly lease: string;
  /** Where the VIP's gate is now; undefined while its link is missing. */
  readonly target: () => GateTarget | undefined;
  readonly tell: (happening: Happening) => void;
  /** The link came up, came back, or changed its MAC address. */
  readonly onUsable: () => void;
  readonly onFitness: (fitness: Fitness) => void;
  /** An earlier life is heard for the VIP: this replica is as fit as that one was, unless onFitness says otherwise. */
  readonly onInherited: (inherited: Inherited) => void;
  /** It is known whether there is something to inherit: once, and before the first fitness that is "fit". */
  readonly onLookedBack: () => void;
}

interface Inherited {
  readonly holderIdentity: string;
  readonly untilMs: number;
  readonly mac: string;
}

/**
 * What an earlier life left in the kernel: not looked at, or to be swept; still heard, and perhaps to be adopted; the
 * holder of another Lease, who is left alone; or no longer there.
 */
type Legacy =
  | { readonly t: "unknown" }
  | { readonly t: "inherited" }
  | { readonly t: "taken"; readonly sentence: string }
  | { readonly t: "swept" };

export type Fitness = { readonly t: "fit"; readonly mac: string } | { readonly t: "unfit"; readonly reason: string };

/** Between two tries at what the kernel refused: the sweep, the dump of links, the packet socket. */
const PREPARE_RETRY_MS = 1_000;
/** A replica whose kernel refused to hold the VIP leaves it to the others for this long. */
const REFUSED_MS = 10_000;

export class LinkDriver {
  readonly #o: LinkDriverOptions;
  #link: LinkState = { t: "missing" };
  #linksRead = false;
  #legacy: Legacy = { t: "unknown" };
  #lookedBack = false;
  #segmentOpen = false;
  #refused: { readonly untilMs: number; readonly reason: string } | undefined;
  #retryAtMs: number | undefined;
  readonly #inTrouble = new Set<"kernel" | "wire">();
  #fitness: Fitness = { t: "unfit", reason: "starting" };

  constructor(options: LinkDriverOptions) {
    this.#o = options;
  }

  get link(): LinkState {
    return this.#link;
  }

  get fitness(): Fitness {
    return this.#fitness;
  }

  get wakeMs(): number | undefined {
    return earliestMs([this.#refused?.untilMs, this.#retryAtMs]);
  }

  /** False where the things with our protocol number are another Lease's holder's. */
  get maySweep(): boolean {
    return this.#legacy.t !== "taken";
  }

  /** Does what is not done yet: reads the links, looks back, sweeps, opens the segment. */
  prepare(): void {
    this.#retryAtMs = undefined;
    if (!this.#linksRead) this.#readLinks();
    else if (this.#legacy.t === "unknown" || this.#legacy.t === "taken") this.#lookBack();
    if (this.#link.t === "up" && !this.#segmentOpen) this.#openSegment(this.#link);
    this.#judge();
  }

  tick(): void {
    const nowMs = this.#o.clock.nowMs();
    if (this.#refused !== undefined && nowMs >= this.#refused.untilMs) {
      this.#refused = undefined;
      this.#recovered("kernel");
    }
    if (this.#retryAtMs !== undefined && nowMs >= this.#retryAtMs) this.prepare();
    this.#judge();
  }

  onKernelEvent(event: KernelEvent): void {
    if (event.t === "overrun") this.#readLinks();
    this.#become(afterKernelEvent(this.#link, event, this.#o.interfaceName));
  }

  /** The kernel would not hold the VIP here: another replica should. */
  refused(reason: string): void {
    this.#o.tell({ t: "trouble", where: "kernel", code: "VIP_REFUSED", message: reason });
    this.#inTrouble.add("kernel");
    this.#refused = { untilMs: this.#o.clock.nowMs() + REFUSED_MS, reason };
    this.#judge();
  }

  /** There is nothing to adopt. */
  disinherit(): void {
    this.#legacy = { t: "unknown" };
    this.#judge();
    this.#sweep();
  }

  #readLinks(): void {
    const { kernel, loop, interfaceName } = this.#o;
    const answer = kernel.links().catch((error: unknown) => ({ complete: false, items: [], error }));
    loop.awaited(answer, (links) => {
      if ("error" in links) {
        this.#lookedBackOnce();
        return this.#retry("kernel", "LINKS_UNREADABLE", links.error);
      }
      const isFirst = !this.#linksRead;
      this.#linksRead = true;
      const seen = linkAmong(links.items, interfaceName);
      // Unknown is not absent: a link that an interrupted dump did not show may be there.
      if (seen.t !== "missing" || links.complete) this.#become(seen);
      if (isFirst) this.#lookBack();
    });
  }

  /** Once in a life, and on a link on which somebody may be heard; and again while it is another Lease's. */
  #lookBack(): void {
    const { clock, loop, vipKernel, lease } = this.#o;
    const target = this.#o.target();
    const isLate = this.#lookedBack && this.#legacy.t !== "taken";
    if (isLate || target === undefined || this.#link.t !== "up" || !this.#segmentOpen) return this.#sweep();
    const moment = { lease, wallTimeMs: clock.wallTimeMs(), nowMs: clock.nowMs() };
    const answer = vipKernel.readGate(target).catch((error: unknown) => ({ t: "unreadable" as const, error }));
    loop.awaited(answer, (reading) => {
      if (reading.t !== "unreadable") return this.#inherit(inheritanceOf(reading, moment));
      this.#lookedBackOnce();
      this.#retry("kernel", "SWEEP_FAILED", reading.error);
    });
  }

  #inherit(found: Inheritance): void {
    if (found.t === "taken") {
      this.#legacy = found;
      this.#o.segment.beginAsking();
      this.#retry("kernel", "PROTOCOL_TAKEN", new Error(found.sentence));
    } else if (found.t === "inherited" && this.#link.t === "up" && !this.#lookedBack) {
      const { holderIdentity, untilMs } = found;
      const { mac } = this.#link;
      this.#legacy = { t: "inherited" };
      this.#fitness = { t: "fit", mac };
      this.#o.onInherited({ holderIdentity, untilMs, mac });
    } else {
      return this.#sweep();
    }
    this.#lookedBackOnce();
    this.#judge();
  }

  #lookedBackOnce(): void {
    if (this.#lookedBack) return;
    this.#lookedBack = true;
    this.#o.onLookedBack();
  }

  #become(next: LinkState): void {
    const before = this.#link;
    this.#link = next;
    if (before.t !== next.t) {
      const reason = describeLink(next, this.#o.interfaceName);
      this.#o.tell({ t: "transition", machine: "link", from: before.t, to: next.t, reason });
    }
    const usable = next.t === "up" && !isSame(before, next);
    if (usable) this.#openSegment(next);
    if (next.t === "missing") this.#segmentOpen = false;
    this.#judge();
    if (usable) this.#o.onUsable();
  }

  #openSegment(link: Extract<LinkState, { t: "up" }>): void {
    try {
      this.#o.segment.open(link.link, link.mac);
      this.#segmentOpen = true;
      this.#recovered("wire");
    } catch (error) {
      this.#segmentOpen = false;
      this.#retry("wire", "SEGMENT_CLOSED", error);
    }
  }

  #sweep(): void {
    this.#lookedBackOnce();
    this.#o.segment.beginAsking();
    this.#o.loop.awaited(this.#o.vipKernel.sweep(this.#o.target()), (swept) => {
      if (swept.t === "failed") return this.#retry("kernel", "SWEEP_FAILED", new Error(swept.reason));
      this.#legacy = { t: "swept" };
      this.#recovered("kernel");
      if (swept.t === "done") for (const what of swept.changes) this.#o.tell({ t: "swept", what });
      this.#judge();
    });
  }

  #recovered(where: "kernel" | "wire"): void {
    if (this.#inTrouble.delete(where)) this.#o.tell({ t: "recovered", where });
  }

  #retry(where: "kernel" | "wire", fallbackCode: string, error: unknown): void {
    this.#inTrouble.add(where);
    this.#retryAtMs = this.#o.clock.nowMs() + PREPARE_RETRY_MS;
    const code = error instanceof Error && "code" in error ? String(error.code) : fallbackCode;
    const message = error instanceof Error ? error.message : String(error);
    this.#o.tell({ t: "trouble", where, code, message });
  }

  #judge(): void {
    const fitness = this.#currentFitness();
    const before = this.#fitness;
    if (JSON.stringify(fitness) === JSON.stringify(before)) return;
    this.#fitness = fitness;
    this.#o.onFitness(fitness);
  }

  #currentFitness(): Fitness {
    const unfit = (reason: string): Fitness => ({ t: "unfit", reason });
    if (this.#legacy.t === "taken") return unfit(this.#legacy.sentence);
    if (this.#legacy.t === "unknown") return unfit("what an earlier life left in the kernel is not yet swept");
    if (this.#link.t !== "up") return unfit(describeLink(this.#link, this.#o.interfaceName));
    if (!this.#segmentOpen) return unfit(`no packet socket on ${this.#o.interfaceName}`);
    return this.#refused === undefined ? { t: "fit", mac: this.#link.mac } : unfit(this.#refused.reason);
  }
}

function isSame(before: LinkState, next: Extract<LinkState, { t: "up" }>): boolean {
  return before.t === "up" && before.link.index === next.link.index && before.mac === next.mac;
}
