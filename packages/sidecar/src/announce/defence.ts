/**
 * What a holder does when a stranger claims the VIP: pure, virtual time. It says once, at once, that the VIP is here, and
 * then not again for 10 s whatever is claimed (RFC 5227 2.4 c: never a fight). Meanwhile the stranger is asked for again
 * and again by probes, which claim nothing: as soon as nobody answers, those who believed it are told where the VIP is.
 */

export interface DefenceState {
  readonly defendedAtMs: number;
  /** Somebody claims the VIP, or did a moment ago. */
  readonly conflict:
    | {
        readonly heardAtMs: number;
        /** When the stranger is asked for next; undefined: a question is under way. */
        readonly askAtMs: number | undefined;
      }
    | undefined;
  /** How often a stranger that had gone was back within a minute. */
  readonly returns: number;
  /** When the last one had gone. */
  readonly goneAtMs: number;
}

export type DefenceEvent =
  | { readonly t: "claimed"; readonly nowMs: number }
  /** The question is answered: whether anybody claims the VIP. */
  | { readonly t: "asked"; readonly nowMs: number; readonly isClaimed: boolean }
  | { readonly t: "tick"; readonly nowMs: number }
  /** The VIP is no longer held here. */
  | { readonly t: "stop" };

export type DefenceEffect =
  /** Once to everybody: the VIP is here. */
  | { readonly t: "announce"; readonly why: "defence" | "stranger-gone" }
  /** By probes; answered by one "asked". */
  | { readonly t: "ask" }
  /** Tick then; replaces the timer before. undefined: no timer. */
  | { readonly t: "timer"; readonly atMs: number | undefined };

type Step = readonly [DefenceState, readonly DefenceEffect[]];

export const PEACE: DefenceState = {
  defendedAtMs: Number.NEGATIVE_INFINITY,
  conflict: undefined,
  returns: 0,
  goneAtMs: Number.NEGATIVE_INFINITY,
};

/** RFC 5227, DEFEND_INTERVAL. */
export const DEFEND_INTERVAL_MS = 10_000;
/** Without a claim for so long, a stranger is asked for. */
const SILENT_MS = 1000;
/** For one that comes and goes it doubles, up to this: what is said in answer to its silence becomes no fight either. */
const SILENT_MAX_MS = 8000;
const FORGET_MS = 60_000;

export function step(state: DefenceState, event: DefenceEvent): Step {
  switch (event.t) {
    case "claimed":
      return claimed(state, event.nowMs);
    case "asked":
      return event.isClaimed ? stillThere(state, event.nowMs) : gone(state, event.nowMs);
    case "tick":
      return tick(state, event.nowMs);
    case "stop":
      // How long ago the VIP was defended counts for the next hold, too.
      return [{ ...state, conflict: undefined }, [{ t: "timer", atMs: undefined }]];
  }
}

function claimed(state: DefenceState, nowMs: number): Step {
  const isNew = state.conflict === undefined;
  const isBack = isNew && nowMs - state.goneAtMs < FORGET_MS;
  const returns = isNew ? (isBack ? state.returns + 1 : 0) : state.returns;
  const mayDefend = nowMs - state.defendedAtMs >= DEFEND_INTERVAL_MS;
  const defendedAtMs = mayDefend ? nowMs : state.defendedAtMs;
  const announce: readonly DefenceEffect[] = mayDefend ? [{ t: "announce", why: "defence" }] : [];
  const next = { ...state, returns, defendedAtMs };
  // A question under way hears this claim, too.
  if (state.conflict?.askAtMs === undefined && !isNew) {
    return [{ ...next, conflict: { heardAtMs: nowMs, askAtMs: undefined } }, announce];
  }
  const askAtMs = nowMs + silentMs(returns);
  return [{ ...next, conflict: { heardAtMs: nowMs, askAtMs } }, [...announce, { t: "timer", atMs: askAtMs }]];
}

function tick(state: DefenceState, nowMs: number): Step {
  const { conflict } = state;
  if (conflict?.askAtMs === undefined) return [state, []];
  // Timers may fire early by a fraction of a millisecond.
  if (nowMs < conflict.askAtMs) return [state, [{ t: "timer", atMs: conflict.askAtMs }]];
  return [{ ...state, conflict: { ...conflict, askAtMs: undefined } }, [{ t: "ask" }]];
}

function stillThere(state: DefenceState, nowMs: number): Step {
  if (state.conflict === undefined) return [state, []];
  const askAtMs = nowMs + silentMs(state.returns);
  return [{ ...state, conflict: { heardAtMs: nowMs, askAtMs } }, [{ t: "timer", atMs: askAtMs }]];
}

function gone(state: DefenceState, nowMs: number): Step {
  if (state.conflict === undefined) return [state, []];
  return [{ ...state, conflict: undefined, goneAtMs: nowMs }, [{ t: "announce", why: "stranger-gone" }]];
}

function silentMs(returns: number): number {
  return Math.min(SILENT_MS * 2 ** Math.min(returns, 10), SILENT_MAX_MS);
}
