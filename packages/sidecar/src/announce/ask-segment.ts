/**
 * Asks the segment who has the VIP, before the first take of a life: three probes, then a verdict. Pure, virtual time.
 * Who may have answered (the Lease's last holder) is the election's to say.
 */
import type { MacAddress } from "@vcluster-kube-vip/routing";
import { type Claim, probe } from "./forms.ts";

export type AskState =
  | { readonly t: "idle" }
  | {
      readonly t: "asking";
      readonly self: Claim;
      readonly dueAtMs: number;
      readonly probesSent: number;
      readonly answeredBy: readonly MacAddress[];
    };

export type AskEvent =
  /** `self.mac` is ours on the link; a probe claims nothing. */
  | { readonly t: "start"; readonly nowMs: number; readonly self: Claim }
  /** A foreign claim was heard: the answer to a probe, or an announcement. */
  | { readonly t: "answered"; readonly mac: MacAddress }
  | { readonly t: "tick"; readonly nowMs: number }
  | { readonly t: "stop" };

export type AskEffect =
  | { readonly t: "send"; readonly frame: Uint8Array }
  /** Tick then; replaces the timer before. undefined: no timer. */
  | { readonly t: "timer"; readonly atMs: number | undefined }
  /** Empty: nobody. More than one: two hold the VIP already. */
  | { readonly t: "decided"; readonly answeredBy: readonly MacAddress[] };

type Asking = Extract<AskState, { t: "asking" }>;

export const IDLE: AskState = { t: "idle" };

/** A holder's kernel answers within 0.4 ms (p99, measured on a bridge); three probes, since one may be lost. */
const PROBES = 3;
const BETWEEN_PROBES_MS = 15;
const AFTER_LAST_PROBE_MS = 30;
/** A process that was stopped has not read the answers yet, and its timer comes first: then one more probe. */
const LATE_MS = 10;
/** On a machine that is always late, the verdict is what was heard by then. */
const PROBES_MAX = 12;
/** Nobody needs the names of more. */
const ANSWERED_MAX = 16;

export function step(state: AskState, event: AskEvent): readonly [AskState, readonly AskEffect[]] {
  if (event.t === "start") {
    const asking: Asking = { t: "asking", self: event.self, dueAtMs: event.nowMs, probesSent: 0, answeredBy: [] };
    return tick(asking, event.nowMs);
  }
  if (state.t === "idle") return [state, []];
  switch (event.t) {
    case "answered":
      return [{ ...state, answeredBy: withAnswer(state.answeredBy, event.mac) }, []];
    case "tick":
      return tick(state, event.nowMs);
    case "stop":
      return [IDLE, [{ t: "timer", atMs: undefined }]];
  }
}

function tick(state: Asking, nowMs: number): readonly [AskState, readonly AskEffect[]] {
  const { dueAtMs, probesSent, answeredBy } = state;
  if (nowMs < dueAtMs) return [state, [{ t: "timer", atMs: dueAtMs }]];
  const late = nowMs - dueAtMs > LATE_MS && probesSent < PROBES_MAX;
  if (probesSent >= PROBES && !late) return [IDLE, [{ t: "decided", answeredBy }]];
  const next: Asking = {
    ...state,
    probesSent: probesSent + 1,
    dueAtMs: nowMs + (probesSent + 1 < PROBES ? BETWEEN_PROBES_MS : AFTER_LAST_PROBE_MS),
  };
  return [
    next,
    [
      { t: "send", frame: probe(state.self) },
      { t: "timer", atMs: next.dueAtMs },
    ],
  ];
}

function withAnswer(answeredBy: readonly MacAddress[], mac: MacAddress): readonly MacAddress[] {
  return answeredBy.includes(mac) || answeredBy.length === ANSWERED_MAX ? answeredBy : [...answeredBy, mac];
}
