/**
 * The election: `step(state, event) -> [state, effects]`. Takes in what the event says, then lets the role act on
 * what is known now. DESIGN section 3 in code; the rules' numbers are in the comments of the files that keep them.
 */
import { advanceAdopting, afterAdoptionFailed, afterAdoptionRead, inherit, lapse } from "./adopting.ts";
import { advanceAsking, advanceTaking, advanceWaiting, afterSegment } from "./candidate.ts";
import type { ElectionEffect, ElectionEvent, ElectionState, PendingWrite } from "./election.ts";
import { advanceHolding, advanceSuspended, afterAcknowledged, afterConflict, afterLookup, confirm } from "./holder.ts";
import type { ReadResult, WatchEvent, WriteResult } from "./lease-lock.ts";
import { type LeaseRecord, WRITE_ANNOTATION } from "./lease-record.ts";
import { markOf } from "./mark.ts";
import * as observed from "./observation.ts";
import { countedDurationMs, isRecord, type Observation } from "./observation.ts";
import { durationDiffers, oddities } from "./oddities.ts";
import { afterPromised, afterQuorumLeft, afterTightened } from "./quorum-hold.ts";
import { Turn } from "./turn.ts";
import { advanceYielding, afterMark, afterSilenced, noticeUnfit, rebaseMark, transfer } from "./yielding.ts";

/** A failed read is repeated after this; while a look-up is running the 300 ms bound decides. */
const READ_RETRY_MS = 50;
const ROLE_CHANGES_MAX = 4;

export function step(state: ElectionState, event: ElectionEvent): [ElectionState, readonly ElectionEffect[]] {
  const turn = new Turn(state, event.nowMs, event.wallTime);
  if (state.role.t === "stopped") return [state, []];
  turn.forgetOldWrites();
  lapse(turn);
  take(turn, event);
  if (turn.state.lease.current !== state.lease.current) afterNewVersion(turn, state.lease.current);
  // A role may lead to the next at once (offered and not taken: suspended: resume), but never in a circle.
  for (let changes = 0; changes < ROLE_CHANGES_MAX; changes += 1) {
    const before = turn.state.role.t;
    advance(turn);
    if (turn.state.role.t === before) break;
  }
  turn.openIfHolding();
  turn.silenceIfMuted();
  turn.sendReadIfDue();
  return [turn.state, turn.effects];
}

function take(turn: Turn, event: ElectionEvent): void {
  switch (event.t) {
    case "tick":
      return;
    case "watch":
      return takeWatch(turn, event.event);
    case "read":
      return takeRead(turn, event.number, event.result);
    case "exact-read":
      return takeExactRead(turn, event.resourceVersion, event.result);
    case "write":
      return takeWrite(turn, event.number, event.result);
    case "inherited":
      return inherit(turn, event);
    case "silenced":
      turn.state.silencing = false;
      return afterSilenced(turn);
    case "acknowledged":
      return afterAcknowledged(turn, event.count, event.total);
    case "successor":
      turn.state.successor = event.to;
      return;
    case "segment":
      return afterSegment(turn, event.answeredBy);
    case "claimed-by-replica":
      // Unknown is not absent: only what a consistent read shows ends the hold, and that at once.
      return turn.state.role.t === "holding" ? turn.wantRead() : undefined;
    case "eligible":
      turn.state.eligible = { t: "yes" };
      turn.state.mac = event.mac;
      return;
    case "ineligible":
      turn.state.eligible = { t: "no", reason: event.reason };
      return noticeUnfit(turn, event.reason);
    case "renew-soon":
      return turn.state.role.t === "holding" ? turn.tryAgainSoon() : undefined;
    case "transfer":
      return transfer(turn, event.to, event.readyPeers);
    case "stop":
      turn.state.stopping = true;
      return;
    case "quorum-promised":
      return afterPromised(turn, event);
    case "tightened":
      return afterTightened(turn, event.term);
    case "quorum-left":
      return afterQuorumLeft(turn);
    case "quorum-proof":
      turn.state.quorumProof = event.against;
      return;
    default:
      return assertNever(event);
  }
}

function advance(turn: Turn): void {
  switch (turn.state.role.t) {
    case "waiting":
      return advanceWaiting(turn);
    case "adopting":
      return advanceAdopting(turn);
    case "asking":
      return advanceAsking(turn);
    case "holding":
      return advanceHolding(turn);
    case "suspended":
      return advanceSuspended(turn);
    case "yielding":
      return advanceYielding(turn);
    case "taking":
      return advanceTaking(turn);
    case "stopped":
      return;
    default:
      return assertNever(turn.state.role);
  }
}

function takeWatch(turn: Turn, event: WatchEvent): void {
  const { state, nowMs } = turn;
  switch (event.t) {
    case "listed":
      state.lease = observed.afterList(state.lease, event.lease ?? "missing", nowMs);
      return;
    case "changed":
      state.lease = observed.afterChange(state.lease, event.lease, nowMs);
      return;
    case "deleted":
      state.lease = observed.afterDeletion(state.lease, event.lease, nowMs);
      return;
    case "broken":
      state.lease = observed.afterBreak(state.lease);
      return;
    default:
      return assertNever(event);
  }
}

