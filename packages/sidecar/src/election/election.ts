/**
 * The election's vocabulary: what it is told (settings), what it knows (state), what happens to it (events) and what
 * it wants done (effects). `step` in step.ts is the machine. Pure: no clock, no I/O, no randomness.
 */
import type { HeldTerm } from "../quorum/port.ts";
import type { ReadResult, WatchEvent, WriteResult } from "./lease-lock.ts";
import type { LeaseDraft, LeaseRecord } from "./lease-record.ts";
import { NOTHING_KNOWN, type Observation } from "./observation.ts";
import type { Promised, QuorumHold } from "./quorum-hold.ts";

export interface ElectionSettings {
  /** podName_podUID_bootNonce: never the same for two lives (rule 8). */
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly recordResolutionMs: number;
  /** Rule 10: voluntary moves allowed per window. */
  readonly movesMax: number;
  readonly movesWindowMs: number;
  /** Whether promises of peers may end a hold earlier, and so shorten a takeover (rule 9). */
  readonly quorum: "auto" | "never";
}

/** Our hold on the Lease: what the last confirmed write said. */
export interface Claim {
  /** The record that answered our last confirmed write. Past the deadline only this version may be built on (rule 3). */
  readonly record: LeaseRecord;
  /** Where the Lease alone would end it: counted from the send of that write. */
  readonly leaseDeadlineMs: number;
  /** H: the earlier of that and the quorum's end, monotonic. -Infinity once a mark was sent: only a confirmed write sent later opens again (rule 4). */
  readonly deadlineMs: number;
}

/** What an earlier life left behind in this very network namespace (rule 8). */
export interface Inheritance {
  /** Whom the kernel is heard for. */
  readonly holderIdentity: string;
  /** Until when: the end of its opening, own monotonic clock. */
  readonly untilMs: number;
  /** The MAC address on the VIP's interface. */
  readonly mac: string;
}

/** Who this replica is in the election. */
export type Role =
  /** A candidate that counts, watches, and may not take yet. */
  | { readonly t: "waiting" }
  /** The kernel is heard for an earlier life, whose Lease is being made ours. Only ever the first of a life. */
  | {
      readonly t: "adopting";
      readonly inherited: Inheritance;
      /** Of the first version known. */
      readonly uid: string | undefined;
      /** The newest version, as a consistent read showed it: what the adoption builds on. */
      readonly seen: LeaseRecord | undefined;
      /** How often another version came before ours. */
      readonly overtaken: number;
    }
  /** Has a proof, and asks the segment whether somebody answers for the VIP (before the first take of a life). */
  | { readonly t: "asking"; readonly sinceMs: number }
  /** The taking write is on its way. */
  | { readonly t: "taking"; readonly number: string }
  /** Holds: the VIP may be answered until the claim's deadline. */
  | { readonly t: "holding"; readonly claim: Claim; readonly lookupUntilMs: number | undefined }
  /** Silent, with a claim that may be renewed or restored. */
  | { readonly t: "suspended"; readonly claim: Claim; readonly reason: SilenceReason }
  /** Giving up on purpose: first silent, then the mark. */
  | { readonly t: "yielding"; readonly claim: Claim; readonly to: string | undefined; readonly phase: YieldPhase }
  | { readonly t: "stopped" };

export type YieldPhase =
  /** The gate is being closed: muted, with the address kept, or silent altogether. */
  | { readonly t: "silencing" }
  | {
      readonly t: "marking";
      readonly number: string;
      /** The version that it replaces. */
      readonly base: LeaseRecord;
      readonly tries: number;
      /** No try so far may have been applied unseen. */
      readonly certain: boolean;
    }
  /** The mark is in the Lease, as the answer to our write said; its giver may resume at resumeAtMs. */
  | { readonly t: "marked"; readonly resumeAtMs: number }
  /** Another has taken the Lease: until then the muted VIP is served on here. `isHeard`: it has said who has heard of it. */
  | { readonly t: "relieved"; readonly untilMs: number; readonly isHeard: boolean };

export type SilenceReason =
  | "deadline-passed"
  | "quorum-lapsed"
  | "lookup-unanswered"
  | "lease-missing"
  | "lease-vacant"
  | "lease-recreated"
  | "other-holder"
  | "yielding"
  | "mark-not-sent";

/** A write that was sent and may be applied: its number in a consistent read confirms it (rule 4). */
export interface PendingWrite {
  readonly number: string;
  /** Its place among the writes of this life. */
  readonly order: number;
  /** Earliest send of its copies: the moment the effect was emitted. */
  readonly sentAtMs: number;
  readonly purpose: WritePurpose;
  /** resourceVersion that it builds on; undefined for a create. */
  readonly baseVersion: string | undefined;
  /** Whether its answer is still awaited. */
  readonly inFlight: boolean;
}

export type WritePurpose = "create" | "take" | "adopt" | "renew" | "restore" | "resume" | "mark";

