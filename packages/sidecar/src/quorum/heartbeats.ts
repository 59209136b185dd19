/**
 * The holder's side of the quorum: it asks each ~60 ms for the promise of a term, and says until when a majority, itself
 * included, has promised it. Counted from the send of the heartbeat that was acknowledged; once that has passed, the
 * term is over whatever arrives (R2). Knows neither the Lease nor the kernel: who may rely on a term is the election's.
 */
import { extendedMs, HEARTBEAT_MS, majorityOf, quorumHoldMs } from "./deadline.ts";
import { type HeldTerm, type QuorumMessage, sameTerm, type Voter, voterOf } from "./port.ts";

/** Heartbeats whose answers are still of use: those of the longest promise. */
const SENT_MAX = 16;

export type HeartbeatsState =
  | { readonly t: "still"; readonly sequence: number }
  | {
      readonly t: "beating";
      readonly held: HeldTerm;
      /** All of them, this replica included. They stay for the term, so that everybody counts the same majority. */
      readonly voters: readonly Voter[];
      /** Of the last heartbeat; it rises through all terms of a life. */
      readonly sequence: number;
      readonly sent: readonly { readonly sequence: number; readonly atMs: number }[];
      /** Until when each of the others has promised, counted from the send. */
      readonly promised: Readonly<Record<Voter, number>>;
      /** The quorum's deadline, monotonic; undefined until the first majority. */
      readonly untilMs: number | undefined;
      readonly nextAtMs: number;
    };

type Beating = Extract<HeartbeatsState, { t: "beating" }>;

export type HeartbeatsEvent = { readonly nowMs: number } & (
  | { readonly t: "tick"; readonly promiseDurationMs: number }
  | { readonly t: "begin"; readonly held: HeldTerm; readonly voters: readonly Voter[] }
  | { readonly t: "promise"; readonly message: QuorumMessage }
  | { readonly t: "end" }
);

export type HeartbeatsEffect =
  | { readonly t: "send"; readonly message: QuorumMessage }
  /** A majority has promised until then; said whenever it moves. */
  | { readonly t: "promised"; readonly untilMs: number }
  /** A heartbeat was answered. */
  | { readonly t: "answered"; readonly identity: string; readonly roundTripMs: number };

export const STILL: HeartbeatsState = { t: "still", sequence: 0 };

export function stepHeartbeats(
  state: HeartbeatsState,
  event: HeartbeatsEvent,
): [HeartbeatsState, readonly HeartbeatsEffect[]] {
  switch (event.t) {
    case "begin":
      return [begin(state, event), []];
    case "end":
      return [{ t: "still", sequence: state.sequence }, []];
    case "tick":
      return state.t === "beating" && event.nowMs >= state.nextAtMs ? beat(state, event) : [state, []];
    case "promise":
      return state.t === "beating" ? count(state, event.message, event.nowMs) : [state, []];
  }
}

/** Whether the term is over: it had a majority, and has it no more. */
export function isLapsed(state: HeartbeatsState, nowMs: number): boolean {
  return state.t === "beating" && state.untilMs !== undefined && nowMs >= state.untilMs;
}

function begin(
  { sequence }: HeartbeatsState,
  { held, voters, nowMs }: Extract<HeartbeatsEvent, { t: "begin" }>,
): Beating {
  return { t: "beating", held, voters, sequence, sent: [], promised: {}, untilMs: undefined, nextAtMs: nowMs };
}

function beat(
  state: Beating,
  { nowMs, promiseDurationMs }: { readonly nowMs: number; readonly promiseDurationMs: number },
): [HeartbeatsState, readonly HeartbeatsEffect[]] {
  // A term that is over is asked for no more: its promises would only keep others still.
  if (isLapsed(state, nowMs)) return [state, []];
  const sequence = state.sequence + 1;
  const sent = [...state.sent, { sequence, atMs: nowMs }].slice(-SENT_MAX);
  const { holderIdentity } = state.held;
  const message: QuorumMessage = {
    ...state.held,
    kind: "heartbeat",
    sender: holderIdentity,
    sequence,
    promiseDurationMs,
  };
  return [{ ...state, sequence, sent, nextAtMs: nowMs + HEARTBEAT_MS }, [{ t: "send", message }]];
}

function count(state: Beating, message: QuorumMessage, nowMs: number): [HeartbeatsState, readonly HeartbeatsEffect[]] {
  const voter = voterOf(message.sender);
  const sent = state.sent.find(({ sequence }) => sequence === message.sequence);
  if (!sameTerm(message, state.held) || sent === undefined || !isAnother(state, voter)) return [state, []];
  const lastMs = state.promised[voter] ?? Number.NEGATIVE_INFINITY;
  const grantedMs = sent.atMs + quorumHoldMs(message.promiseDurationMs);
  // By the other path, or a copy: the quicker answer has said it.
  if (grantedMs <= lastMs) return [state, []];
  const answered: HeartbeatsEffect = { t: "answered", identity: message.sender, roundTripMs: nowMs - sent.atMs };
  const promised = { ...state.promised, [voter]: grantedMs };
  const majorityMs = majorityUntilMs(state.voters, promised);
  const untilMs = state.untilMs === undefined ? ahead(majorityMs, nowMs) : extendedMs(state.untilMs, nowMs, majorityMs);
  const next: Beating = { ...state, promised, untilMs };
  if (untilMs === undefined || untilMs === state.untilMs) return [next, [answered]];
  return [next, [answered, { t: "promised", untilMs }]];
}

/** The first majority is one only while it lasts. */
function ahead(untilMs: number, nowMs: number): number | undefined {
  return nowMs < untilMs ? untilMs : undefined;
}

function isAnother({ held, voters }: Beating, voter: Voter): boolean {
  return voters.includes(voter) && voter !== voterOf(held.holderIdentity);
}

/** When the last of the best majority ends; this replica's own voice does not end. */
function majorityUntilMs(voters: readonly Voter[], promised: Readonly<Record<Voter, number>>): number {
  const others = Object.values(promised).sort((a, b) => b - a);
  return others[majorityOf(voters.length) - 2] ?? Number.NEGATIVE_INFINITY;
}
