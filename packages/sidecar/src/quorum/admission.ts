/**
 * Whether a holder may use the quorum at all, with whom, and how long a promise has to be: three replicas or more, all
 * of them answering, a fence that holds a process to a deadline of half a second, timers and answers within bounds.
 * Off at once, on again only after a calm that grows with every return. Decides; who changes the Lease is the election.
 */
import type { FenceLevel } from "@vcluster-kube-vip/routing";
import { LATENESS_MAX_MS, promiseDurationMs, ROUND_TRIP_MAX_MS } from "./deadline.ts";
import { type Measured, measure, mostly } from "./measured.ts";
import { type Voter, voterOf } from "./port.ts";

/** A peer that has not answered for so long does not take part. */
export const SILENT_MS = 10_000;
/** The calm before the mode is used; doubled by every return from it, and forgotten after as long a time of use. */
export const CALM_MIN_MS = 5_000;
const CALM_MAX_MS = 320_000;
/** Where the mode is off, it takes half of the bounds to be on again. */
const RETURN_SHARE = 0.5;
const REPLICAS_MIN = 3;

type OffReason =
  | "setting-off"
  | "too-few-replicas"
  | "peer-silent"
  | "fence-too-weak"
  | "gate-removed"
  | "timers-late"
  | "answers-late"
  | "quorum-lost"
  | "voters-changed"
  | "settling";

export type Verdict =
  /** `voters`: all that there are, this replica included, in order. */
  | { readonly t: "on"; readonly voters: readonly Voter[]; readonly promiseDurationMs: number }
  | { readonly t: "off"; readonly reason: OffReason };

export interface AdmissionSettings {
  /** podName_podUID_bootNonce */
  readonly identity: string;
  /** The setting quorum is auto. */
  readonly isWanted: boolean;
  /** The least calm before the mode is used. */
  readonly calmMinMs: number;
}

export interface AdmissionState {
  readonly isWanted: boolean;
  readonly calmMinMs: number;
  readonly self: Voter;
  /** As the control plane's own objects say it; undefined: not known yet. */
  readonly replicas: number | undefined;
  readonly fenceLevel: FenceLevel | undefined;
  /** When each of the others was heard last, and how long its answers took. */
  readonly peers: Readonly<Record<Voter, { readonly heardAtMs: number; readonly roundTrips: Measured }>>;
  readonly lateness: Measured;
  /** While on: with whom, and since when. */
  readonly on: { readonly voters: readonly Voter[]; readonly sinceMs: number } | undefined;
  /** Since when nothing stands against it. */
  readonly calmSinceMs: number | undefined;
  readonly calmMs: number;
  readonly verdict: Verdict;
}

export type AdmissionEvent = { readonly nowMs: number } & (
  | { readonly t: "tick" }
  | { readonly t: "replicas"; readonly count: number }
  | { readonly t: "fence"; readonly level: FenceLevel | undefined }
  /** Another hand has taken away the gate, which was put back: it may do so again, at a worse moment. */
  | { readonly t: "gate-removed" }
  /** A timer fired so much after its time. */
  | { readonly t: "late"; readonly byMs: number }
  /** A probe or a heartbeat was answered. */
  | { readonly t: "answered"; readonly identity: string; readonly roundTripMs: number }
  /** The heartbeats have no majority, or are about to lose it. */
  | { readonly t: "quorum-lost" }
);

export function initialAdmission({ identity, isWanted, calmMinMs }: AdmissionSettings): AdmissionState {
  return {
    isWanted,
    calmMinMs,
    self: voterOf(identity),
    replicas: undefined,
    fenceLevel: undefined,
    peers: {},
    lateness: [],
    on: undefined,
    calmSinceMs: undefined,
    calmMs: calmMinMs,
    verdict: { t: "off", reason: isWanted ? "settling" : "setting-off" },
  };
}

/** Measurements only; what they mean is judged with the next tick, once a second. */
export function stepAdmission(state: AdmissionState, event: AdmissionEvent): AdmissionState {
  switch (event.t) {
    case "late":
      return { ...state, lateness: measure(state.lateness, event.byMs) };
    case "answered":
      return { ...state, peers: answered(state, event) };
    case "replicas":
      return judge({ ...state, replicas: event.count }, event.nowMs);
    case "fence":
      return judge({ ...state, fenceLevel: event.level }, event.nowMs);
    case "tick":
      return judge(withoutGone(state, event.nowMs), event.nowMs);
    case "quorum-lost":
    case "gate-removed":
      return off(state, event.t, event.nowMs);
  }
}

