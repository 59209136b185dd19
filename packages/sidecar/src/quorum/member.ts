/**
 * One replica's part in the quorum: what arrives goes to the promiser, the heartbeats or the challenger; what they find
 * goes to the election. As a holder it beats while the mode may be on, and leaves it while half of the hold is left (R4);
 * as a candidate it challenges what the Lease shows. Decides nothing about the Lease, and touches neither it nor the VIP.
 */
import type { FenceLevel } from "@vcluster-kube-vip/routing";
import {
  type AdmissionSettings,
  type AdmissionState,
  initialAdmission,
  stepAdmission,
  type Verdict,
} from "./admission.ts";
import {
  type ChallengerEvent,
  type ChallengerState,
  challengerWakeMs,
  initialChallenger,
  stepChallenger,
} from "./challenger.ts";
import { PROMISE_MIN_MS, quorumHoldMs } from "./deadline.ts";
import { type HeartbeatsEvent, type HeartbeatsState, isLapsed, STILL, stepHeartbeats } from "./heartbeats.ts";
import { type Destination, type HeldTerm, type QuorumMessage, type QuorumPath, sameTerm, type Voter } from "./port.ts";
import { initialProbes, nextProbeMs, type ProbesState, roundTripOf, stepProbes } from "./probes.ts";
import { initialPromiser, type PromiserState, promisedUntilMs, stepPromiser } from "./promiser.ts";
import type { Standing } from "./standing.ts";

/** How often the mode's conditions are judged, by a holder. */
const JUDGE_EVERY_MS = 1_000;

export type MemberSettings = AdmissionSettings;

export interface MemberState {
  readonly identity: string;
  readonly promiser: PromiserState;
  readonly heartbeats: HeartbeatsState;
  readonly challenger: ChallengerState;
  readonly admission: AdmissionState;
  readonly probes: ProbesState;
  readonly standing: Standing;
  /** The last term that promises were asked for: none is asked for again when it is over. */
  readonly lastTerm: number;
  readonly judgedAtMs: number;
}

export type MemberEvent = { readonly nowMs: number } & (
  | { readonly t: "tick" }
  | { readonly t: "message"; readonly message: QuorumMessage; readonly path: QuorumPath }
  | { readonly t: "standing"; readonly standing: Standing }
  | { readonly t: "replicas"; readonly count: number }
  | { readonly t: "fence"; readonly level: FenceLevel | undefined }
  | { readonly t: "late"; readonly byMs: number }
);

/** What the election is told. */
export type QuorumNews =
  | {
      readonly t: "quorum-promised";
      readonly term: number;
      readonly voters: readonly Voter[];
      /** The quorum's deadline, own monotonic clock. */
      readonly untilMs: number;
    }
  | { readonly t: "quorum-left"; readonly reason: string }
  | { readonly t: "quorum-proof"; readonly against: HeldTerm };

export type MemberEffect =
  | { readonly t: "send"; readonly message: QuorumMessage; readonly to: Destination }
  | { readonly t: "tell"; readonly news: QuorumNews }
  /** Said at each change of the verdict or its reason. */
  | { readonly t: "verdict"; readonly verdict: Verdict };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The scratch of one step. */
interface Turn {
  readonly nowMs: number;
  readonly state: Mutable<MemberState>;
  readonly effects: MemberEffect[];
}

export function initialMember(settings: MemberSettings, nowMs: number): MemberState {
  const { identity } = settings;
  return {
    identity,
    promiser: initialPromiser(identity, nowMs),
    heartbeats: STILL,
    challenger: initialChallenger(identity),
    admission: initialAdmission(settings),
    probes: initialProbes(identity),
    standing: { t: "other" },
    lastTerm: 0,
    judgedAtMs: Number.NEGATIVE_INFINITY,
  };
}

export function stepMember(state: MemberState, event: MemberEvent): [MemberState, readonly MemberEffect[]] {
  // Without the setting nothing is said and nothing answered: to the others this is a replica that does not speak it.
  if (!state.admission.isWanted) return [state, []];
  const turn: Turn = { nowMs: event.nowMs, state: { ...state }, effects: [] };
  take(turn, event);
  if (turn.state.standing.t === "holding") hold(turn, turn.state.standing);
  else if (turn.state.heartbeats.t === "beating") beats(turn, { t: "end", nowMs: turn.nowMs });
  challenges(turn, { t: "tick", nowMs: turn.nowMs, promisedUntilMs: promisedUntilMs(turn.state.promiser) });
  if (isOther(state.admission.verdict, turn.state.admission.verdict)) {
    turn.effects.push({ t: "verdict", verdict: turn.state.admission.verdict });
  }
  return [turn.state, turn.effects];
}

