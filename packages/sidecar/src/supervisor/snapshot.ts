/** The moment's picture of a replica, from the states of its machines. Pure. */
import type { Config } from "../config/config.ts";
import { takeProof } from "../election/candidate.ts";
import type { ElectionState } from "../election/election.ts";
import { modeOf } from "../election/mode.ts";
import { recentMoves } from "../election/moves.ts";
import { isRecord } from "../election/observation.ts";
import type { Snapshot } from "../observe/happening.ts";
import type { Verdict } from "../quorum/admission.ts";
import type { Segment } from "../segment.ts";
import type { LinkState } from "../vip/link.ts";
import type { VipState } from "../vip/vip.ts";

export interface Picture {
  readonly config: Config;
  readonly nowMs: number;
  readonly election: ElectionState;
  readonly vip: VipState;
  readonly link: LinkState;
  readonly health: Snapshot["health"];
  /** Own monotonic clock; undefined while the kernel is silent for the VIP. */
  readonly kernelDeadlineMs: number | undefined;
  readonly fenceLevel: Snapshot["fenceLevel"];
  readonly verdict: Verdict;
  readonly segment: Pick<Segment, "acknowledgedBy" | "unacknowledgedBy">;
}

export function snapshotOf(picture: Picture): Snapshot {
  const { config, election, nowMs } = picture;
  const { current } = election.lease;
  const record = isRecord(current) ? current : undefined;
  const { role } = election;
  const deadlineInMs = role.t === "holding" ? Math.max(0, role.claim.deadlineMs - nowMs) : undefined;
  return {
    identity: election.settings.identity,
    vip: config.vip.address,
    interfaceName: config.vip.interfaceName,
    role: role.t,
    reason: reasonOf(picture),
    holderIdentity: record === undefined || record.holderIdentity === "" ? undefined : record.holderIdentity,
    leaseName: `${config.lease.namespace}/${config.lease.name}`,
    leaseTransitions: record?.leaseTransitions,
    mode: (record === undefined ? undefined : modeOf(record)?.mode) ?? "lease",
    modeReason: role.t === "holding" && picture.verdict.t === "off" ? picture.verdict.reason : undefined,
    leaseAgeMs: current === undefined ? undefined : nowMs - election.lease.sinceMs,
    acquireTime: record?.acquireTime,
    leaseDurationSeconds: record?.leaseDurationSeconds,
    deadlineInMs,
    kernelDeadlineInMs:
      picture.kernelDeadlineMs === undefined ? undefined : Math.max(0, picture.kernelDeadlineMs - nowMs),
    vipState: picture.vip.t,
    fenceLevel: picture.fenceLevel,
    linkUp: picture.link.t === "up",
    mac: picture.link.t === "up" ? picture.link.mac : undefined,
    health: picture.health,
    ready: election.eligible.t === "yes" && record !== undefined,
    problems: [],
    movesInWindow: recentMoves(election.movesAtMs, election.settings, nowMs).length,
    acknowledgedBy: picture.segment.acknowledgedBy(),
    unacknowledgedBy: picture.segment.unacknowledgedBy(),
  };
}

function reasonOf({ election, nowMs }: Picture): string {
  if (election.eligible.t === "no") return election.eligible.reason;
  switch (election.role.t) {
    case "suspended":
      return election.role.reason;
    case "waiting":
      return whatIsWaitedFor(election, nowMs);
    default:
      return election.role.t;
  }
}

function whatIsWaitedFor(election: ElectionState, nowMs: number): string {
  const { current, sinceMs } = election.lease;
  if (current === undefined) return "the API has not answered yet";
  if (current === "missing") return "there is no Lease yet: it is being created";
  const fromMs = takeProof(election, nowMs)?.fromMs ?? sinceMs;
  const unchanged = `unchanged for ${Math.round(nowMs - sinceMs)} ms`;
  if (current.holderIdentity !== "") return `another holds the Lease, ${unchanged}`;
  return `the Lease is vacant, ${unchanged}: it may be taken in ${Math.max(0, Math.round(fromMs - nowMs))} ms`;
}
