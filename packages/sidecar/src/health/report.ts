/**
 * What a replica tells the others about its health in /status, and what a holder makes of such a page. Advice for the
 * choice of a successor, never safety: a page may be old, wrong, or another program's, and whoever is chosen by it still
 * needs a write of its own to the Lease. Pure. Durations go over the wire, since clocks differ.
 */
import { FENCE_LEVELS, type FenceLevel } from "@vcluster-kube-vip/routing";
import { faultOf, type HealthState, reasonOf, type Verdict, verdictOf } from "./health.ts";
import type { Reach } from "./reach.ts";

/** `health` in /status. */
export interface HealthReport {
  readonly verdict: Verdict["t"];
  readonly reason: string;
  /** What is wrong now; null is nothing. */
  readonly fault: string | null;
  /** The own API server's unbroken run of good answers: how long ago its first and its last were asked for. */
  readonly serverReadyForMs: number | null;
  readonly serverReadyAgoMs: number | null;
  readonly segment: Reach["t"];
  readonly segmentAnsweredAgoMs: number | null;
  /** The own Pod's revision in its StatefulSet. */
  readonly revision: string | null;
}

/** Another replica as its page shows it, with its moments on our monotonic clock, at their least favourable. */
export interface PeerStatus {
  readonly identity: string;
  /** On the VIP's link. */
  readonly mac: string | undefined;
  /** It holds or could take, as far as link, segment socket, kernel and Lease go. */
  readonly ready: boolean;
  readonly reason: string;
  readonly fenceLevel: FenceLevel | undefined;
  readonly revision: string | undefined;
  readonly verdict: Verdict["t"];
  readonly hasFault: boolean;
  /** The latest moment at which the run of good answers of its API server may have begun, and the earliest of its last. */
  readonly server: { readonly sinceMs: number; readonly lastMs: number } | undefined;
  readonly segment: Reach["t"];
  readonly segmentAnsweredAtMs: number | undefined;
}

/** When a page was asked for and when it was there, own monotonic clock. */
export interface Asked {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

const VERDICTS: readonly Verdict["t"][] = ["able", "not-yet", "unable", "gone-soon"];
const REACHES: readonly Reach["t"][] = ["unknown", "answers", "silent"];
/** Longer is no identity (the API takes 63 for a Pod's name, 36 for its UID), nor a sentence that helps. */
const TEXT_MAX = 512;

export function healthReport(state: HealthState, nowMs: number, revision: string | undefined): HealthReport {
  const verdict = verdictOf(state);
  const { server, reach } = state;
  return {
    verdict: verdict.t,
    reason: reasonOf(verdict),
    fault: faultOf(state)?.cause ?? null,
    serverReadyForMs: server.ready === undefined ? null : nowMs - server.ready.sinceMs,
    serverReadyAgoMs: server.ready === undefined ? null : nowMs - server.ready.lastMs,
    segment: reach.t,
    segmentAnsweredAgoMs: reach.t === "unknown" ? null : nowMs - reach.answeredAtMs,
    revision: revision ?? null,
  };
}

/** undefined: not the page of a replica that knows its health. */
export function parsePeerStatus(text: string, asked: Asked): PeerStatus | undefined {
  const page = objectOf(jsonOf(text));
  const vip = objectOf(page?.["vip"]);
  const health = objectOf(page?.["health"]);
  const identity = textOf(page?.["identity"]);
  const ready = page?.["ready"];
  const verdict = VERDICTS.find((word) => word === health?.["verdict"]);
  const segment = REACHES.find((word) => word === health?.["segment"]);
  if (identity === undefined || typeof ready !== "boolean" || verdict === undefined || segment === undefined) return;
  const answeredAgoMs = agoOf(health?.["segmentAnsweredAgoMs"]);
  return {
    identity,
    mac: textOf(vip?.["mac"]),
    ready,
    reason: textOf(health?.["reason"]) ?? "",
    fenceLevel: FENCE_LEVELS.find((level) => level === vip?.["fenceLevel"]),
    revision: textOf(health?.["revision"]),
    verdict,
    hasFault: health?.["fault"] !== null,
    server: serverOf(health, asked),
    segment,
    segmentAnsweredAtMs: answeredAgoMs === undefined ? undefined : asked.askedAtMs - answeredAgoMs,
  };
}

function serverOf(health: JsonObject | undefined, { askedAtMs, answeredAtMs }: Asked): PeerStatus["server"] {
  const forMs = agoOf(health?.["serverReadyForMs"]);
  const agoMs = agoOf(health?.["serverReadyAgoMs"]);
  if (forMs === undefined || agoMs === undefined || agoMs > forMs) return undefined;
  return { sinceMs: answeredAtMs - forMs, lastMs: askedAtMs - agoMs };
}

type JsonObject = Readonly<Record<string, unknown>>;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Another program's page: it says nothing.
    return undefined;
  }
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= TEXT_MAX ? value : undefined;
}

function agoOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