function take(turn: Turn, event: MemberEvent): void {
  const { state, nowMs } = turn;
  switch (event.t) {
    case "tick":
      return;
    case "message":
      return onMessage(turn, event.message, event.path);
    case "standing": {
      state.standing = event.standing;
      const target = event.standing.t === "candidate" ? event.standing.target : undefined;
      return challenges(turn, { t: "target", target, nowMs, promisedUntilMs: promisedUntilMs(state.promiser) });
    }
    case "replicas":
    case "fence":
    case "late":
      state.admission = stepAdmission(state.admission, event);
  }
}

function onMessage(turn: Turn, message: QuorumMessage, path: QuorumPath): void {
  const { state, nowMs } = turn;
  const answer = (said: QuorumMessage) =>
    turn.effects.push({ t: "send", message: said, to: { t: "one", identity: message.sender, path } });
  switch (message.kind) {
    case "probe":
      answer({ ...message, kind: "probe-answer", sender: state.identity });
      return;
    case "heartbeat":
    case "challenge": {
      const [promiser, said] = stepPromiser(state.promiser, { nowMs, message });
      state.promiser = promiser;
      if (said !== undefined) answer(said);
      return;
    }
    case "promise":
      return beats(turn, { t: "promise", message, nowMs });
    case "help":
      return challenges(turn, { t: "help", message, nowMs });
    case "probe-answer": {
      const roundTripMs = roundTripOf(state.probes, message, nowMs);
      if (roundTripMs !== undefined) heard(turn, message.sender, roundTripMs);
      return;
    }
    case "refusal":
      // Asked again soon in any case; that nothing was granted is all it says.
      return;
  }
}

function heard(turn: Turn, identity: string, roundTripMs: number): void {
  turn.state.admission = stepAdmission(turn.state.admission, {
    t: "answered",
    identity,
    roundTripMs,
    nowMs: turn.nowMs,
  });
}

/** What a holder does now. */
function hold(turn: Turn, standing: Extract<Standing, { t: "holding" }>): void {
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

function beats(turn: Turn, event: HeartbeatsEvent): void {
  const [heartbeats, effects] = stepHeartbeats(turn.state.heartbeats, event);
  turn.state.heartbeats = heartbeats;
  for (const effect of effects) {
    if (effect.t === "send") turn.effects.push({ ...effect, to: { t: "all" } });
    else if (effect.t === "answered") heard(turn, effect.identity, effect.roundTripMs);
    else if (heartbeats.t === "beating") {
      const { held, voters } = heartbeats;
      const news: QuorumNews = { t: "quorum-promised", term: held.term, voters, untilMs: effect.untilMs };
      turn.effects.push({ t: "tell", news });
    }
  }
}

function challenges(turn: Turn, event: ChallengerEvent): void {
  const { state, nowMs } = turn;
  const [challenger, effects] = stepChallenger(state.challenger, event);
  state.challenger = challenger;
  for (const effect of effects) {
    if (effect.t === "proof") {
      turn.effects.push({ t: "tell", news: { t: "quorum-proof", against: effect.against } });
      continue;
    }
    turn.effects.push({ ...effect, to: { t: "all" } });
    const [promiser, said] = stepPromiser(state.promiser, { nowMs, message: effect.message });
    state.promiser = promiser;
    if (said?.kind === "help") challenges(turn, { t: "help", message: said, nowMs });
  }
}

function probe(turn: Turn): void {
  const [probes, message] = stepProbes(turn.state.probes, turn.nowMs);
  turn.state.probes = probes;
  if (message !== undefined) turn.effects.push({ t: "send", message, to: { t: "all" } });
}

/** When the member wants a tick though nothing arrives; past times are waiting for something else. */
export function memberWakeMs(state: MemberState, nowMs: number): number | undefined {
  const { heartbeats, challenger, standing, admission } = state;
  if (!admission.isWanted) return undefined;
  const times = [challengerWakeMs(challenger)];
  if (standing.t === "holding") times.push(state.judgedAtMs + JUDGE_EVERY_MS);
  if (standing.t === "holding" && heartbeats.t === "still") times.push(nextProbeMs(state.probes));
  if (heartbeats.t === "beating") times.push(heartbeats.nextAtMs, halfGoneMs(heartbeats));
  const ahead = times.filter((atMs) => atMs !== undefined && atMs > nowMs);
  return ahead.length === 0 ? undefined : Math.min(...(ahead as number[]));
}

function isOther(before: Verdict, now: Verdict): boolean {
  if (before === now) return false;
  return before.t !== now.t || (before.t === "off" && now.t === "off" && before.reason !== now.reason);
}
