/**
 * The port to the hold gate: until when this host may be heard for the VIP, kept by the kernel, so that the hold ends
 * whatever happens to the process (DESIGN rule 6). Implemented by nftables/ (real) and testing/ (in memory, with the
 * real one's habits). Knows no Lease and no election: who may open it, and until when, is its caller's to say.
 */
import type { IpAddress } from "./values/ip-address.ts";
import type { MacAddress } from "./values/mac-address.ts";

/**
 * What keeps a host silent past its deadline, the strongest first.
 * nft-egress: the kernel's own answers and every frame of ours. nft-arp: the kernel's own answers only. responder: the
 * kernel never answers, the process does, and a process that does not run says nothing. valid-lft: only the address's
 * lifetime, in whole seconds.
 */
export const FENCE_LEVELS = ["nft-egress", "nft-arp", "responder", "valid-lft"] as const;
export type FenceLevel = (typeof FENCE_LEVELS)[number];

/**
 * Whether a closed gate of this level makes it safe to keep the address: it drops the kernel's own questions, too, which
 * name the VIP as their sender and would be learned from by whoever they ask.
 */
export function canMute(level: FenceLevel): boolean {
  return level === "nft-egress" || level === "nft-arp";
}

/** Whom a gate silences. */
export interface GateTarget {
  readonly vip: IpAddress;
  /** By name, since a netdev chain is bound so; the index tells a link that was deleted and made again. */
  readonly linkName: string;
  readonly linkIndex: number;
}

/** Until when the VIP may be heard: the earlier of two clocks, since either of them may be wrong. */
export interface Opening {
  /** Kept in the kernel beside the deadline: what a later life of this namespace adopts by (rule 8). */
  readonly holderIdentity: string;
  /** T: milliseconds since the epoch, whole. A clock set back is what timeoutMs is for. */
  readonly untilWallMs: number;
  /** Counted by the kernel's monotonic clock from the moment it executes the request; whole, at least 1. */
  readonly timeoutMs: number;
}

/** What the kernel has now. */
export type GateReading =
  /** Nothing of our name: the VIP is not silenced by us. */
  | { readonly t: "absent" }
  /** Ours by its mark, but not as installed: something of it was removed, or its link was made again. */
  | { readonly t: "damaged"; readonly what: string }
  /** Whole; the VIP is silent. */
  | { readonly t: "closed"; readonly lease: string }
  /** Whole; `opening.timeoutMs` is what is left of it. Past untilWallMs by the wall clock it is silent all the same. */
  | { readonly t: "open"; readonly lease: string; readonly opening: Opening }
  /** A table of our name without our mark: never touched. */
  | { readonly t: "foreign"; readonly what: string };

/** "missing": what the verb builds on is not there (ENOENT): the table was removed, or the opening has lapsed. */
export type GateOutcome = "done" | "missing";

/**
 * How long a relay lasts: longer than a giver serves after it has seen that its successor took the VIP, and not much
 * longer, since what is passed on to one who has gone is answered by nobody.
 */
export const RELAY_MS = 250;

/**
 * Passes on to the giver of a planned move what the segment sends here of connections that began there. It speaks for
 * nobody, and does nothing while the gate is closed.
 */
export interface Relay {
  /**
   * Made ready, and inert; the gate is installed.
   * @throws RoutingError RELAY_UNSUPPORTED: it would not be made here; KERNEL_*
   */
  prepare(target: GateTarget): Promise<void>;
  /** From now on for RELAY_MS. "missing": it was not prepared, or is there no more. @throws RoutingError KERNEL_* */
  arm(target: GateTarget, giver: MacAddress): Promise<GateOutcome>;
}

export interface Gate {
  readonly level: FenceLevel;
  /** undefined: there is none of this level. */
  readonly relay?: Relay | undefined;
  /** Equivalent to: nft list table arp NAME; nft list table netdev NAME */
  read(target: GateTarget): Promise<GateReading>;
  /**
   * From scratch, in one transaction, whatever of ours was there: table, set, chain, rule and, if given, the opening.
   * @throws RoutingError GATE_UNSUPPORTED (the next level is to be tried), GATE_FOREIGN (not ours to replace), KERNEL_*
   * Equivalent to: nft -f - <<< "add table …; delete table …; add table …"
   */
  install(target: GateTarget, opening: Opening | undefined): Promise<void>;
  /** Opens a closed gate afresh, whatever opening is left in it: only after a confirmed write (rule 6). */
  open(target: GateTarget, opening: Opening): Promise<GateOutcome>;
  /**
   * Another deadline for an open gate: delete and add in one transaction, so that a lapsed opening makes it fail
   * ("missing") and the gate stays closed. Equivalent to: nft "delete element … ; add element …"
   */
  refresh(target: GateTarget, from: Opening, to: Opening): Promise<GateOutcome>;
  /** Silent at once. Equivalent to: nft flush set … */
  close(target: GateTarget): Promise<GateOutcome>;
  /** Nothing of ours left. Equivalent to: nft delete table … */
  remove(): Promise<GateOutcome>;
  /** Calls back when another hand changed something of ours (or the events were lost), until `end`. */
  subscribe(onChanged: () => void): Promise<void>;
  /** Closes the sockets; pending requests are rejected with KERNEL_CLOSED. The gate itself stays as it is. */
  end(): void;
}
