/**
 * Whether the segment answers: the gateway (without one, neighbours) is asked again and again, and three unanswered
 * questions where there were answers before are a segment fallen silent. Finds what no kernel event tells: a bridge port
 * taken away, a VLAN mislaid, while the carrier stays. Pure, virtual time; how a question looks is its sender's.
 *
 * Silence alone says nothing about whose it is: a gateway that is switched off is silent for every replica.
 */
import type { IpAddress } from "@vcluster-kube-vip/routing";

export type Reach =
  /** Nobody who was asked has ever answered on this link. */
  | { readonly t: "unknown" }
  | { readonly t: "answers"; readonly answeredAtMs: number }
  /** Since when: the first question without an answer was asked then. */
  | { readonly t: "silent"; readonly sinceMs: number; readonly answeredAtMs: number };

export type ReachState =
  | { readonly t: "off" }
  | {
      readonly t: "asking";
      readonly reach: Reach;
      /** The question under way. */
      readonly askedAtMs: number | undefined;
      /** When the question under way counts as unanswered, or else when the next one is asked. */
      readonly dueAtMs: number;
      /** Between two questions to who answers. */
      readonly everyMs: number;
      /** Unanswered questions in a row, and when the first of them was asked. */
      readonly missed: { readonly count: number; readonly sinceMs: number } | undefined;
    };

export type ReachEvent =
  /** A link was opened: what was known of another does not count. The first question is due at fromMs. */
  | { readonly t: "start"; readonly fromMs: number }
  /** Somebody who was asked has answered. */
  | { readonly t: "answered"; readonly nowMs: number }
  | { readonly t: "tick"; readonly nowMs: number; readonly asker: Asker }
  | { readonly t: "stop" };

/** Who asks: the holder, as the VIP; a standby, who claims nothing; or nobody, where a standby has no form to ask in. */
export type Asker = "holder" | "standby" | "nobody";

type ReachEffect =
  /** Unicast where the MAC address is known; by broadcast where that may be the very thing that is out of date. */
  | { readonly t: "ask"; readonly by: "unicast" | "broadcast" }
  /** Tick then; replaces the timer before. undefined: no timer. */
  | { readonly t: "timer"; readonly atMs: number | undefined }
  /** Of kind, not of time. */
  | { readonly t: "changed"; readonly reach: Reach };

type Asking = Extract<ReachState, { t: "asking" }>;
type Step = readonly [ReachState, readonly ReachEffect[]];

export const OFF: ReachState = { t: "off" };

/** A holder is to find a silent cut within 2 s, and hand over; with the timer's slack, once a second. */
const HOLDING_MS = 750;
/** A standby's word counts only if it is younger than the holder's silence, and what is waited for that comes on top. */
const STANDBY_MS = 700;
/** Where nobody has ever answered, asking is broadcast without use. */
const UNKNOWN_MS = 5000;
/** Answers come within 1 ms; a busy router takes longer. What is missed is asked again at once. */
const ANSWER_MS = 200;
const MISSES = 3;
/** A process that was stopped has not read the answers yet, and its timer comes first: that question says nothing. */
const LATE_MS = 100;
const NEIGHBOURS_MAX = 3;

export function step(state: ReachState, event: ReachEvent): Step {
  if (event.t === "start") return start(event.fromMs);
  if (state.t === "off") return [state, []];
  switch (event.t) {
    case "answered":
      return answered(state, event.nowMs);
    case "tick":
      return tick(state, event.nowMs, event.asker);
    case "stop":
      return [OFF, [{ t: "timer", atMs: undefined }]];
  }
}

/** A question is under way. */
export function isWaiting(state: ReachState): boolean {
  return state.t === "asking" && state.askedAtMs !== undefined;
}

export function reachOf(state: ReachState): Reach {
  return state.t === "off" ? { t: "unknown" } : state.reach;
}

/** The gateway; where it has not answered on this link, or there is none, three of the `neighbours` too. */
export function toAsk(
  gateway: IpAddress | undefined,
  hasAnswered: (address: IpAddress) => boolean,
  neighbours: readonly IpAddress[],
): readonly IpAddress[] {
  if (gateway !== undefined && hasAnswered(gateway)) return [gateway];
  const others = neighbours.filter((address) => address !== gateway).slice(0, NEIGHBOURS_MAX);
  return gateway === undefined ? others : [gateway, ...others];
}

function start(fromMs: number): Step {
  const state: Asking = {
    t: "asking",
    reach: { t: "unknown" },
    askedAtMs: undefined,
    dueAtMs: fromMs,
    everyMs: STANDBY_MS,
    missed: undefined,
  };
  return [state, [{ t: "timer", atMs: fromMs }]];
}

function answered(state: Asking, nowMs: number): Step {
  const reach: Reach = { t: "answers", answeredAtMs: nowMs };
  const changed: readonly ReachEffect[] = state.reach.t === "answers" ? [] : [{ t: "changed", reach }];
  const next: Asking = { ...state, reach, missed: undefined };
  if (state.askedAtMs === undefined) return [next, changed];
  const dueAtMs = state.askedAtMs + state.everyMs;
  return [{ ...next, askedAtMs: undefined, dueAtMs }, [...changed, { t: "timer", atMs: dueAtMs }]];
}

function tick(state: Asking, nowMs: number, asker: Asker): Step {
  // Timers may fire early by a fraction of a millisecond.
  if (nowMs < state.dueAtMs) return [state, [{ t: "timer", atMs: state.dueAtMs }]];
  if (asker === "nobody")
    return rest({ ...state, reach: { t: "unknown" }, missed: undefined }, state, nowMs + STANDBY_MS);
  if (state.askedAtMs === undefined) return ask(state, nowMs, asker);
  const judged = afterSilence(state, state.askedAtMs, nowMs);
  if (judged.reach.t === "answers") return ask(judged, nowMs, asker);
  return rest(judged, state, nowMs + (judged.reach.t === "unknown" ? UNKNOWN_MS : STANDBY_MS));
}

function rest(next: Asking, before: Asking, dueAtMs: number): Step {
  const timer: ReachEffect = { t: "timer", atMs: dueAtMs };
  const isOther = next.reach.t !== before.reach.t;
  const effects: readonly ReachEffect[] = isOther ? [{ t: "changed", reach: next.reach }, timer] : [timer];
  return [{ ...next, askedAtMs: undefined, dueAtMs }, effects];
}

function ask(state: Asking, nowMs: number, asker: "holder" | "standby"): Step {
  const { reach, missed } = state;
  const everyMs = asker === "holder" ? HOLDING_MS : STANDBY_MS;
  const dueAtMs = nowMs + ANSWER_MS;
  const by = reach.t === "answers" && missed === undefined ? "unicast" : "broadcast";
  return [
    { ...state, askedAtMs: nowMs, dueAtMs, everyMs },
    [
      { t: "ask", by },
      { t: "timer", atMs: dueAtMs },
    ],
  ];
}

function afterSilence(state: Asking, askedAtMs: number, nowMs: number): Asking {
  if (state.reach.t !== "answers" || nowMs - state.dueAtMs > LATE_MS) return state;
  const missed = { count: (state.missed?.count ?? 0) + 1, sinceMs: state.missed?.sinceMs ?? askedAtMs };
  if (missed.count < MISSES) return { ...state, missed };
  const { answeredAtMs } = state.reach;
  return { ...state, missed, reach: { t: "silent", sinceMs: missed.sinceMs, answeredAtMs } };
}
