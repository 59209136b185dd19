/**
 * What `status` says: the replicas' own pages put together, or what the API alone shows of the Lease. Pure. "Every key is
 * always there; null is not known, or none" holds as for /status, which it contains.
 */
import type { SidecarAnswer } from "../adapters/sidecar-page.ts";
import type { LeaseRecord } from "../election/lease-record.ts";
import type { Move } from "../observe/moves.ts";
import type { Status } from "../observe/status.ts";
import { mergedMoves } from "./merged-moves.ts";

export interface Overview {
  /** RFC 3339, by the clock of who asked. */
  readonly time: string;
  readonly vip: string | null;
  readonly lease: LeaseView | null;
  /** The holder's: until its hold ends unless renewed, and until its kernel is silent by itself. */
  readonly deadlineInMs: number | null;
  readonly kernelDeadlineInMs: number | null;
  readonly fenceLevel: string | null;
  readonly acknowledgedBy: Status["acknowledgedBy"] | null;
  readonly unacknowledgedBy: Status["unacknowledgedBy"] | null;
  /** By name, the silent ones last; null where they cannot be asked. */
  readonly replicas: readonly ReplicaView[] | null;
  /** The newest first, at most 16. */
  readonly moves: readonly Move[] | null;
  /** Kubernetes Events about the Lease, the newest first; null where the replicas know better. */
  readonly events: readonly EventView[] | null;
  /** In sentences, what cannot be known from here. */
  readonly unknown: readonly string[];
}

interface LeaseView {
  readonly name: string;
  readonly holderIdentity: string | null;
  /** By the holder's clock: since when it holds, and when it renewed. */
  readonly acquireTime: string | null;
  readonly renewTime: string | null;
  readonly leaseDurationSeconds: number | null;
  readonly leaseTransitions: number | null;
}

export interface ReplicaView {
  /** The page that was asked. */
  readonly where: string;
  /** Its own pod's. */
  readonly own: boolean;
  /** Null: it did not answer, and why. */
  readonly status: Status | null;
  readonly silent: string | null;
}

export interface EventView {
  readonly time: string;
  readonly count: number;
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly instance: string;
}

export interface Asked {
  readonly own: boolean;
  readonly answer: SidecarAnswer;
}

/** @param unknown - what stood in the way of asking all of them. */
export function overviewOfReplicas(asked: readonly Asked[], unknown: readonly string[], time: string): Overview {
  const replicas = onceEach(asked.map(replicaView));
  const pages = replicas.flatMap(({ status }) => status ?? []);
  // Of two that are asked while the VIP moves, the newer one.
  const [holder] = pages.filter(({ deadlineInMs }) => deadlineInMs !== null).sort(byTransitions);
  const [knowing] = [...(holder === undefined ? [] : [holder]), ...pages.toSorted(byTransitions)];
  return {
    time,
    vip: knowing?.vip.address ?? null,
    lease: knowing === undefined ? null : leaseView(knowing),
    deadlineInMs: holder?.deadlineInMs ?? null,
    kernelDeadlineInMs: holder?.kernelDeadlineInMs ?? null,
    fenceLevel: holder?.vip.fenceLevel ?? null,
    acknowledgedBy: holder?.acknowledgedBy ?? null,
    unacknowledgedBy: holder?.unacknowledgedBy ?? null,
    replicas: replicas.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
    moves: mergedMoves(pages),
    events: null,
    unknown,
  };
}

const ONLY_THE_REPLICAS_KNOW =
  "from the API alone it is not known which replicas are ready, until when the holder and its kernel hold, who acknowledged, and how long the VIP was not served: ask in a pod, kubectl exec POD -c vcluster-kube-vip -- vcluster-kube-vip status";

/** @param events - undefined: they could not be read, as `unknown` says. */
export function overviewOfLease(
  { name, lease }: { readonly name: string; readonly lease: LeaseRecord | "missing" },
  events: readonly EventView[] | undefined,
  unknown: readonly string[],
  time: string,
): Overview {
  const found = lease === "missing" ? undefined : lease;
  return {
    time,
    vip: null,
    lease: found === undefined ? null : recordView(name, found),
    deadlineInMs: null,
    kernelDeadlineInMs: null,
    fenceLevel: null,
    acknowledgedBy: null,
    unacknowledgedBy: null,
    replicas: null,
    moves: null,
    events: events ?? null,
    unknown: [
      ...(found === undefined ? [`there is no Lease ${name}: no replica has made it yet, or it has another name`] : []),
      ...unknown,
      ONLY_THE_REPLICAS_KNOW,
    ],
  };
}

export function overviewText(overview: Overview): string {
  return `${JSON.stringify(overview, undefined, 2)}\n`;
}

function replicaView({ own, answer }: Asked): ReplicaView {
  const { where } = answer;
  return answer.t === "answered"
    ? { where, own, status: answer.status, silent: null }
    : { where, own, status: null, silent: answer.reason };
}

/** Our own page is among the peers' too where the pod does not know its address. */
function onceEach(replicas: readonly ReplicaView[]): readonly ReplicaView[] {
  return [...new Map(replicas.toReversed().map((view) => [view.status?.identity ?? view.where, view])).values()];
}

/** Those that have a name first. */
function sortKey({ status, where }: ReplicaView): string {
  return status === null ? `1 ${where}` : `0 ${status.identity}`;
}

function byTransitions(a: Status, b: Status): number {
  return (b.lease.leaseTransitions ?? -1) - (a.lease.leaseTransitions ?? -1);
}

function leaseView({ lease }: Status): LeaseView | null {
  const { name, ageMs: _ageMs, ...rest } = lease;
  return name === null ? null : { name, ...rest, renewTime: null };
}

function recordView(name: string, lease: LeaseRecord): LeaseView {
  const { holderIdentity, acquireTime, renewTime, leaseDurationSeconds, leaseTransitions } = lease;
  return {
    name,
    holderIdentity: holderIdentity === "" ? null : holderIdentity,
    acquireTime: acquireTime ?? null,
    renewTime: renewTime ?? null,
    leaseDurationSeconds,
    leaseTransitions,
  };
}
