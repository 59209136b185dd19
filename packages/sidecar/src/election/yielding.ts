/**
 * Giving the VIP up on purpose (rules 2b, 4 and 10): first mute here, then the mark in the Lease, then another takes it,
 * and only when its own write was seen do the connections and the address here end (DESIGN 4.3: make before break). In
 * this order, none of the steps can end in two holders, and each that fails falls back to expiry.
 */
import { isForeign, isOwn, newestVersion } from "./claim.ts";
import type { Claim, Role, YieldPhase } from "./election.ts";
import type { WriteResult } from "./lease-lock.ts";
import { ACKNOWLEDGED_ANNOTATION, type LeaseRecord } from "./lease-record.ts";
import { MARK_RESUME_MS } from "./mark.ts";
import { mayMove, nextMoveMs } from "./moves.ts";
import { isRecord } from "./observation.ts";
import type { Turn } from "./turn.ts";

/** Tries to write the mark. Without it the others count L, which is safe. */
const MARK_TRIES_MAX = 5;
const MARK_RETRY_MS = 100;

/** How long a relieved giver serves those who have not heard, where its successor does not say who has. */
const RELIEVED_MAX_MS = 200;
/** And where it does: those who connected a moment before are still to be answered. */
const HEARD_MAX_MS = 40;

type Yielding = Extract<Role, { t: "yielding" }>;
type Marking = Extract<YieldPhase, { t: "marking" }>;
type Relieved = Extract<YieldPhase, { t: "relieved" }>;

export function yieldHold(turn: Turn, claim: Claim, to: string | undefined, reason: string): void {
  // Who is silent already has no connections to keep.
  if (turn.state.openUntilMs > turn.nowMs) turn.mute("yielding");
  else turn.silence("yielding");
  turn.enter({ t: "yielding", claim, to, phase: { t: "silencing" } }, reason);
}

/** A wish to move the VIP: refused with a reason, or begun. */
export function transfer(turn: Turn, to: string | undefined, readyPeers: number): void {
  const { role, movesAtMs, settings } = turn.state;
  const refuse = (reason: string) => turn.notice({ t: "transfer-refused", reason });
  if (role.t !== "holding") return refuse("this replica does not hold the VIP");
  if (to === settings.identity) return refuse("this replica holds the VIP already");
  if (readyPeers < 1) return refuse("no other replica is ready to take it");
  if (!mayMove(movesAtMs, settings, turn.nowMs)) {
    const seconds = (durationMs: number) => `${Math.ceil(durationMs / 1000)} s`;
    const window = seconds(settings.movesWindowMs);
    const wait = seconds(nextMoveMs(movesAtMs, settings) - turn.nowMs);
    return refuse(`${settings.movesMax} moves within ${window} already (movesMax); the next may begin in ${wait}`);
  }
  yieldHold(turn, role.claim, to ?? turn.state.successor, "transfer asked for");
}

/**
 * The link is gone or the replica is not fit: a voluntary move like others, within the budget; advanceHolding makes it
 * as soon as the budget allows.
 */
export function noticeUnfit(turn: Turn, reason: string): void {
  const { role, movesAtMs, settings } = turn.state;
  if (role.t !== "holding" || mayMove(movesAtMs, settings, turn.nowMs)) return;
  turn.notice({ t: "transfer-refused", reason: `not fit (${reason}), but the moves are used up` });
}

/** Nobody is answered here any more: now the others may be told. */
export function afterSilenced(turn: Turn): void {
  const { role } = turn.state;
  if (role.t !== "yielding" || role.phase.t !== "silencing") return;
  turn.countMove();
  // Before the own deadline nobody else may hold: an edited version that names us is ours too. After it, only the
  // version that answered our last confirmed write is (rule 3).
  const edited = newestVersion(turn, role.claim);
  const base = turn.nowMs < role.claim.deadlineMs && isOwn(turn, edited) ? edited : role.claim.record;
  sendMark(turn, role, { base, tries: 1, certain: true });
}

function sendMark(turn: Turn, role: Yielding, next: Pick<Marking, "base" | "tries" | "certain">): void {
  const number = turn.mark(next.base, role.to);
  const { NEGATIVE_INFINITY: never } = Number;
  const claim: Claim = { record: role.claim.record, leaseDeadlineMs: never, deadlineMs: never };
  turn.state.role = { ...role, claim, phase: { t: "marking", number, ...next } };
}

export function afterMark(turn: Turn, number: string, result: WriteResult): void {
  const { role } = turn.state;
  if (role.t !== "yielding" || role.phase.t !== "marking" || role.phase.number !== number) return;
  const { phase } = role;
  if (result.t === "written") return marked(turn, { ...role, claim: { ...role.claim, record: result.lease } });
  if (result.t === "missing") return giveUp(turn, role, "the lease is missing");
  if (phase.tries >= MARK_TRIES_MAX) return giveUp(turn, role, `mark not written: ${result.t}`);
  if (result.t !== "refused") turn.wantRead();
  turn.state.role = { ...role, phase: { ...phase, certain: phase.certain && result.t !== "unknown" } };
  turn.state.nextTryAtMs = turn.nowMs + (result.t === "conflict" ? 0 : MARK_RETRY_MS);
}

