/**
 * A replica that does not hold: it counts, and takes only by a proof (rule 2). Every take is a compare-and-swap on
 * the version that the proof is about, so a proof that is out of date costs a refused write and nothing else.
 */
import { sameTerm } from "../quorum/port.ts";
import type { ElectionState } from "./election.ts";
import { type LeaseRecord, MAC_ANNOTATION, WRITE_ANNOTATION } from "./lease-record.ts";
import { MARK_RESERVED_MS, markOf, provesMark } from "./mark.ts";
import { modeOf, provenTarget } from "./mode.ts";
import { countedDurationMs, isRecord } from "./observation.ts";
import type { Turn } from "./turn.ts";

/** The segment is asked within milliseconds; without an answer in this time the question is put again. */
export const ASKING_MAX_MS = 1000;

/** A write's answer comes with the watch, within milliseconds of each other. */
const ANSWER_LATE_MS = 50;

/** From when on the current version may be taken, and by which proof; undefined while nothing is known of it. */
export interface TakeProof {
  readonly by: "expiry" | "mark" | "quorum";
  readonly fromMs: number;
}

export function takeProof(state: ElectionState, nowMs: number): TakeProof | undefined {
  const { current, sinceMs, predecessor } = state.lease;
  if (!isRecord(current)) return undefined;
  const expiry: TakeProof = {
    by: "expiry",
    fromMs: sinceMs + countedDurationMs(state.lease, state.settings.leaseDurationMs, nowMs),
  };
  const { quorumProof } = state;
  // Given up for good: no acknowledgement keeps that hold any more, and its own write would be another version.
  const target = quorumProof === undefined ? undefined : provenTarget(current, predecessor);
  if (quorumProof !== undefined && target !== undefined && sameTerm(target, quorumProof)) {
    return { by: "quorum", fromMs: sinceMs };
  }
  const mark = markOf(current);
  // A giver has its own way back (resuming on its own answer); its mark is no proof for itself.
  if (mark === undefined || mark.from === state.settings.identity) return expiry;
  if (!provesMark(current, predecessor)) return expiry;
  const reserved = mark.to !== undefined && mark.to !== state.settings.identity;
  const marked: TakeProof = { by: "mark", fromMs: sinceMs + (reserved ? MARK_RESERVED_MS : 0) };
  return marked.fromMs < expiry.fromMs ? marked : expiry;
}

/** What a waiting candidate does now. */
export function advanceWaiting(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.stopping) return turn.enter({ t: "stopped" }, "stop asked for");
  confirmLostAnswer(turn);
  if (state.eligible.t === "no") return;
  if (state.lease.current === "missing") return createVacant(turn);
  askForPredecessor(turn);
  const proof = takeProof(state, nowMs);
  if (proof === undefined || nowMs < proof.fromMs || nowMs < state.nextTryAtMs) return;
  if (state.hasTaken) return take(turn, proof.by);
  turn.enter({ t: "asking", sinceMs: nowMs }, `lease may be taken by ${proof.by}: asking the segment first`);
  turn.effects.push({ t: "ask-segment" });
}

/** The watch shows a write of ours whose answer was lost: a hint, which only a consistent read confirms (rule 4). */
function confirmLostAnswer(turn: Turn): void {
  const { current } = turn.state.lease;
  if (isRecord(current) && turn.isConfirmable(current)) turn.wantRead();
}

/** Its own write is seen, and the answer is late: while etcd elects, answers are lost whose writes are applied. */
export function advanceTaking(turn: Turn): void {
  if (turn.nowMs >= answerLateMs(turn.state)) confirmLostAnswer(turn);
}

/** When the answer to a take that is seen already counts as late; never, while it is not seen. */
export function answerLateMs({ role, lease: { current }, pending }: ElectionState): number {
  const isSeen = role.t === "taking" && isRecord(current) && current.annotations[WRITE_ANNOTATION] === role.number;
  const write = isSeen ? pending.find(({ number }) => number === role.number) : undefined;
  return write === undefined ? Number.POSITIVE_INFINITY : write.sentAtMs + ANSWER_LATE_MS;
}

function createVacant(turn: Turn): void {
  if (turn.writeInFlight(["create"]) !== undefined || turn.nowMs < turn.state.nextTryAtMs) return;
  turn.create();
}

/**
 * A process too young to have watched asks once for the version directly before a mark (rule 2b); and whoever lists again
 * for that before a record of mode quorum, so that a watch that broke does not cost the lease's length.
 */
function askForPredecessor(turn: Turn): void {
  const { lease, exactReadFor, settings } = turn.state;
  const { current } = lease;
  if (!isRecord(current) || lease.predecessor !== undefined || exactReadFor === current.resourceVersion) return;
  const isMarked = lease.versionsSeen === 1 && markOf(current) !== undefined;
  if (!isMarked && (settings.quorum === "never" || modeOf(current)?.mode !== "quorum")) return;
  if (!/^[1-9][0-9]{0,18}$/.test(current.resourceVersion)) return;
  turn.state.exactReadFor = current.resourceVersion;
  const before = String(BigInt(current.resourceVersion) - 1n);
  turn.effects.push({ t: "exact-read", resourceVersion: before, timeoutMs: turn.requestTimeoutMs });
}

export function advanceAsking(turn: Turn): void {
  const { role, stopping } = turn.state;
  if (role.t !== "asking") return;
  if (stopping) return turn.enter({ t: "stopped" }, "stop asked for");
  if (turn.nowMs >= role.sinceMs + ASKING_MAX_MS) turn.enter({ t: "waiting" }, "the segment was not asked in time");
}

/** The segment's answer, in the role asking. Only the Lease's last holder may have answered. */
export function afterSegment(turn: Turn, answeredBy: readonly string[]): void {
  const { state, nowMs } = turn;
  // An answer that comes late (the process was frozen) is about another time: advanceAsking asks again.
  if (state.role.t !== "asking" || nowMs >= state.role.sinceMs + ASKING_MAX_MS) return;
  const lastHolders = [state.lease.current, state.lease.predecessor].filter(isRecord).map(macOf);
  const strangers = answeredBy.filter((mac) => !lastHolders.includes(mac));
  if (strangers.length > 0) {
    state.nextTryAtMs = nowMs + state.settings.retryPeriodMs;
    turn.notice({ t: "segment-answered", by: strangers });
    return turn.enter({ t: "waiting" }, `the VIP is answered by ${strangers.join(", ")}`);
  }
  const proof = takeProof(state, nowMs);
  if (proof === undefined || nowMs < proof.fromMs || state.eligible.t === "no") {
    return turn.enter({ t: "waiting" }, "the lease changed while the segment was asked");
  }
  take(turn, proof.by);
}

function macOf(record: LeaseRecord): string | undefined {
  return record.annotations[MAC_ANNOTATION];
}

function take(turn: Turn, by: TakeProof["by"]): void {
  const { current } = turn.state.lease;
  if (!isRecord(current)) return;
  turn.state.giverWaits = by === "mark";
  turn.state.giverMac = by === "mark" ? macOf(current) : undefined;
  const number = turn.take("take", current, 0);
  turn.enter({ t: "taking", number }, `taking by ${by}`);
}
