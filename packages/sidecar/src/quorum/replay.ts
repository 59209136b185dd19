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
  readonly nonce: bigint;
  readonly atMs: number;
  /** The newest greeting that it was asked for; an older one, or the same again, asks for nothing. */
  readonly counter: number;
}

export interface Admission {
  readonly sessions: ReadonlyMap<Voter, Session>;
  /** By identity. */
  readonly asked: ReadonlyMap<string, Asked>;
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

export interface Greeted extends Pick<Heard, "identity" | "counter" | "nowMs"> {
  /** 64 random bits, for whoever is to be asked. */
  readonly nonce: bigint;
}

/** What a greeting of a life that is not believed asks for: the nonce to send to it, or nothing, since it is a replay. */
export function ask(
  state: Admission,
  { identity, counter, nonce, nowMs }: Greeted,
): readonly [Admission, bigint | "replay"] {
  const before = state.asked.get(identity);
  if (before !== undefined && counter <= before.counter) return [state, "replay"];
  const asked = new Map(state.asked);
  // The same nonce again: the answer to it may be on its way.
  const next =
    before !== undefined && isFresh(before, nowMs) ? { ...before, counter } : { nonce, atMs: nowMs, counter };
  if (before === undefined && asked.size >= ASKED_MAX) asked.delete(oldestOf(asked, ({ atMs }) => atMs));
  return [{ ...state, asked: asked.set(identity, next) }, next.nonce];
}

export interface Echo extends Pick<Heard, "identity" | "counter" | "nowMs"> {
  readonly echo: bigint;
}

/** True: the life is believed from here on; what it has sent up to this counter is not. */
export function believe(state: Admission, { identity, counter, nowMs, echo }: Echo): readonly [Admission, boolean] {
  const before = state.asked.get(identity);
  if (before === undefined || before.nonce !== echo || !isFresh(before, nowMs)) return [state, false];
  const asked = new Map(state.asked);
  asked.delete(identity);
  const sessions = new Map(state.sessions);
  sessions.delete(voterOf(identity));
  if (sessions.size >= SESSIONS_MAX) sessions.delete(oldestOf(sessions, ({ heardAtMs }) => heardAtMs));
  const seen = { segment: 0n, "pod-network": 0n };
  sessions.set(voterOf(identity), { identity, floor: counter, highest: counter, seen, heardAtMs: nowMs });
  return [{ sessions, asked }, true];
}

export function isBelieved({ sessions }: Admission, identity: string): boolean {
  return sessions.get(voterOf(identity))?.identity === identity;
}

function isFresh({ atMs }: Asked, nowMs: number): boolean {
  return nowMs - atMs < NONCE_MS;
}

function shifted(seen: Session["seen"], by: bigint): Session["seen"] {
  if (by === 0n) return seen;
  if (by >= WINDOW) return { segment: 0n, "pod-network": 0n };
  return {
    segment: (seen.segment << by) & WINDOW_MASK,
    "pod-network": (seen["pod-network"] << by) & WINDOW_MASK,
  };
}

function oldestOf<T>(map: ReadonlyMap<string, T>, atMsOf: (value: T) => number): string {
  let oldest = "";
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (const [key, value] of map) {
    if (atMsOf(value) >= oldestAtMs) continue;
    oldest = key;
    oldestAtMs = atMsOf(value);
  }
  return oldest;
}
