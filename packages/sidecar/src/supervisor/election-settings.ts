/** What the election is told, from the configuration. */
import type { Config } from "../config/config.ts";
import type { ElectionSettings } from "../election/election.ts";

/** namespace/name */
export function leaseOf({ lease }: Pick<Config, "lease">): string {
  return `${lease.namespace}/${lease.name}`;
}

/** @param identity podName_podUID_bootNonce */
export function electionSettings({ lease, moves, quorum }: Config, identity: string): ElectionSettings {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs } = lease;
  const { max: movesMax, windowMs: movesWindowMs } = moves;
  const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs };
  return { identity, ...timing, movesMax, movesWindowMs, quorum };
}
