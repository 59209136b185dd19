/**
 * Whether this replica can serve the VIP's clients: pure, virtual time. Its own API server, the link and the segment are
 * judged here together, with hysteresis, so that what flaps does not make the verdict flap. Says what is; that the VIP
 * moves, and to whom, needs another replica that can serve (successor.ts) and is the election's to do.
 */
import { afterProbe, NOT_YET_READY, type ProbeResult, type ServerState, type ServerTrouble } from "./own-server.ts";
import type { Reach } from "./reach.ts";

export type Verdict =
  | { readonly t: "able" }
  /** Its link or its API server has not been usable in this life. It may take the VIP; nobody hands it over to it. */
  | { readonly t: "not-yet"; readonly reason: string }
  /** A fault lasts, or ended less than 10 s ago. */
  | { readonly t: "unable"; readonly reason: string }
  /** Its Pod is being deleted, or it was asked to stop: for good. */
  | { readonly t: "gone-soon"; readonly reason: string };

export type Cause = `server-${ServerTrouble}` | "link" | "segment-silent";

/** What is wrong now. */
export interface Fault {
  readonly cause: Cause;
  /** Own monotonic clock: before, there was no sign of it. */
  readonly sinceMs: number;
  readonly detail: string;
}

export interface HealthState {
  readonly server: ServerState;
  readonly reach: Reach;
  readonly link:
    | { readonly t: "not-yet"; readonly reason: string }
    | { readonly t: "usable" }
    | { readonly t: "unusable"; readonly reason: string; readonly sinceMs: number };
  readonly leaving: string | undefined;
  /** After a fault: when this replica counts as able again, and what it was. */
  readonly recovering: { readonly untilMs: number; readonly fault: Fault } | undefined;
}

export type HealthEvent = { readonly nowMs: number } /** One look at the own API server. */ & (
  | { readonly t: "probe"; readonly askedAtMs: number; readonly result: ProbeResult }
  /** `unusable` undefined: it can be used. */
  | { readonly t: "link"; readonly unusable: string | undefined }
  | { readonly t: "reach"; readonly reach: Reach }
  /** The own Pod is marked for deletion, or SIGTERM came. */
  | { readonly t: "leaving"; readonly reason: string }
  | { readonly t: "tick" }
);

/** The verdict is another. */
export interface HealthEffect {
  readonly t: "transition";
  readonly from: Verdict["t"];
  readonly to: Verdict["t"];
  readonly reason: string;
}

export const INITIAL: HealthState = {
  server: NOT_YET_READY,
  reach: { t: "unknown" },
  link: { t: "not-yet", reason: "starting" },
  leaving: undefined,
  recovering: undefined,
};

/** How long a replica must be without a fault to count as able again. */
export const HYSTERESIS_MS = 10_000;

export function step(state: HealthState, event: HealthEvent): readonly [HealthState, readonly HealthEffect[]] {
  const next = settled(state, learn(state, event), event.nowMs);
  const [from, to] = [verdictOf(state), verdictOf(next)];
  if (from.t === to.t) return [next, []];
  return [next, [{ t: "transition", from: from.t, to: to.t, reason: reasonOf(to) }]];
}

export function verdictOf(state: HealthState): Verdict {
  const { leaving, recovering, server, link } = state;
  if (leaving !== undefined) return { t: "gone-soon", reason: leaving };
  const fault = faultOf(state);
  if (fault !== undefined) return { t: "unable", reason: fault.detail };
  if (recovering !== undefined) {
    return {
      t: "unable",
      reason: `well again for less than ${HYSTERESIS_MS / 1000} s after: ${recovering.fault.detail}`,
    };
  }
  if (link.t === "not-yet") return { t: "not-yet", reason: link.reason };
  return server.wasReady ? { t: "able" } : { t: "not-yet", reason: "the own API server has not been ready yet" };
}

export function reasonOf(verdict: Verdict): string {
  return verdict.t === "able" ? "able" : verdict.reason;
}

/** The worst of what is wrong now: what a holder leaves for, where another replica is without it. */
export function faultOf({ server, reach, link }: HealthState): Fault | undefined {
  if (link.t === "unusable") return { cause: "link", sinceMs: link.sinceMs, detail: link.reason };
  if (server.fault !== undefined && server.fault.trouble !== "unready") return serverFault(server.fault);
  if (reach.t === "silent") {
    return { cause: "segment-silent", sinceMs: reach.sinceMs, detail: "the segment no longer answers" };
  }
  return server.fault && serverFault(server.fault);
}

/**
 * Why a candidate leaves the VIP to the others; undefined: it may take it. Only what makes serving here useless for
 * certain: a fault that every replica may have in the same moment (no etcd, no gateway) would leave the VIP to nobody.
 */
export function hindranceOf(state: HealthState): string | undefined {
  if (state.leaving !== undefined) return state.leaving;
  const fault = faultOf(state);
  return fault?.cause === "server-dead" || fault?.cause === "server-hung" ? fault.detail : undefined;
}

/** The next time that the verdict changes by itself: tick then. */
export function nextWakeMs({ recovering }: HealthState): number | undefined {
  return recovering?.untilMs;
}

function serverFault({ trouble, sinceMs, detail }: NonNullable<ServerState["fault"]>): Fault {
  return { cause: `server-${trouble}`, sinceMs, detail: `the own API server is ${trouble}: ${detail}` };
}

function learn(state: HealthState, event: HealthEvent): HealthState {
  switch (event.t) {
    case "probe":
      return { ...state, server: afterProbe(state.server, event.result, event.askedAtMs) };
    case "link":
      return { ...state, link: linkAfter(state.link, event) };
    case "reach":
      return { ...state, reach: event.reach };
    case "leaving":
      return { ...state, leaving: state.leaving ?? event.reason };
    case "tick":
      return state;
  }
}

/** A link that comes late (Multus attaches it) was never lost. */
function linkAfter(
  link: HealthState["link"],
  { unusable: reason, nowMs }: Extract<HealthEvent, { t: "link" }>,
): HealthState["link"] {
  if (reason === undefined) return { t: "usable" };
  if (link.t === "not-yet") return { t: "not-yet", reason };
  return { t: "unusable", reason, sinceMs: link.t === "unusable" ? link.sinceMs : nowMs };
}

/** Hysteresis: a fault that ends begins the wait, a fault that begins ends it. */
function settled(before: HealthState, next: HealthState, nowMs: number): HealthState {
  if (faultOf(next) !== undefined) return { ...next, recovering: undefined };
  const ended = faultOf(before);
  if (ended !== undefined) return { ...next, recovering: { untilMs: nowMs + HYSTERESIS_MS, fault: ended } };
  return next.recovering !== undefined && nowMs >= next.recovering.untilMs ? { ...next, recovering: undefined } : next;
}
