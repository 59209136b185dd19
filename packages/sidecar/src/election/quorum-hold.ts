/**
 * A holder whose hold is ended by promises too (rule 9). In: first the kernel is told the earlier deadline, then the Lease
 * may say mode quorum (R1). While it may say so, the hold ends at the earlier of the Lease's and the quorum's end. Out:
 * only when a write that says mode lease again is confirmed, and was sent after the last that said otherwise (R2, R4).
 */
import { extendedMs } from "../quorum/deadline.ts";
import type { Voter } from "../quorum/port.ts";
import type { Claim, PendingWrite } from "./election.ts";
import type { LeaseRecord } from "./lease-record.ts";
import { modeOf } from "./mode.ts";
import type { Turn } from "./turn.ts";

/** How the mode is in use, from the first tightening to the confirmed end. */
export interface QuorumHold {
  readonly term: number;
  readonly voters: readonly Voter[];
  /** The quorum's deadline, own monotonic clock. What has passed stays passed. */
  readonly untilMs: number;
  readonly phase: /** The kernel is being told; the Lease still says mode lease. */
    | { readonly t: "tightening" }
    /** Every write says mode quorum. */
    | { readonly t: "published" }
    /** Every write says mode lease again; one of those after that place must be confirmed. */
    | { readonly t: "leaving"; readonly afterOrder: number };
}

export interface Promised {
  readonly term: number;
  readonly voters: readonly Voter[];
  readonly untilMs: number;
}

/** A majority has promised this term until then. */
export function afterPromised(turn: Turn, promised: Promised): void {
  const { quorum } = turn.state;
  if (turn.state.settings.quorum === "never") return;
  if (quorum === undefined) return enter(turn, promised);
  if (quorum.term !== promised.term) return;
  turn.byPromise = true;
  setUntil(turn, { ...quorum, untilMs: extendedMs(quorum.untilMs, turn.nowMs, promised.untilMs) });
}

function enter(turn: Turn, { term, voters, untilMs }: Promised): void {
  const { role, modeTerm, stopping, silencing } = turn.state;
  if (role.t !== "holding" || role.lookupUntilMs !== undefined || stopping || silencing) return;
  if (term <= modeTerm || untilMs <= turn.nowMs || turn.nowMs >= role.claim.deadlineMs) return;
  turn.state.modeTerm = term;
  setUntil(turn, { term, voters, untilMs, phase: { t: "tightening" } });
  // Tightening comes before the write that others rely on (rule 6): what was open for the Lease's hold is open no more.
  turn.state.openUntilMs = untilMs;
  const { leaseDeadlineMs, record } = role.claim;
  const deadlineMs = Math.min(leaseDeadlineMs, untilMs);
  turn.effects.push({ t: "tighten", deadlineMs, leaseDeadlineMs, transitions: record.leaseTransitions, term });
}

function setUntil(turn: Turn, quorum: QuorumHold): void {
  const { role } = turn.state;
  turn.state.quorum = quorum;
  if (role.t === "holding") turn.state.role = { ...role, claim: bounded(turn, role.claim) };
}

/** The kernel has the earlier deadline: now the others may rely on it. */
export function afterTightened(turn: Turn, term: number): void {
  const { quorum } = turn.state;
  // Of an earlier use, perhaps: that says nothing of what the kernel was told of this one.
  if (quorum?.phase.t !== "tightening" || quorum.term !== term) return;
  turn.state.quorum = { ...quorum, phase: { t: "published" } };
  turn.tryAgainSoon();
}

/** There is no majority any more, or soon none, or the mode is not wanted. */
export function afterQuorumLeft(turn: Turn): void {
  if (turn.leaveQuorum()) turn.tryAgainSoon();
}

/** A write of ours is known to be in the Lease: the mode is over where it says so, and nothing later said otherwise. */
export function endQuorum(turn: Turn, write: PendingWrite): void {
  const { quorum } = turn.state;
  if (quorum?.phase.t === "leaving" && write.order > quorum.phase.afterOrder) turn.state.quorum = undefined;
}

/** Whether the Lease is yet to say what has been decided of the mode. */
export function owesMode(turn: Turn, record: LeaseRecord): boolean {
  const { quorum } = turn.state;
  if (quorum === undefined || quorum.phase.t === "tightening") return false;
  return quorum.phase.t === "leaving" || modeOf(record)?.mode !== "quorum";
}

/** H: the earlier of the Lease's end and the quorum's. */
export function bounded(turn: Turn, claim: Claim): Claim {
  const untilMs = turn.state.quorum?.untilMs ?? Number.POSITIVE_INFINITY;
  return { ...claim, deadlineMs: Math.min(claim.leaseDeadlineMs, untilMs) };
}