export interface ElectionState {
  readonly settings: ElectionSettings;
  readonly role: Role;
  readonly lease: Observation;
  readonly pending: readonly PendingWrite[];
  /** Counts writes and reads of this life. */
  readonly lastNumber: number;
  /** A consistent read: wanted from a moment on, or on its way. */
  readonly read: { readonly t: "none" } | { readonly t: "wanted" } | { readonly t: "sent"; readonly number: number };
  /** No read before this: a failed read is not repeated at once. */
  readonly nextReadAtMs: number;
  /** The version whose predecessor was asked for (a young process's exact list); asked once a version. */
  readonly exactReadFor: string | undefined;
  /** No write before this: a retry period after the last, or what Retry-After asked for. */
  readonly nextTryAtMs: number;
  readonly lastWriteAtMs: number;
  /** Writes up to this place open nothing: a mark, or the Lease in another's hand, came after them. */
  readonly voidedThrough: number;
  /** A silence was asked for and is not answered: until then nothing opens. */
  readonly silencing: boolean;
  /** Since when the VIP is muted, or being muted, and not silent: its address may be here, answering nobody anew. */
  readonly mutedSinceMs: number | undefined;
  /** The deadline of the last hold that was said; -Infinity since a silence. */
  readonly openUntilMs: number;
  /** Whether this replica may take: why not, if not. */
  readonly eligible: { readonly t: "yes" } | { readonly t: "no"; readonly reason: string };
  readonly stopping: boolean;
  readonly mac: string | undefined;
  /** A take of this life was confirmed: the segment need not be asked again. */
  readonly hasTaken: boolean;
  /** Whom a voluntary move of our own goes to; undefined is anybody. The caller's choice. */
  readonly successor: string | undefined;
  /** Who took by a mark says early who has acknowledged it: its giver waits for that. */
  readonly giverWaits: boolean;
  /** Of the giver whose mark our take builds on, as the Lease says it, until the hold is said. */
  readonly giverMac: string | undefined;
  /** "3/4": neighbours that have acknowledged this take, of those that were asked; undefined: not known yet. */
  readonly acknowledged: string | undefined;
  /** When voluntary moves were seen or made, own monotonic clock; those of the window. */
  readonly movesAtMs: readonly number[];
  /** A record's duration that was warned about. */
  readonly warnedDurationSeconds: number | undefined;
  /** The Lease may say mode quorum of a hold of ours; undefined: certainly not. Outlives the role. */
  readonly quorum: QuorumHold | undefined;
  /** The term of the mode that own writes say. */
  readonly modeTerm: number;
  /** A term of another holder that a majority has given up for good. */
  readonly quorumProof: HeldTerm | undefined;
}

export function initialState(settings: ElectionSettings): ElectionState {
  return {
    settings,
    role: { t: "waiting" },
    lease: NOTHING_KNOWN,
    pending: [],
    lastNumber: 0,
    read: { t: "none" },
    exactReadFor: undefined,
    nextReadAtMs: Number.NEGATIVE_INFINITY,
    nextTryAtMs: Number.NEGATIVE_INFINITY,
    lastWriteAtMs: Number.NEGATIVE_INFINITY,
    voidedThrough: 0,
    silencing: false,
    mutedSinceMs: undefined,
    openUntilMs: Number.NEGATIVE_INFINITY,
    eligible: { t: "no", reason: "starting" },
    stopping: false,
    mac: undefined,
    hasTaken: false,
    successor: undefined,
    giverWaits: false,
    giverMac: undefined,
    acknowledged: undefined,
    movesAtMs: [],
    warnedDurationSeconds: undefined,
    quorum: undefined,
    modeTerm: 0,
    quorumProof: undefined,
  };
}

export type ElectionEvent = {
  /** Own monotonic clock. */
  readonly nowMs: number;
  /** For people who read the record: RFC 3339 with six fraction digits. Never compared. */
  readonly wallTime: string;
} & (
  | { readonly t: "tick" }
  | { readonly t: "watch"; readonly event: WatchEvent }
  | { readonly t: "read"; readonly number: number; readonly result: ReadResult }
  | { readonly t: "exact-read"; readonly resourceVersion: string; readonly result: ReadResult }
  | { readonly t: "write"; readonly number: string; readonly result: WriteResult }
  /**
   * A live opening in the gate of this very network namespace, of this Lease: before any "eligible", or not at all.
   * Answered by "hold" (adopted), "silence" or "disinherit".
   */
  | ({ readonly t: "inherited" } & Inheritance)
  /** The executor made the VIP mute or silent here: nobody is answered for it. */
  | { readonly t: "silenced" }
  /** Neighbours that have acknowledged our take, of those that were asked. Once after each take. */
  | { readonly t: "acknowledged"; readonly count: number; readonly total: number }
  /** Whom a stop, or a move because this replica is not fit, goes to from now on; undefined is anybody. */
  | { readonly t: "successor"; readonly to: string | undefined }
  /** The MAC addresses that answered for the VIP when the segment was asked. */
  | { readonly t: "segment"; readonly answeredBy: readonly string[] }
  /** A known replica claims the VIP: the Lease may have gone on without our having heard of it. */
  | { readonly t: "claimed-by-replica" }
  | { readonly t: "eligible"; readonly mac: string }
  | { readonly t: "ineligible"; readonly reason: string }
  /** Whether the API can still be reached is to be known: the next renewal is due now. */
  | { readonly t: "renew-soon" }
  /** An operator's or the supervisor's wish; `to` undefined is anybody. */
  | { readonly t: "transfer"; readonly to: string | undefined; readonly readyPeers: number }
  | { readonly t: "stop" }
  /** A majority of voters has promised this term until then. */
  | ({ readonly t: "quorum-promised" } & Promised)
  /** The kernel has the deadline of the "tighten" of this term. */
  | { readonly t: "tightened"; readonly term: number }
  | { readonly t: "quorum-left"; readonly reason: string }
  /** A majority of voters has given this term up, and promises it nothing more. */
  | { readonly t: "quorum-proof"; readonly against: HeldTerm }
);

