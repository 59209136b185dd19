/**
 * One replica's part in the quorum: what arrives goes to the promiser, the heartbeats or the challenger; what they find
 * goes to the election. As a holder it asks for promises, as a candidate it challenges what the Lease shows. Decides
 * nothing about the Lease, and touches neither it nor the VIP.
 */
import type { FenceLevel } from "@vcluster-kube-vip/routing";
import { type AdmissionSettings, initialAdmission, stepAdmission, type Verdict } from "./admission.ts";
import { challengerWakeMs, initialChallenger } from "./challenger.ts";
import { STILL } from "./heartbeats.ts";
import { hold, holdingWakeMs } from "./holding.ts";
import { beats, challenges, heard, type MemberEffect, type MemberState, type Turn } from "./member-turn.ts";
import type { QuorumMessage, QuorumPath } from "./port.ts";
import { initialProbes, roundTripOf } from "./probes.ts";
import { initialPromiser, promisedUntilMs, stepPromiser } from "./promiser.ts";
import type { Standing } from "./standing.ts";

export type MemberSettings = AdmissionSettings;

export type MemberEvent = { readonly nowMs: number } & (
  | { readonly t: "tick" }
  | { readonly t: "message"; readonly message: QuorumMessage; readonly path: QuorumPath }
  | { readonly t: "standing"; readonly standing: Standing }
  | { readonly t: "replicas"; readonly count: number }
  | { readonly t: "fence"; readonly level: FenceLevel | undefined }
  | { readonly t: "late"; readonly byMs: number }
  /** Another hand has taken away the hold gate, and it was put back. */
  | { readonly t: "gate-removed" }
);

export function initialMember(settings: MemberSettings, nowMs: number): MemberState {
  const { identity } = settings;
  return {
    identity,
    promiser: initialPromiser(identity, nowMs),
    heartbeats: STILL,
    challenger: initialChallenger(identity),
    admission: initialAdmission(settings),
    probes: initialProbes(identity),
    standing: { t: "other" },
    lastTerm: 0,
    judgedAtMs: Number.NEGATIVE_INFINITY,
  };
}

export function stepMember(state: MemberState, event: MemberEvent): [MemberState, readonly MemberEffect[]] {
  // Without the setting nothing is said and nothing answered: to the others this is a replica that does not speak it.
  if (!state.admission.isWanted) return [state, []];
  const turn: Turn = { nowMs: event.nowMs, state: { ...state }, effects: [] };
  take(turn, event);
  if (turn.state.standing.t === "holding") hold(turn, turn.state.standing);
  else if (turn.state.heartbeats.t === "beating") beats(turn, { t: "end", nowMs: turn.nowMs });
  challenges(turn, { t: "tick", nowMs: turn.nowMs, promisedUntilMs: promisedUntilMs(turn.state.promiser) });
  if (isOther(state.admission.verdict, turn.state.admission.verdict)) {
    turn.effects.push({ t: "verdict", verdict: turn.state.admission.verdict });
  }
  return [turn.state, turn.effects];
}

function take(turn: Turn, event: MemberEvent): void {
  const { state, nowMs } = turn;
  switch (event.t) {
    case "tick":
      return;
    case "message":
      return onMessage(turn, event.message, event.path);
    case "standing": {
      state.standing = event.standing;
      const target = event.standing.t === "candidate" ? event.standing.target : undefined;
      return challenges(turn, { t: "target", target, nowMs, promisedUntilMs: promisedUntilMs(state.promiser) });
    }
    case "replicas":
    case "fence":
    case "late":
    case "gate-removed":
      state.admission = stepAdmission(state.admission, event);
  }
}

function onMessage(turn: Turn, message: QuorumMessage, path: QuorumPath): void {
  const { state, nowMs } = turn;
  const answer = (said: QuorumMessage) =>
    turn.effects.push({ t: "send", message: said, to: { t: "one", identity: message.sender, path } });
  switch (message.kind) {
    case "probe":
      answer({ ...message, kind: "probe-answer", sender: state.identity });
      return;
    case "heartbeat":
    case "challenge": {
      const [promiser, said] = stepPromiser(state.promiser, { nowMs, message });
      state.promiser = promiser;
      if (said !== undefined) answer(said);
      return;
    }
    case "promise":
      return beats(turn, { t: "promise", message, nowMs });
    case "help":
      return challenges(turn, { t: "help", message, nowMs });
    case "probe-answer": {
      const roundTripMs = roundTripOf(state.probes, message, nowMs);
      if (roundTripMs !== undefined) heard(turn, message.sender, roundTripMs);
      return;
    }
    case "refusal":
      // Asked again soon in any case; that nothing was granted is all it says.
      return;
  }
}

/** When the member wants a tick though nothing arrives; past times are waiting for something else. */
export function memberWakeMs(state: MemberState, nowMs: number): number | undefined {
  if (!state.admission.isWanted) return undefined;
  const times = state.standing.t === "holding" ? holdingWakeMs(state) : [challengerWakeMs(state.challenger) ?? nowMs];
  const ahead = times.filter((atMs) => atMs > nowMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function isOther(before: Verdict, now: Verdict): boolean {
  if (before === now) return false;
  return before.t !== now.t || (before.t === "off" && now.t === "off" && before.reason !== now.reason);
}
