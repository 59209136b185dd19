/**
 * A replica with a claim: holding (the VIP may be answered) or suspended (silent, and perhaps back soon). Rules 1, 3
 * and 4: the hold ends at the claim's deadline and nowhere earlier by a timer; another hand on the Lease ends it at
 * once; and who may write again afterwards depends on whether the own deadline has passed.
 */
import { isOvertaken, isOwn, lostBy, newestVersion } from "./claim.ts";
import type { Claim, PendingWrite, SilenceReason } from "./election.ts";
import type { LeaseRecord } from "./lease-record.ts";
import { mayMove } from "./moves.ts";
import { isOlder, isRecord } from "./observation.ts";
import { bounded, endQuorum, owesMode } from "./quorum-hold.ts";
import type { Turn } from "./turn.ts";
import { yieldHold } from "./yielding.ts";

/** A refused renewal is looked up; without an answer in this time the holder is silent (rule 3). */
const LOOKUP_MS = 300;

/** A write of ours is known to be in the Lease: by its answer, or by its number in a consistent read. */
export function confirm(turn: Turn, record: LeaseRecord, write: PendingWrite): void {
  const { state, nowMs } = turn;
  const { role } = state;
  // Older writes built on older versions: they can no longer be applied.
  state.pending = state.pending.filter((other) => other.order > write.order);
  if (write.order <= state.voidedThrough) return noteVersion(turn, record);
  state.hasTaken = true;
  state.nextTryAtMs = Math.max(nowMs, write.sentAtMs + state.settings.retryPeriodMs);
  endQuorum(turn, write);
  const leaseDeadlineMs = write.sentAtMs + turn.holdDurationMs;
  const claim: Claim = bounded(turn, { record, leaseDeadlineMs, deadlineMs: leaseDeadlineMs });
  if (role.t === "yielding") {
    state.role = { ...role, claim };
    return;
  }
  if (nowMs >= claim.deadlineMs) return suspend(turn, claim, passed(claim, nowMs));
  if (role.t !== "holding" && state.eligible.t === "no" && mayMove(state.movesAtMs, state.settings, nowMs)) {
    return yieldHold(turn, claim, undefined, `confirmed when no longer fit: ${state.eligible.reason}`);
  }
  turn.reopens = turn.state.quorum !== undefined;
  // A renewal that was on its way as the mode changed: the change does not wait for the next retry period.
  if (owesMode(turn, record)) turn.tryAgainSoon();
  turn.enter({ t: "holding", claim, lookupUntilMs: undefined }, `${write.purpose} confirmed`);
}

/** A write sent before the last tightening was answered: it tells which version is ours, and opens nothing. */
function noteVersion(turn: Turn, record: LeaseRecord): void {
  const { role } = turn.state;
  if (!("claim" in role) || isOlder(record, role.claim.record)) return;
  const claim: Claim = { ...role.claim, record };
  if (role.t !== "yielding" || role.phase.t !== "marking") turn.state.role = { ...role, claim };
  else turn.state.role = { ...role, claim, phase: { ...role.phase, base: record } };
}

/** What a holder does now. */
export function advanceHolding(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.role.t !== "holding") return;
  const { claim, lookupUntilMs } = state.role;
  if (nowMs >= claim.deadlineMs) return suspend(turn, claim, passed(claim, nowMs));
  const found = lostBy(turn, claim);
  if (found !== undefined) return lose(turn, claim, found);
  if (state.stopping) return yieldHold(turn, claim, state.successor, "stop asked for");
  if (state.eligible.t === "no" && mayMove(state.movesAtMs, state.settings, nowMs)) {
    return yieldHold(turn, claim, state.successor, state.eligible.reason);
  }
  if (lookupUntilMs !== undefined && nowMs >= lookupUntilMs) return suspend(turn, claim, "lookup-unanswered");
  if (lookupUntilMs !== undefined) return turn.wantRead();
  const base = newestVersion(turn, claim);
  const editedByAnother = base !== claim.record && !turn.isConfirmable(base);
  if (editedByAnother && !isBuiltOn(turn, base)) turn.tryAgainSoon();
  if (nowMs >= state.nextTryAtMs && !isBuiltOn(turn, base)) turn.renew(base, claim.record.leaseTransitions);
}

