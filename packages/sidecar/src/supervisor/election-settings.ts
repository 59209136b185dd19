/** What the election is told, from the configuration. */
import type { Config } from "../config/config.ts";
import type { ElectionSettings } from "../election/election.ts";

/** namespace/name */
export function leaseOf({ lease }: Pick<Config, "lease">): string {
  return `${lease.namespace}/${lease.name}`;
}

/** @param identity podName_podUID_bootNonce */
export function electionSettings({ lease, moves }: Config, identity: string): ElectionSettings {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs } = lease;
  const { max: movesMax, windowMs: movesWindowMs } = moves;
  return { identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs, movesMax, movesWindowMs };
}