/** An event without its time, for whoever has the clock. */
export type ElectionNews = ElectionEvent extends infer E
  ? E extends ElectionEvent
    ? Omit<E, "nowMs" | "wallTime">
    : never
  : never;

export type ElectionEffect =
  | {
      readonly t: "write";
      readonly number: string;
      readonly purpose: WritePurpose;
      readonly draft: LeaseDraft;
      readonly timeoutMs: number;
    }
  | { readonly t: "read"; readonly number: number; readonly timeoutMs: number }
  | { readonly t: "exact-read"; readonly resourceVersion: string; readonly timeoutMs: number }
  | { readonly t: "ask-segment" }
  /** Loosening: the VIP may be answered until deadlineMs, and not after, whatever happens to the process. */
  | {
      readonly t: "hold";
      readonly deadlineMs: number;
      readonly transitions: number;
      /** What was inherited is held on: nothing changes on the wire. Said once, of the adoption itself. */
      readonly adopted: boolean;
      /**
       * Who gave the VIP away by a mark a moment ago, and serves those who connected there: the MAC address that the Lease
       * names, whatever it may be. Said once, of the take itself; undefined after an expiry.
       */
      readonly giverMac: string | undefined;
      /** Where the Lease alone ends the hold. */
      readonly leaseDeadlineMs: number;
      /**
       * No write was confirmed, but peers have promised: what is open may be kept open until then. What has closed
       * meanwhile, by whatever clock, stays so until a write is confirmed (rule 6).
       */
      readonly byPromise: true | undefined;
    }
  /**
   * Tightening, of what is open: the kernel is told this earlier deadline, after every "hold" that was said before.
   * Answered by one "tightened" when it is in force; "hold" may follow before that, of deadlines that allow for it.
   */
  | {
      readonly t: "tighten";
      readonly deadlineMs: number;
      readonly leaseDeadlineMs: number;
      readonly transitions: number;
      readonly term: number;
    }
  /**
   * There is nothing to adopt: the gate is closed and everything of the earlier life removed. Answered by nothing, but
   * this replica is not eligible until an "eligible" says so again.
   */
  | { readonly t: "disinherit"; readonly reason: string }
  /**
   * Tightening, before a planned move: the gate is closed and the address kept, so that those who have not heard of the
   * next holder are served on; where the fence cannot do that, as "silence". Answered by one "silenced" event; a
   * "silence" or a "hold" follows.
   */
  | { readonly t: "mute"; readonly reason: SilenceReason }
  /** Tightening: silent at once, connections and address ended; answered by one "silenced" event. No hold is said before that. */
  | { readonly t: "silence"; readonly reason: SilenceReason }
  | { readonly t: "transition"; readonly from: Role["t"]; readonly to: Role["t"]; readonly reason: string }
  | { readonly t: "notice"; readonly notice: Notice };

/** Worth a line to an operator, without a change of role. */
export type Notice =
  /** A vacant Lease without a mark that counts (a first boot, an operator's hand): it is held for another L. */
  | { readonly t: "counting-vacant"; readonly waitMs: number }
  | {
      readonly t: "duration-differs";
      readonly recordSeconds: number;
      readonly ownSeconds: number;
      /** What counts: never less than the own setting, never more than the settings' maximum (rule 2a). */
      readonly countedSeconds: number;
    }
  /** Lowered, negative or at the largest: by hand. `from` undefined: not known of this Lease. */
  | { readonly t: "transitions-edited"; readonly from: number | undefined; readonly to: number }
  | { readonly t: "lease-oversized"; readonly what: "annotations" | "holderIdentity"; readonly characters: number }
  | { readonly t: "segment-answered"; readonly by: readonly string[] }
  | { readonly t: "transfer-refused"; readonly reason: string }
  | { readonly t: "moves-alarm"; readonly moves: number; readonly windowMs: number }
  | { readonly t: "write-failed"; readonly purpose: WritePurpose; readonly result: string };