/**
 * The mark was refused because a renewal of ours had landed in between: it goes on that version. Not if an earlier
 * try may have been applied, nor after that renewal's own deadline: then another may have taken the Lease, and this
 * version be an old copy put back by hand. It gives no right to go on if the mark fails (rule 4), so the claim stays.
 */
export function rebaseMark(turn: Turn, record: LeaseRecord): void {
  const { role } = turn.state;
  if (role.t !== "yielding" || role.phase.t !== "marking" || !role.phase.certain) return;
  const renewal = turn.pendingIn(record);
  if (renewal === undefined || !isOwn(turn, record) || record.uid !== role.claim.record.uid) return;
  if (turn.nowMs >= renewal.sentAtMs + turn.holdDurationMs) return;
  turn.state.role = { ...role, phase: { ...role.phase, base: record } };
}

function marked(turn: Turn, role: Yielding): void {
  turn.state.role = { ...role, phase: { t: "marked", resumeAtMs: turn.nowMs + MARK_RESUME_MS } };
}

/** What a yielding replica does now. */
export function advanceYielding(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.role.t !== "yielding") return;
  const { role } = state;
  const isSilent = state.mutedSinceMs === undefined && !state.silencing;
  if (state.stopping && role.phase.t === "marked" && isSilent) return turn.enter({ t: "stopped" }, "released");
  if (role.phase.t === "relieved") return advanceRelieved(turn, role, role.phase);
  if (takenOrChanged(turn, role)) return relieve(turn, role);
  // Never marked without being silent: past the own deadline the others count anyway.
  if (role.phase.t === "silencing" && nowMs >= role.claim.deadlineMs) return giveUp(turn, role, "not silent in time");
  if (role.phase.t === "marking") {
    const { base, tries, certain } = role.phase;
    // The read after a failed try comes first; where it fails too, the next try does not wait for it.
    const isRead = state.read.t === "none" || (state.read.t === "wanted" && nowMs < state.nextReadAtMs);
    const answered = turn.writeInFlight(["mark"]) === undefined && isRead;
    if (answered && nowMs >= state.nextTryAtMs) sendMark(turn, role, { base, tries: tries + 1, certain });
  }
  if (role.phase.t === "marked" && nowMs >= role.phase.resumeAtMs) {
    if (state.stopping) return turn.enter({ t: "stopped" }, "nobody took what was offered");
    turn.enter({ t: "suspended", claim: role.claim, reason: "yielding" }, "nobody took what was offered");
    turn.tryAgainSoon();
  }
}

/** Whether the Lease is in another hand than ours, or already carries our mark though its answer was lost. */
function takenOrChanged(turn: Turn, role: Yielding): boolean {
  const { current } = turn.state.lease;
  if (current === "missing") return true;
  if (!isRecord(current) || current.resourceVersion === role.claim.record.resourceVersion) return false;
  if (role.phase.t === "silencing") return false;
  return turn.writeInFlight(["mark"]) === undefined && !isOwn(turn, current);
}

/** The successor's own write is there: nobody new comes here, and who has not heard of it is served a little longer. */
function relieve(turn: Turn, role: Yielding): void {
  const { current } = turn.state.lease;
  const isTaken = isRecord(current) && isForeign(turn, current);
  if (!isTaken || turn.state.mutedSinceMs === undefined) return giveUp(turn, role, "the lease went on");
  const untilMs = turn.nowMs + RELIEVED_MAX_MS;
  const phase: Relieved = { t: "relieved", untilMs, isHeard: false };
  turn.state.role = { ...role, phase };
  advanceRelieved(turn, role, phase);
}

function advanceRelieved(turn: Turn, role: Yielding, phase: Relieved): void {
  const { current } = turn.state.lease;
  const isHeld = isRecord(current) && isForeign(turn, current);
  if (!isHeld || turn.nowMs >= phase.untilMs) return giveUp(turn, role, "the lease went on");
  if (phase.isHeard || !(ACKNOWLEDGED_ANNOTATION in current.annotations)) return;
  const untilMs = Math.min(phase.untilMs, turn.nowMs + HEARD_MAX_MS);
  turn.state.role = { ...role, phase: { ...phase, untilMs, isHeard: true } };
}

function giveUp(turn: Turn, role: Yielding, reason: string): void {
  if (turn.state.stopping) return turn.enter({ t: "stopped" }, reason);
  const { current } = turn.state.lease;
  const untouched = isRecord(current) && current.resourceVersion === role.claim.record.resourceVersion;
  // Only on the version that answered our last confirmed write may we go on (rule 3); else count like the others.
  if (untouched) turn.enter({ t: "suspended", claim: role.claim, reason: "mark-not-sent" }, reason);
  else turn.enter({ t: "waiting" }, reason);
  // A candidate like the others from now on: what is handed back soon is taken at once.
  turn.tryAgainSoon();
}
