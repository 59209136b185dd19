/** The Lease in the virtual cluster, as whichever API server answers has it. */
import type { LeaseRecord } from "../../election/lease-record.ts";
import { MAC_ANNOTATION } from "../../election/lease-record.ts";
import { check, notLookedAt } from "../check.ts";
import { type Fault, fault, ok, unknown } from "../finding.ts";
import type { ApiServerLook, LeaseLook, Looks } from "../looks.ts";

/** Our own API server's answer, or the first of a peer's. undefined: there was nobody to ask. */
export function leaseOf(servers: readonly ApiServerLook[]): LeaseLook | undefined {
  return (servers.find(({ lease }) => lease.t !== "failed") ?? servers[0])?.lease;
}

/** As it said itself. */
export function holderMacOf({ annotations }: LeaseRecord): string | undefined {
  return annotations[MAC_ANNOTATION];
}

export interface LeaseFacts {
  /** namespace/name */
  readonly name: string;
  readonly leaseDurationMs: number;
  readonly look: LeaseLook;
}

export const lease = check<Looks, LeaseFacts>({
  name: "lease",
  look: async (looks) => {
    const { namespace, name, leaseDurationMs } = looks.config.lease;
    const look = leaseOf(await looks.apiServers());
    if (look === undefined) return notLookedAt("there are no credentials to ask with");
    return { name: `${namespace}/${name}`, leaseDurationMs, look };
  },
  judge: ({ name, leaseDurationMs, look }) => {
    if (look.t === "failed") return [unknown(`${name} cannot be read: ${look.message}`)];
    if (look.t === "missing") return [fault("LEASE_MISSING", `there is no Lease ${name}: no replica takes part`)];
    const { holderIdentity, leaseTransitions, leaseDurationSeconds } = look.lease;
    if (holderIdentity === "") return [fault("LEASE_VACANT", `${name} names no holder`)];
    const { renewedAgoMs } = look;
    const ago =
      renewedAgoMs === undefined ? "nobody knows when" : `${(renewedAgoMs / 1000).toFixed(1)} s ago by its clock`;
    const faults: Fault[] = [];
    if (renewedAgoMs !== undefined && renewedAgoMs > leaseDurationSeconds * 1000)
      faults.push(fault("LEASE_STALE", `${name} is held by ${holderIdentity}, which renewed it ${ago}`));
    if (leaseDurationSeconds * 1000 !== leaseDurationMs)
      faults.push(
        fault(
          "LEASE_DURATION_DIFFERS",
          `${name} says ${leaseDurationSeconds} s, and leaseDuration is ${leaseDurationMs / 1000} s here`,
        ),
      );
    const transitions = `${leaseTransitions} ${leaseTransitions === 1 ? "transition" : "transitions"}`;
    return faults.length > 0 ? faults : [ok(`${name} is held by ${holderIdentity}, renewed ${ago}, ${transitions}`)];
  },
});