function judge(state: AdmissionState, nowMs: number): AdmissionState {
  const against = objection(state, nowMs);
  if (against !== undefined) return off(state, against, nowMs);
  const calmSinceMs = state.calmSinceMs ?? nowMs;
  if (state.on === undefined && nowMs - calmSinceMs < state.calmMs) {
    return { ...state, calmSinceMs, verdict: { t: "off", reason: "settling" } };
  }
  return on({ ...state, calmSinceMs }, nowMs);
}

function withoutGone(state: AdmissionState, nowMs: number): AdmissionState {
  const present = Object.entries(state.peers).filter(([, { heardAtMs }]) => nowMs - heardAtMs < SILENT_MS);
  return { ...state, peers: Object.fromEntries(present) };
}

function answered(
  { peers, self }: AdmissionState,
  { identity, roundTripMs, nowMs }: Extract<AdmissionEvent, { t: "answered" }>,
): AdmissionState["peers"] {
  const voter = voterOf(identity);
  if (voter === self) return peers;
  const roundTrips = measure(peers[voter]?.roundTrips ?? [], roundTripMs);
  return { ...peers, [voter]: { heardAtMs: nowMs, roundTrips } };
}

/** What stands against the mode now; undefined: nothing. */
function objection(state: AdmissionState, nowMs: number): OffReason | undefined {
  const { replicas, on } = state;
  if (!state.isWanted) return "setting-off";
  if (replicas === undefined || replicas < REPLICAS_MIN) return "too-few-replicas";
  if (state.fenceLevel !== "nft-egress") return "fence-too-weak";
  const voters = presentVoters(state, nowMs);
  if (on !== undefined && voters.some((voter) => !on.voters.includes(voter))) return "voters-changed";
  // A pod that was recreated is heard beside its predecessor for a while: then there are more than there are to be.
  if (voters.length < replicas) return "peer-silent";
  if (voters.length > replicas) return "voters-changed";
  const { latenessMs, roundTripMs } = measuredOf(state);
  const share = on === undefined ? RETURN_SHARE : 1;
  if (latenessMs > LATENESS_MAX_MS * share) return "timers-late";
  return roundTripMs > ROUND_TRIP_MAX_MS * share ? "answers-late" : undefined;
}

function presentVoters({ peers, self }: AdmissionState, nowMs: number): readonly Voter[] {
  const heard = Object.entries(peers).filter(([, { heardAtMs }]) => nowMs - heardAtMs < SILENT_MS);
  return [self, ...heard.map(([voter]) => voter)].sort();
}

/** The slowest peer counts: any of them may be the one that makes the majority. */
function measuredOf({ peers, lateness }: AdmissionState) {
  const roundTrips = Object.values(peers).map((peer) => mostly(peer.roundTrips));
  return { latenessMs: mostly(lateness), roundTripMs: Math.max(0, ...roundTrips) };
}

function off(state: AdmissionState, reason: OffReason, nowMs: number): AdmissionState {
  const wasUsedMs = state.on === undefined ? undefined : nowMs - state.on.sinceMs;
  const calmMs = wasUsedMs === undefined ? state.calmMs : nextCalmMs(state, wasUsedMs);
  return { ...state, on: undefined, calmSinceMs: undefined, calmMs, verdict: { t: "off", reason } };
}

function nextCalmMs({ calmMs, calmMinMs }: AdmissionState, wasUsedMs: number): number {
  return wasUsedMs > calmMs * 2 ? calmMinMs * 2 : Math.min(calmMs * 2, CALM_MAX_MS);
}

function on(state: AdmissionState, nowMs: number): AdmissionState {
  const on = state.on ?? { voters: presentVoters(state, nowMs), sinceMs: nowMs };
  const verdict: Verdict = { t: "on", voters: on.voters, promiseDurationMs: promiseDurationMs(measuredOf(state)) };
  return { ...state, on, verdict };
}