/** What a silent claimant does now. */
export function advanceSuspended(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.role.t !== "suspended") return;
  const { claim } = state.role;
  if (state.stopping) return yieldHold(turn, claim, state.successor, "stop asked for");
  if (nowMs < claim.deadlineMs) return restore(turn, claim);
  const { current } = state.lease;
  if (isOvertaken(turn, claim)) {
    // Ours after all, if a consistent read finds the number of a write that can still be confirmed.
    if (isRecord(current) && turn.isConfirmable(current)) return turn.wantRead();
    return turn.enter({ t: "waiting" }, "the lease changed after the own deadline");
  }
  if (state.eligible.t === "no" || nowMs < state.nextTryAtMs || isBuiltOn(turn, claim.record)) return;
  // Rule 3: nobody was in between if the version that answered our last write is still the current one.
  if (claim.record.holderIdentity === "") turn.take("resume", claim.record, claim.record.leaseTransitions);
  else turn.renew(claim.record, claim.record.leaseTransitions);
}

/** Rule 2: only a process whose own deadline has not passed puts back what another hand removed. */
function restore(turn: Turn, claim: Claim): void {
  const { state, nowMs } = turn;
  const { current } = state.lease;
  if (lostBy(turn, claim) === "other-holder") return lose(turn, claim, "other-holder");
  if (state.eligible.t === "no" || nowMs < state.nextTryAtMs) return;
  if (current === "missing") {
    if (turn.writeInFlight(["create"]) === undefined) turn.create();
    return;
  }
  const base = newestVersion(turn, claim);
  if (isBuiltOn(turn, base)) return;
  if (base.uid === claim.record.uid && isOwn(turn, base)) turn.renew(base, claim.record.leaseTransitions);
  else turn.take("restore", base, claim.record.leaseTransitions);
}

/**
 * Who has heard of our take goes into the next write; at once where a giver waits for it (DESIGN 4.3), or as every
 * renewal goes.
 */
export function afterAcknowledged(turn: Turn, count: number, total: number): void {
  const { state, nowMs } = turn;
  if (state.role.t !== "holding") return;
  state.acknowledged = `${count}/${total}`;
  if (state.giverWaits) state.nextTryAtMs = nowMs;
  state.giverWaits = false;
}

function lose(turn: Turn, claim: Claim, reason: SilenceReason): void {
  // A renewal that was sent before the Lease went into another hand must not open the gate again.
  turn.voidWrites();
  if (reason !== "other-holder") return suspend(turn, claim, reason);
  if (turn.state.role.t === "holding") turn.silence(reason);
  turn.state.pending = [];
  turn.enter({ t: "waiting" }, reason);
}

function passed({ leaseDeadlineMs }: Claim, nowMs: number): SilenceReason {
  return nowMs < leaseDeadlineMs ? "quorum-lapsed" : "deadline-passed";
}

function suspend(turn: Turn, claim: Claim, reason: SilenceReason): void {
  if (turn.state.role.t !== "suspended") turn.silence(reason);
  turn.enter({ t: "suspended", claim, reason }, reason);
  turn.tryAgainSoon();
  advanceSuspended(turn);
}

/** A compare-and-swap was refused: look before the next one (rule 3). */
export function afterConflict(turn: Turn): void {
  const { role } = turn.state;
  if (role.t === "holding" && role.lookupUntilMs === undefined) {
    turn.state.role = { ...role, lookupUntilMs: turn.nowMs + LOOKUP_MS };
  }
  turn.wantLaterRead();
}

/** The look-up answered, and the Lease is still ours. */
export function afterLookup(turn: Turn): void {
  const { role } = turn.state;
  if (role.t === "holding") turn.state.role = { ...role, lookupUntilMs: undefined };
}

function isBuiltOn(turn: Turn, base: LeaseRecord): boolean {
  return turn.state.pending.some((write) => write.inFlight && write.baseVersion === base.resourceVersion);
}
