/**
 * To whom the VIP goes in a planned move, and whether a fault is a reason for one: pure. Chosen from the peers' own
 * words, which are advice: whoever is named here takes the VIP only by a write of its own. Never names a replica that
 * could not serve, so a move never ends at nobody.
 */
import { FENCE_LEVELS, type FenceLevel } from "@vcluster-kube-vip/routing";
import type { Fault } from "./health.ts";
import type { PeerStatus } from "./report.ts";

export type Succession =
  | { readonly t: "to"; readonly identity: string; readonly reason: string }
  /** Nobody is known who could serve. */
  | { readonly t: "nobody"; readonly reason: string };

/** Who chooses. */
export interface Giver {
  readonly nowMs: number;
  /** In force here. */
  readonly fenceLevel: FenceLevel | undefined;
  /** The own Pod's revision. */
  readonly revision: string | undefined;
  /** The revision that the StatefulSet rolls out; undefined: not known. */
  readonly updateRevision: string | undefined;
  /** The own Pod is being deleted: what it is of is being replaced, if the StatefulSet is rolling. */
  readonly isLeaving: boolean;
}

/**
 * A peer's word about its API server is good for so long when it is told: a standby looks every second, and looks may be
 * late.
 */
const FRESH_MS = 4000;
/**
 * While etcd elects, every API server is unready, and each finds out in its own time: the check behind /readyz has a
 * time-out of 2 s, and what it said last is repeated for 1 s. Only a peer that was ready for so long *while* ours was not
 * shows that the trouble is ours.
 */
const UNREADY_OVERLAP_MS = 3000;

/** The best of the peers that could serve. */
export function chooseSuccessor(peers: readonly PeerStatus[], giver: Giver): Succession {
  const reasons = peers.map((peer) => [peer, whyNot(peer, giver)] as const);
  const able = reasons.flatMap(([peer, reason]) => (reason === undefined ? [peer] : []));
  const [best] = able.toSorted((a, b) => compare(a, b, giver));
  if (best !== undefined)
    return { t: "to", identity: best.identity, reason: `the best of ${able.length} that could serve` };
  const told = reasons.map(([{ identity }, reason]) => `${identity}: ${reason}`).join("; ");
  return { t: "nobody", reason: told === "" ? "no other replica answers" : told };
}

/** The best of the peers that could serve *and* show that the fault is ours alone; to be asked again while it lasts. */
export function successorForFault(fault: Fault, peers: readonly PeerStatus[], giver: Giver): Succession {
  const witnesses = peers.filter((peer) => isOurs(fault, peer, giver.nowMs));
  const found = chooseSuccessor(witnesses, giver);
  if (found.t === "to" || witnesses.length > 0 || peers.length === 0) return found;
  return { t: "nobody", reason: `no other replica shows that it is better off (${fault.detail})` };
}

/** Why this peer could not serve; undefined: it could. */
export function whyNot(
  peer: PeerStatus,
  { nowMs, fenceLevel }: Pick<Giver, "nowMs" | "fenceLevel">,
): string | undefined {
  if (peer.verdict === "gone-soon") return "it is going away itself";
  if (!peer.ready || peer.hasFault || peer.verdict === "not-yet") return `it is not ready (${peer.reason})`;
  if (peer.server === undefined || nowMs - peer.server.lastMs > FRESH_MS)
    return "its API server has not answered lately";
  if (peer.segment === "silent") return "its segment is silent";
  if (rankOfFence(peer.fenceLevel) > rankOfFence(fenceLevel))
    return `its fence is weaker (${peer.fenceLevel ?? "none"})`;
  return undefined;
}

/** Whether what this peer sees shows that the fault is not everybody's. */
function isOurs(fault: Fault, peer: PeerStatus, nowMs: number): boolean {
  switch (fault.cause) {
    // The kernel's word about this host alone.
    case "link":
    case "server-dead":
      return true;
    // Its server answered what it was asked after ours had fallen silent: the machine below both has not stopped.
    case "server-hung":
      return peer.server !== undefined && peer.server.lastMs >= fault.sinceMs;
    case "server-unready":
      return readyMs(peer, fault.sinceMs, nowMs) >= UNREADY_OVERLAP_MS;
    case "segment-silent":
      return peer.segmentAnsweredAtMs !== undefined && peer.segmentAnsweredAtMs > fault.sinceMs;
  }
}

/** How long its API server is known to have been ready since then. */
function readyMs({ server }: PeerStatus, sinceMs: number, nowMs: number): number {
  return server === undefined ? 0 : Math.min(server.lastMs, nowMs) - Math.max(server.sinceMs, sinceMs);
}

/** Best first. Rates what is here today before what the next rolling update costs, and is never undecided. */
function compare(a: PeerStatus, b: PeerStatus, giver: Giver): number {
  return (
    Number(a.verdict !== "able") - Number(b.verdict !== "able") ||
    Number(a.segment !== "answers") - Number(b.segment !== "answers") ||
    Number(!isNewest(a, giver)) - Number(!isNewest(b, giver)) ||
    // A rolling update replaces the lowest ordinal last.
    ordinalOf(a.identity) - ordinalOf(b.identity) ||
    (a.identity < b.identity ? -1 : 1)
  );
}

/** Of the revision that is rolled out; where that is not known, what differs from a replica being replaced is newer. */
function isNewest({ revision }: PeerStatus, { updateRevision, revision: own, isLeaving }: Giver): boolean {
  if (revision === undefined) return false;
  if (updateRevision !== undefined) return revision === updateRevision;
  return isLeaving && own !== undefined && revision !== own;
}

/** The strongest is 0; none is the weakest. */
function rankOfFence(level: FenceLevel | undefined): number {
  return level === undefined ? FENCE_LEVELS.length : FENCE_LEVELS.indexOf(level);
}

/** my-vcluster-2_UID_NONCE: 2. A name without ordinal (a Deployment's) comes after all that have one. */
function ordinalOf(identity: string): number {
  const [, ordinal] = /^[^_]*-(\d{1,9})(?:_|$)/.exec(identity) ?? [];
  return ordinal === undefined ? Number.MAX_SAFE_INTEGER : Number(ordinal);
}
