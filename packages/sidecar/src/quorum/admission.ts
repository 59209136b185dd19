/**
 * Which authentic messages count: those of a life that is known to be alive, once each. A life (podName_podUID_bootNonce)
 * is believed after it has sent back a fresh nonce, so what was recorded of an earlier one begins nothing; it replaces
 * the voter's earlier life. Pure; nonces and time are arguments, and nothing here grows beyond its bound.
 */
import { type QuorumPath, type Voter, voterOf } from "./port.ts";

/** Of a believed life. */
export interface Session {
  readonly identity: string;
  /** Counters up to this one are too old to be told apart. */
  readonly floor: number;
  readonly highest: number;
  /** Bit 0 is the highest counter, bit n the one n below it, for each path by which it came. */
  readonly seen: Readonly<Record<QuorumPath, bigint>>;
  readonly heardAtMs: number;
}

/** A nonce that is on its way to somebody, and back. */
interface Asked {
  readonly identity: string;
  readonly nonce: bigint;
  readonly atMs: number;
  readonly sentAtMs: number;
}

export interface Admission {
  readonly sessions: ReadonlyMap<Voter, Session>;
  readonly asked: ReadonlyMap<Voter, Asked>;
}

export type Verdict =
  | "fresh"
  /** The other path's; counted already, and shows that this path is open. */
  | "copy"
  | "replay"
  /** Behind all that is remembered. */
  | "old"
  /** Its life is not believed, or no longer. */
  | "stranger";

/** Counters: at 40 messages a second, 3 s. A message that is later than that is of no use to anybody. */
const WINDOW = 128n;
const WINDOW_MASK = (1n << WINDOW) - 1n;
/** A cluster has three, five or seven control-plane replicas; the others of them, and a recreated one's earlier pod. */
export const SESSIONS_MAX = 8;
const ASKED_MAX = 16;
/** Of a nonce. A round trip is a few milliseconds; the greeting is repeated after a second. */
const NONCE_MS = 2_000;
/** A greeting that is heard again and again is answered no more often. */
export const ASK_EVERY_MS = 100;

export const NOBODY: Admission = { sessions: new Map(), asked: new Map() };

export interface Heard {
  readonly identity: string;
  readonly counter: number;
  readonly path: QuorumPath;
  readonly nowMs: number;
}

/** Whether a message counts; the state after it. */
export function admit(state: Admission, { identity, counter, path, nowMs }: Heard): readonly [Admission, Verdict] {
  const session = state.sessions.get(voterOf(identity));
  if (session?.identity !== identity) return [state, "stranger"];
  const behind = session.highest - counter;
  if (counter <= session.floor || behind >= Number(WINDOW)) return [state, "old"];
  const shift = BigInt(Math.max(0, -behind));
  const bit = 1n << BigInt(Math.max(0, behind));
  const seen = shifted(session.seen, shift);
  if ((seen[path] & bit) !== 0n) return [state, "replay"];
  const isCopy = ((seen.segment | seen["pod-network"]) & bit) !== 0n;
  const after = { ...session, seen: { ...seen, [path]: seen[path] | bit }, heardAtMs: nowMs };
  const next = { ...after, highest: Math.max(session.highest, counter) };
  return [{ ...state, sessions: new Map(state.sessions).set(voterOf(identity), next) }, isCopy ? "copy" : "fresh"];
}

/** A nonce for a life that is not believed; undefined: it is, or was asked a moment ago. The nonce is 64 random bits. */
export function ask(
  state: Admission,
  { identity, nonce, nowMs }: { readonly identity: string; readonly nonce: bigint; readonly nowMs: number },
): readonly [Admission, bigint | undefined] {
  const voter = voterOf(identity);
  if (state.sessions.get(voter)?.identity === identity) return [state, undefined];
  const before = state.asked.get(voter);
  const asked = new Map(state.asked);
  asked.delete(voter);
  if (before?.identity === identity && nowMs - before.atMs < NONCE_MS) {
    if (nowMs - before.sentAtMs < ASK_EVERY_MS) return [state, undefined];
    // The same nonce again: the answer to the first may be on its way.
    return [{ ...state, asked: asked.set(voter, { ...before, sentAtMs: nowMs }) }, before.nonce];
  }
  if (asked.size >= ASKED_MAX) asked.delete(oldestOf(asked, ({ atMs }) => atMs));
  return [{ ...state, asked: asked.set(voter, { identity, nonce, atMs: nowMs, sentAtMs: nowMs }) }, nonce];
}

export interface Echo extends Pick<Heard, "identity" | "counter" | "nowMs"> {
  readonly echo: bigint;
}

/** True: the life is believed from here on; what it has sent up to this counter is not. */
export function believe(state: Admission, { identity, counter, nowMs, echo }: Echo): readonly [Admission, boolean] {
  const voter = voterOf(identity);
  const asked = state.asked.get(voter);
  if (asked?.identity !== identity || asked.nonce !== echo || nowMs - asked.atMs >= NONCE_MS) return [state, false];
  const others = new Map(state.asked);
  others.delete(voter);
  const sessions = new Map(state.sessions);
  sessions.delete(voter);
  if (sessions.size >= SESSIONS_MAX) sessions.delete(oldestOf(sessions, ({ heardAtMs }) => heardAtMs));
  const seen = { segment: 0n, "pod-network": 0n };
  sessions.set(voter, { identity, floor: counter, highest: counter, seen, heardAtMs: nowMs });
  return [{ sessions, asked: others }, true];
}

function shifted(seen: Session["seen"], by: bigint): Session["seen"] {
  if (by === 0n) return seen;
  if (by >= WINDOW) return { segment: 0n, "pod-network": 0n };
  return {
    segment: (seen.segment << by) & WINDOW_MASK,
    "pod-network": (seen["pod-network"] << by) & WINDOW_MASK,
  };
}

function oldestOf<T>(map: ReadonlyMap<Voter, T>, atMsOf: (value: T) => number): Voter {
  let oldest: Voter = "";
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (const [voter, value] of map) {
    if (atMsOf(value) >= oldestAtMs) continue;
    oldest = voter;
    oldestAtMs = atMsOf(value);
  }
  return oldest;
}
