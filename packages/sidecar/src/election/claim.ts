/** What the Lease, as it is known now, means for a claim on it. Questions only; what follows is holder's and yielding's. */
import type { Claim, ElectionState, SilenceReason } from "./election.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import type { LeaseRecord } from "./lease-record.ts";
import { isOlder, isRecord } from "./observation.ts";
import type { Turn } from "./turn.ts";

/** Why the Lease ends the hold at once (rule 3); undefined if it is still ours. */
export function lostBy(turn: Turn, claim: Claim): SilenceReason | undefined {
  const { current } = turn.state.lease;
  if (current === "missing") return "lease-missing";
  if (!isRecord(current) || isOlder(current, claim.record)) return undefined;
  if (isForeign(turn, current)) return "other-holder";
  if (current.uid !== claim.record.uid) return "lease-recreated";
  return current.holderIdentity === "" ? "lease-vacant" : undefined;
}

/** The newest version known: another hand may have edited it, or the answer to an own write was lost. */
export function newestVersion(turn: Turn, claim: Claim): LeaseRecord {
  const { current } = turn.state.lease;
  if (!isRecord(current) || isOlder(current, claim.record)) return claim.record;
  return current.resourceVersion === claim.record.resourceVersion ? claim.record : current;
}

/** When the last confirmed write of the claim was sent, own monotonic clock; long ago where there is no claim, or a mark. */
export function renewedAtMs({ role, settings }: ElectionState): number {
  return "claim" in role ? role.claim.leaseDeadlineMs - holdDurationMs(settings) : Number.NEGATIVE_INFINITY;
}

/** Whether the version of the last confirmed write is no longer the current one. */
export function isOvertaken(turn: Turn, claim: Claim): boolean {
  const { current } = turn.state.lease;
  if (!isRecord(current)) return current === "missing";
  return current.resourceVersion !== claim.record.resourceVersion && !isOlder(current, claim.record);
}

export function isOwn(turn: Turn, record: LeaseRecord): boolean {
  return record.holderIdentity === turn.state.settings.identity;
}

/** Somebody's, and not ours. */
export function isForeign(turn: Turn, record: LeaseRecord): boolean {
  return record.holderIdentity !== "" && !isOwn(turn, record);
}
