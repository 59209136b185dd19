/** What the quorum's machines have to know of the election. Says what is; decides nothing. */
import { voterOf } from "../quorum/port.ts";
import type { Standing } from "../quorum/standing.ts";
import type { ElectionState } from "./election.ts";
import { provenTarget } from "./mode.ts";
import { isRecord } from "./observation.ts";

export function quorumStanding(state: ElectionState): Standing {
  const { role, quorum, modeTerm, settings, lease, eligible, stopping } = state;
  if (settings.quorum === "never" || stopping) return { t: "other" };
  if (role.t === "holding") {
    const { leaseTransitions } = role.claim.record;
    const term = quorum?.term ?? modeTerm + 1;
    const held = { holderIdentity: settings.identity, leaseTransitions, term };
    if (quorum === undefined) return { t: "holding", held, use: "none" };
    return { t: "holding", held, use: quorum.phase.t === "leaving" ? "ending" : "current" };
  }
  // Asking the segment and taking go on with what was proven.
  if (role.t !== "waiting" && role.t !== "asking") return { t: "other" };
  const { current, predecessor } = lease;
  const target = isRecord(current) && eligible.t === "yes" ? provenTarget(current, predecessor) : undefined;
  const isOwn = target !== undefined && voterOf(target.holderIdentity) === voterOf(settings.identity);
  return { t: "candidate", target: isOwn ? undefined : target };
}
