/**
 * What a member does while its replica holds: it beats while the mode may be on, tells the election to leave it while half
 * of the quorum's hold is left (R4), and probes where it does not beat.
 */
import { stepAdmission } from "./admission.ts";
import { PROMISE_MIN_MS, quorumHoldMs } from "./deadline.ts";
import { type HeartbeatsState, isLapsed } from "./heartbeats.ts";
import { beats, type MemberState, type Turn } from "./member-turn.ts";
import { sameTerm, type Voter } from "./port.ts";
import { nextProbeMs, stepProbes } from "./probes.ts";
import type { Standing } from "./standing.ts";

/** How often the mode's conditions are judged. */
const JUDGE_EVERY_MS = 1_000;

/** What a holder does now. */
export function hold(turn: Turn, standing: Extract<Standing, { t: "holding" }>): void {
  const { state, nowMs } = turn;
  if (nowMs - state.judgedAtMs >= JUDGE_EVERY_MS) {
    state.judgedAtMs = nowMs;
    state.admission = stepAdmission(state.admission, { t: "tick", nowMs });
  }
  if (isHalfGone(state.heartbeats, nowMs) && state.admission.verdict.t === "on") {
    state.admission = stepAdmission(state.admission, { t: "quorum-lost", nowMs });
  }
  const { verdict } = state.admission;
  if (verdict.t === "off") leave(turn, standing, verdict.reason);
  else if (!isFor(state.heartbeats, standing) && standing.use === "none") begin(turn, standing, verdict.voters);
  const promiseDurationMs = verdict.t === "on" ? verdict.promiseDurationMs : PROMISE_MIN_MS;
  beats(turn, { t: "tick", nowMs, promiseDurationMs });
  if (state.heartbeats.t === "still") probe(turn);
}

/** In use, the term is beaten for until the Lease says that it is over: that much longer the hold may last. */
function leave(turn: Turn, { use }: Extract<Standing, { t: "holding" }>, reason: string): void {
  const { state, nowMs } = turn;
  if (use === "current") turn.effects.push({ t: "tell", news: { t: "quorum-left", reason } });
  if (state.heartbeats.t === "still") return;
  if (use === "none" || isLapsed(state.heartbeats, nowMs)) beats(turn, { t: "end", nowMs });
}

function begin(turn: Turn, { held }: Extract<Standing, { t: "holding" }>, voters: readonly Voter[]): void {
  const term = Math.max(held.term, turn.state.lastTerm + 1);
  turn.state.lastTerm = term;
  beats(turn, { t: "begin", held: { ...held, term }, voters, nowMs: turn.nowMs });
}

/** Whether these heartbeats are for this hold: its term in use, or one that it may come to use. */
function isFor(heartbeats: HeartbeatsState, { held, use }: Extract<Standing, { t: "holding" }>): boolean {
  if (heartbeats.t === "still") return false;
  const { term } = heartbeats.held;
  return sameTerm(heartbeats.held, { ...held, term }) && (use === "none" ? term >= held.term : term === held.term);
}

/** R4: half of the quorum's hold is gone without a majority; the rest is for the compare-and-swap. */
function isHalfGone(heartbeats: HeartbeatsState, nowMs: number): boolean {
  const atMs = halfGoneMs(heartbeats);
  return atMs !== undefined && nowMs >= atMs;
}

function halfGoneMs(heartbeats: HeartbeatsState): number | undefined {
  if (heartbeats.t === "still" || heartbeats.untilMs === undefined) return undefined;
  return heartbeats.untilMs - quorumHoldMs(PROMISE_MIN_MS) / 2;
}

function probe(turn: Turn): void {
  const [probes, message] = stepProbes(turn.state.probes, turn.nowMs);
  turn.state.probes = probes;
  if (message !== undefined) turn.effects.push({ t: "send", message, to: { t: "all" } });
}

/** When a holder wants a tick; past times are waiting for something else. */
export function holdingWakeMs({ heartbeats, judgedAtMs, probes }: MemberState): readonly number[] {
  const nextMs = heartbeats.t === "still" ? nextProbeMs(probes) : heartbeats.nextAtMs;
  return [judgedAtMs + JUDGE_EVERY_MS, nextMs, halfGoneMs(heartbeats) ?? nextMs];
}
