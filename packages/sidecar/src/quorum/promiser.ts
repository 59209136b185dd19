/**
 * What a replica promises others, and for how long it keeps still after that. To a holder: "I help nobody else for Lq".
 * To a challenger: "that term is over here, and I promise it nothing more for as long". One promise and one help at a
 * time; either is kept to its end by the own clock, from the moment it is given. Judges nothing of the Lease.
 */
import { PROMISE_MAX_MS, PROMISE_MIN_MS } from "./deadline.ts";
import { type HeldTerm, type QuorumMessage, type QuorumMessageKind, sameTerm } from "./port.ts";

export interface PromiserState {
  /** Of this life. */
  readonly identity: string;
  readonly startedAtMs: number;
  readonly promise: Promised | undefined;
  readonly help: Word | undefined;
}

/** Given about this term, kept until then by the own monotonic clock. */
interface Word {
  readonly about: HeldTerm;
  readonly untilMs: number;
}

interface Promised extends Word {
  /** Of the newest heartbeat that it answers. */
  readonly sequence: number;
}

/** A heartbeat or a challenge; one of the own challenger too, which has no more right than others. */
export interface PromiserEvent {
  readonly nowMs: number;
  readonly message: QuorumMessage;
}

/** Undefined: no answer, because it is none of ours to answer. */
export type Answer = QuorumMessage | undefined;

export function initialPromiser(identity: string, nowMs: number): PromiserState {
  return { identity, startedAtMs: nowMs, promise: undefined, help: undefined };
}

/** Until when the last promise lasts; -Infinity: none was given in this life. */
export function promisedUntilMs({ promise }: PromiserState): number {
  return promise?.untilMs ?? Number.NEGATIVE_INFINITY;
}

export function stepPromiser(state: PromiserState, event: PromiserEvent): [PromiserState, Answer] {
  switch (event.message.kind) {
    case "heartbeat":
      return onHeartbeat(state, event);
    case "challenge":
      return onChallenge(state, event);
    default:
      throw new TypeError(`promiser: a ${event.message.kind} is nothing to promise on`);
  }
}

function onHeartbeat(state: PromiserState, { nowMs, message }: PromiserEvent): [PromiserState, Answer] {
  const { promiseDurationMs } = message;
  // What another version may think a good length: longer than R3 waits, it would outlive a restart.
  if (promiseDurationMs < PROMISE_MIN_MS || promiseDurationMs > PROMISE_MAX_MS) return [state, undefined];
  // A holder promises itself as long as it holds; and nobody speaks for another's hold.
  if (message.sender !== message.holderIdentity || message.sender === state.identity) return [state, undefined];
  const stillMs = Math.max(
    restartedMs(state, nowMs),
    helpedMs(state, message, nowMs),
    engagedMs(state, message, nowMs),
  );
  if (stillMs > 0) return [state, answer(state, message, "refusal", stillMs)];
  const last = state.promise !== undefined && sameTerm(state.promise.about, message) ? state.promise : undefined;
  // An older one, late or repeated, would keep us still for a holder that may be long gone.
  if (last !== undefined && message.sequence < last.sequence) return [state, undefined];
  // By the other path, or a copy: what was promised for it stands, and is not begun anew.
  if (last?.sequence === message.sequence) return [state, answer(state, message, "promise", promiseDurationMs)];
  const untilMs = Math.max(last?.untilMs ?? nowMs, nowMs + promiseDurationMs);
  const promise: Promised = { about: termOf(message), untilMs, sequence: message.sequence };
  return [{ ...state, promise }, answer(state, message, "promise", promiseDurationMs)];
}

function onChallenge(state: PromiserState, { nowMs, message }: PromiserEvent): [PromiserState, Answer] {
  // Whether the own hold is over is the own election's matter, and it says so in the Lease.
  if (message.holderIdentity === state.identity) return [state, undefined];
  const promisedMs = promisedUntilMs(state) - nowMs;
  const stillMs = Math.max(restartedMs(state, nowMs), promisedMs, elsewhereMs(state, message, nowMs));
  if (stillMs > 0) return [state, answer(state, message, "refusal", stillMs)];
  const help: Word = { about: termOf(message), untilMs: nowMs + PROMISE_MAX_MS };
  return [{ ...state, help }, answer(state, message, "help", PROMISE_MAX_MS)];
}

/** R3: what an earlier life has given, this one does not know; it is over after the longest that there is. */
function restartedMs({ startedAtMs }: PromiserState, nowMs: number): number {
  return startedAtMs + PROMISE_MAX_MS - nowMs;
}

/** A term against which help was given is promised nothing, nor one before it. */
function helpedMs({ help }: PromiserState, asked: HeldTerm, nowMs: number): number {
  const isOver = help?.about.holderIdentity === asked.holderIdentity && asked.term <= help.about.term;
  return isOver ? help.untilMs - nowMs : 0;
}

/** A promise to another holder, or to a later term of this one, of which this is an old heartbeat. */
function engagedMs({ promise }: PromiserState, asked: HeldTerm, nowMs: number): number {
  if (promise === undefined || sameTerm(promise.about, asked)) return 0;
  // A holder begins a term when it has left the one before, in the Lease.
  if (promise.about.holderIdentity === asked.holderIdentity && asked.term > promise.about.term) return 0;
  return promise.untilMs - nowMs;
}

/** Help against another holder, or against a later term of this one. */
function elsewhereMs({ help }: PromiserState, asked: HeldTerm, nowMs: number): number {
  if (help === undefined) return 0;
  if (help.about.holderIdentity === asked.holderIdentity && asked.term >= help.about.term) return 0;
  return help.untilMs - nowMs;
}

function termOf({ holderIdentity, leaseTransitions, term }: HeldTerm): HeldTerm {
  return { holderIdentity, leaseTransitions, term };
}

function answer(
  { identity }: PromiserState,
  asked: QuorumMessage,
  kind: Extract<QuorumMessageKind, "promise" | "help" | "refusal">,
  durationMs: number,
): QuorumMessage {
  return { ...asked, kind, sender: identity, promiseDurationMs: Math.ceil(durationMs) };
}
