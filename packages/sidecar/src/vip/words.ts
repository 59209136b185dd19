/** Changes of the kernel's network, and what stands in their way, as people read them in log and status. */
import type { Change, Failure, Finding } from "@vcluster-kube-vip/routing";

export function describeFailure({ change, cause }: Failure): string {
  return cause === "missing" ? `${describeChange(change)}: what it builds on is missing` : cause.message;
}

export function describeFinding(finding: Finding): string {
  switch (finding.t) {
    case "incomplete":
      return `the kernel's ${finding.dump} changed each time while they were read; trying again`;
    case "foreign-address":
      return `${finding.address.address} is on this host already and was not put there by us; remove it, or choose another VIP`;
    case "foreign-route":
      return `table ${finding.route.table} has somebody else's route where ours would be; choose another routing table`;
    case "foreign-gate":
      return `${finding.what} has the hold gate's name and was not made by us; remove it, or choose another routeProtocol`;
    case "gate-of-another-lease":
      return protocolTaken(finding.lease);
    case "gate-closed":
      return "the hold gate has closed; it is opened again with the next confirmed renewal";
  }
}

/** Two instances of this program would take each other's things for their own leftovers. */
export function protocolTaken(lease: string): string {
  return `the holder of Lease ${lease} uses this network namespace with the same protocol number; give each its own routeProtocol and routingTable`;
}

export function describeChange(change: Change): string {
  switch (change.t) {
    case "destroy-sockets":
      return `${change.t} of ${change.vip}`;
    case "delete-address":
    case "put-address":
      return `${change.t} ${change.address.address}/${change.address.prefixLength}`;
    case "add-rule":
    case "delete-rule":
      return `${change.t} from ${change.rule.source ?? "all"} lookup ${change.rule.table}`;
    case "put-route":
    case "delete-route":
      return `${change.t} ${change.route.destination ?? "default"} table ${change.route.table}`;
    case "remove-gate":
      return change.t;
    case "close-gate":
    case "install-gate":
    case "install-open-gate":
    case "open-gate":
    case "refresh-gate":
      return `${change.t} of ${change.target.vip} on ${change.target.linkName}`;
  }
}
