/**
 * How a candidate comes to know that a holder's quorum is over for good: its own promise has lapsed, and a majority of
 * voters, itself included, says that theirs has too and that this term is promised nothing more. Then no acknowledgement
 * can have kept the holder's deadline ahead (R2), and only its own compare-and-swap could go on: so may ours. Which term
 * the Lease shows, and whether it may be taken at all, is the election's matter.
 */
import { countedPromiseMs, majorityOf } from "./deadline.ts";
import { type HeldTerm, type QuorumMessage, sameTerm, type Voter, voterOf } from "./port.ts";

/** R5: who is next waits so long for the one before it. */
export const RANK_STAGGER_MS = 150;
/** Between two challenges while there is no majority. */
export const CHALLENGE_EVERY_MS = 25;
/** After so many a majority is not near: the others have been asked for a second and more. */
const QUICK_MAX = 60;
const SLOW_EVERY_MS = 500;
const SENT_MAX = 32;

/** A term that the Lease shows as held by a quorum, in a way that proves it (R6). */
export interface Target extends HeldTerm {
  readonly voters: readonly Voter[];
}

export interface ChallengerState {
  /** Of this life. */
  readonly identity: string;
  readonly sequence: number;
  readonly challenge: Challenge | undefined;
}

interface Challenge {
  readonly target: Target;
  /** When the own promise was over, or the term first seen without one. */
  readonly notBeforeMs: number;
  readonly nextAtMs: number;
  readonly challenges: number;
  readonly sent: readonly { readonly sequence: number; readonly atMs: number }[];
  /** Until when each voter's help counts: from the send of the challenge that it answers. */
  readonly helps: Readonly<Record<Voter, number>>;
  readonly proven: boolean;
}

export type ChallengerEvent = {
  readonly nowMs: number;
} /** What the Lease shows, and until when the own promise lasts; undefined: there is nothing to challenge. */ & (
  | { readonly t: "target"; readonly target: Target | undefined; readonly promisedUntilMs: number }
  | { readonly t: "tick"; readonly promisedUntilMs: number }
  /** Another's, or the own promiser's, which is asked like any other. */
  | { readonly t: "help"; readonly message: QuorumMessage }
);

export type ChallengerEffect =
  /** To all, and to the own promiser. */
  | { readonly t: "send"; readonly message: QuorumMessage }
  /** A majority: this term is over, for good. Said once. */
  | { readonly t: "proof"; readonly against: HeldTerm };

export function initialChallenger(identity: string): ChallengerState {
  return { identity, sequence: 0, challenge: undefined };
}

export function stepChallenger(
  state: ChallengerState,
  event: ChallengerEvent,
): [ChallengerState, readonly ChallengerEffect[]] {
  switch (event.t) {
    case "target":
      return [aim(state, event), []];
    case "tick":
      return tick(state, event.nowMs, event.promisedUntilMs);
    case "help":
      return onHelp(state, event.message, event.nowMs);
  }
}

/** When the challenger wants a tick; undefined: never by itself. */
export function challengerWakeMs({ challenge }: ChallengerState): number | undefined {
  if (challenge === undefined || challenge.proven) return undefined;
  return Math.max(challenge.nextAtMs, challenge.notBeforeMs);
}

function aim(
  state: ChallengerState,
  { target, nowMs, promisedUntilMs }: Extract<ChallengerEvent, { t: "target" }>,
): ChallengerState {
  const { challenge } = state;
  if (target === undefined || !target.voters.includes(voterOf(state.identity))) {
    return challenge === undefined ? state : { ...state, challenge: undefined };
  }
  if (challenge !== undefined && sameTerm(challenge.target, target)) return state;
  const notBeforeMs = turnMs(state, target, Math.max(nowMs, promisedUntilMs));
  const fresh = { nextAtMs: nowMs, challenges: 0, sent: [], helps: {}, proven: false };
  return { ...state, challenge: { target, notBeforeMs, ...fresh } };
}

function tick(
  state: ChallengerState,
  nowMs: number,
  promisedUntilMs: number,
): [ChallengerState, readonly ChallengerEffect[]] {
  const { challenge } = state;
  if (challenge === undefined || challenge.proven) return [state, []];
  // The holder was heard again: whatever was collected before is of another time.
  if (promisedUntilMs > nowMs) {
    const notBeforeMs = turnMs(state, challenge.target, promisedUntilMs);
    return [{ ...state, challenge: { ...challenge, notBeforeMs, challenges: 0 } }, []];
  }
  if (nowMs < challenge.notBeforeMs || nowMs < challenge.nextAtMs) return [state, []];
  return send(state, challenge, nowMs);
}

/** R5: ranks are those of the voters' names, the holder's left out. */
function turnMs({ identity }: ChallengerState, target: Target, freeAtMs: number): number {
  const others = target.voters.filter((voter) => voter !== voterOf(target.holderIdentity)).sort();
  return freeAtMs + others.indexOf(voterOf(identity)) * RANK_STAGGER_MS;
}

function send(
  state: ChallengerState,
  challenge: Challenge,
  nowMs: number,
): [ChallengerState, readonly ChallengerEffect[]] {
  const sequence = state.sequence + 1;
  const { holderIdentity, leaseTransitions, term } = challenge.target;
  const about = { holderIdentity, leaseTransitions, term };
  const message: QuorumMessage = {
    ...about,
    kind: "challenge",
    sender: state.identity,
    sequence,
    promiseDurationMs: 0,
  };
  const everyMs = challenge.challenges < QUICK_MAX ? CHALLENGE_EVERY_MS : SLOW_EVERY_MS;
  const next: Challenge = {
    ...challenge,
    nextAtMs: nowMs + everyMs,
    challenges: challenge.challenges + 1,
    sent: [...challenge.sent, { sequence, atMs: nowMs }].slice(-SENT_MAX),
  };
  return [{ ...state, sequence, challenge: next }, [{ t: "send", message }]];
}

function onHelp(
  state: ChallengerState,
  message: QuorumMessage,
  nowMs: number,
): [ChallengerState, readonly ChallengerEffect[]] {
  const { challenge } = state;
  if (challenge === undefined || challenge.proven || !sameTerm(challenge.target, message)) return [state, []];
  const voter = voterOf(message.sender);
  const sent = challenge.sent.find(({ sequence }) => sequence === message.sequence);
  if (sent === undefined || !challenge.target.voters.includes(voter)) return [state, []];
  const helps = { ...challenge.helps, [voter]: sent.atMs + countedPromiseMs(message.promiseDurationMs) };
  // All at one moment, this one: help that has run out may have been followed by a promise.
  const standing = Object.values(helps).filter((untilMs) => nowMs < untilMs).length;
  const proven = standing >= majorityOf(challenge.target.voters.length);
  const next = { ...state, challenge: { ...challenge, helps, proven } };
  const { holderIdentity, leaseTransitions, term } = challenge.target;
  return [next, proven ? [{ t: "proof", against: { holderIdentity, leaseTransitions, term } }] : []];
}
