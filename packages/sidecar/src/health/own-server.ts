/**
 * Our own API server, judged by its answers: pure. Kinds of trouble are told apart, since they prove different things
 * about the others: nobody listens (dead), it takes connections and answers nothing (hung), or it answers that it cannot
 * serve (unready), which is what every replica says while etcd elects. A server that was never ready is none of these: it
 * is not yet.
 */

/** What came of one look at /readyz, by the listener that the VIP's clients reach. */
export type ProbeResult =
  | { readonly t: "ready" }
  /** It answers, or a request that needs no etcd is answered; but not that it is ready. */
  | { readonly t: "unready"; readonly detail: string }
  /** Nothing is answered in time. */
  | { readonly t: "silent" }
  /** Nobody listens: the kernel's word, certain at once. */
  | { readonly t: "refused" }
  /** It could not be asked as it has to be (no credentials, a certificate of another CA): no word against it. */
  | { readonly t: "unknown"; readonly detail: string };

export type ServerTrouble = "dead" | "hung" | "unready";

interface ServerFault {
  readonly trouble: ServerTrouble;
  /** When what failed first was asked, own monotonic clock. */
  readonly sinceMs: number;
  readonly detail: string;
  /** When the try that was refused last began. */
  readonly refusedAtMs?: number;
}

export interface ServerState {
  readonly wasReady: boolean;
  /** The unbroken run of good answers: when its first and its last were asked for. */
  readonly ready: { readonly sinceMs: number; readonly lastMs: number } | undefined;
  /** The unbroken run of failures; of which the last `silent` were silence. */
  readonly failing: { readonly sinceMs: number; readonly count: number; readonly silent: number } | undefined;
  readonly fault: ServerFault | undefined;
}

/** A lost answer happens; three in a row are a fault. */
const FAILURES = 3;
/**
 * Whoever listens in front of a dead server goes on to say that it is unready: less than the refusal behind it, which is
 * heard anew every 500 ms.
 */
const REFUSAL_HOLDS_MS = 1000;

export const NOT_YET_READY: ServerState = { wasReady: false, ready: undefined, failing: undefined, fault: undefined };

/** After one look; `askedAtMs` on the own monotonic clock. */
export function afterProbe(state: ServerState, result: ProbeResult, askedAtMs: number): ServerState {
  switch (result.t) {
    case "ready":
      return afterReady(state, askedAtMs);
    case "refused":
      return { ...state, ready: undefined, fault: state.wasReady ? dead(state, askedAtMs) : undefined };
    case "silent":
      return afterFailure(state, askedAtMs, { isSilent: true, detail: "it takes connections and answers nothing" });
    case "unready":
      return afterFailure(state, askedAtMs, { isSilent: false, detail: result.detail });
    case "unknown":
      return state;
  }
}

function afterReady(state: ServerState, askedAtMs: number): ServerState {
  // Asked of the process that has died since.
  if (state.fault !== undefined && askedAtMs < state.fault.sinceMs) return state;
  const sinceMs = state.ready?.sinceMs ?? askedAtMs;
  return { wasReady: true, ready: { sinceMs, lastMs: askedAtMs }, failing: undefined, fault: undefined };
}

function dead({ fault }: ServerState, askedAtMs: number): ServerFault {
  const sinceMs = fault?.trouble === "dead" ? fault.sinceMs : askedAtMs;
  return { trouble: "dead", sinceMs, detail: "nobody listens", refusedAtMs: askedAtMs };
}

function afterFailure(
  state: ServerState,
  askedAtMs: number,
  { isSilent, detail }: { readonly isSilent: boolean; readonly detail: string },
): ServerState {
  const { sinceMs, count, silent } = state.failing ?? { sinceMs: askedAtMs, count: 0, silent: 0 };
  const failing = { sinceMs, count: count + 1, silent: isSilent ? silent + 1 : 0 };
  const next: ServerState = { ...state, ready: undefined, failing };
  if (!state.wasReady || failing.count < FAILURES) return next;
  const { refusedAtMs = Number.NEGATIVE_INFINITY } = state.fault ?? {};
  if (askedAtMs - refusedAtMs < REFUSAL_HOLDS_MS) return next;
  const trouble = failing.silent >= FAILURES ? "hung" : "unready";
  return { ...next, fault: { trouble, sinceMs: state.fault?.sinceMs ?? sinceMs, detail } };
}