function takeRead(turn: Turn, number: number, result: ReadResult): void {
  const { state, nowMs } = turn;
  if (state.read.t !== "sent" || state.read.number !== number) return;
  state.read = { t: "none" };
  if (result.t === "failed") {
    // Unknown is not absent: nothing is taken and nothing given up; look again.
    state.nextReadAtMs = nowMs + Math.max(READ_RETRY_MS, result.retryAfterMs ?? 0);
    return turn.wantRead();
  }
  const record = result.t === "found" ? result.lease : "missing";
  state.lease = observed.afterRead(state.lease, record, nowMs);
  afterLookup(turn);
  if (record === "missing") return;
  confirmByNumber(turn, record);
  afterAdoptionRead(turn, record);
  rebaseMark(turn, record);
}

/** Rule 4: the number of a write of ours in a consistent read, before that write's own deadline. */
function confirmByNumber(turn: Turn, record: LeaseRecord): void {
  const write = turn.pendingIn(record);
  if (write === undefined || !turn.isConfirmable(record)) return;
  if (turn.state.role.t === "taking" && turn.state.role.number !== write.number) return;
  confirm(turn, record, write);
}

function takeExactRead(turn: Turn, resourceVersion: string, result: ReadResult): void {
  const { lease, exactReadFor } = turn.state;
  if (result.t !== "found" || !isRecord(lease.current) || exactReadFor !== lease.current.resourceVersion) return;
  // The answer must be to this question: the list at the version minus one.
  if (BigInt(lease.current.resourceVersion) - 1n !== BigInt(resourceVersion)) return;
  turn.state.lease = observed.withPredecessor(lease, result.lease);
}

function takeWrite(turn: Turn, number: string, result: WriteResult): void {
  const { state, nowMs } = turn;
  const write = state.pending.find((candidate) => candidate.number === number);
  if (write === undefined) return;
  const answered = result.t === "written" && result.lease.annotations[WRITE_ANNOTATION] !== number ? garbled : result;
  state.pending = state.pending.flatMap((other) => {
    if (other.number !== number) return [other];
    return answered.t === "refused" || answered.t === "written" ? [] : [{ ...other, inFlight: false }];
  });
  if (answered.t !== "written") turn.notice({ t: "write-failed", purpose: write.purpose, result: answered.t });
  if (answered.t === "written") state.lease = observed.afterRead(state.lease, answered.lease, nowMs);
  if (answered.t === "missing") state.lease = observed.afterRead(state.lease, "missing", nowMs);
  if (write.purpose === "mark") return afterMark(turn, number, answered);
  afterAnswer(turn, write, answered);
}

/** An answer that does not carry the number that was written says nothing about our write. */
const garbled: WriteResult = { t: "unknown", reason: "the answer is not about this write" };

function afterAnswer(turn: Turn, write: PendingWrite, result: WriteResult): void {
  const { state, nowMs } = turn;
  if (state.role.t === "taking" && state.role.number === write.number && result.t !== "written") {
    turn.enter({ t: "waiting" }, `take not confirmed: ${result.t}`);
  }
  afterAdoptionFailed(turn, write, result);
  switch (result.t) {
    case "written":
      // A created Lease is vacant: the last holder takes it back at once, everybody else counts.
      if (write.purpose === "create") state.nextTryAtMs = nowMs;
      else confirm(turn, result.lease, write);
      return;
    case "conflict":
    case "missing":
      afterConflict(turn);
      return turn.tryAgainSoon();
    case "refused":
      // At a first boot the namespace may come after the API server's first answer.
      if (write.purpose === "create" && result.status === 404) turn.tryAfterQuarter();
      if (result.retryAfterMs !== undefined)
        state.nextTryAtMs = Math.max(state.nextTryAtMs, nowMs + result.retryAfterMs);
      return;
    case "unknown":
      turn.wantRead();
      // The read comes first: it may confirm the write, and then another would be for nothing.
      turn.tryAfterQuarter();
      return;
    default:
      return assertNever(result);
  }
}

function afterNewVersion(turn: Turn, before: Observation["current"]): void {
  const { state, nowMs } = turn;
  const { current } = state.lease;
  if (!isRecord(current)) return;
  const { settings } = state;
  for (const notice of oddities(isRecord(before) ? before : undefined, current)) turn.notice(notice);
  // The own moves were counted when their mark was sent.
  const from = markOf(current)?.from;
  if (from !== undefined && from !== settings.identity) turn.countMove();
  if (current.holderIdentity === "" && markOf(current) === undefined && state.role.t === "waiting") {
    turn.notice({ t: "counting-vacant", waitMs: countedDurationMs(state.lease, settings.leaseDurationMs, nowMs) });
  }
  const differs = durationDiffers(state, nowMs);
  if (differs === undefined) return;
  state.warnedDurationSeconds = differs.recordSeconds;
  turn.notice(differs);
}

function assertNever(value: never): never {
  throw new TypeError(`election: impossible value ${JSON.stringify(value)}`);
}
