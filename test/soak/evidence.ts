/** What a bed shows after a fault that went wrong: its observers, the Lease's history, the kernel's state, ends of logs. */
import type { FaultBed } from "../bed/faults/fault-bed.ts";
import type { LeaseWrite } from "../bed/lease-history.ts";
import type { Pod } from "../bed/pod.ts";

const LOG_LINES = 40;
const COMMANDS: readonly (readonly string[])[] = [
  ["ip", "-oneline", "addr", "show"],
  ["ip", "rule", "show"],
  ["ip", "route", "show", "table", "all"],
  ["nft", "list", "ruleset"],
];

export async function evidenceOf({ cluster, watch }: FaultBed): Promise<readonly string[]> {
  return [
    ...watch.lately,
    "--- Lease, every write since the fault was drawn and the one before:",
    ...leaseLines(watch.writes()),
    ...(await Promise.all(cluster.pods.map(kernelLines))).flat(),
    ...cluster.sidecars.flatMap((sidecar) => sidecar.tail(LOG_LINES).split("\n")),
    ...cluster.api.replicas.flatMap((replica) => replica.diagnose().split("\n")),
  ];
}

/** Of renewals in a row, the first and the last. */
function leaseLines(writes: readonly LeaseWrite[]): readonly string[] {
  const isRenewal = (at: number) => sameHold(writes[at - 1], writes[at]);
  return writes.flatMap((write, at) => (isRenewal(at) && isRenewal(at + 1) ? [] : [leaseLine(write)]));
}

function sameHold(before: LeaseWrite | undefined, after: LeaseWrite | undefined): boolean {
  const [one, other] = [before?.lease, after?.lease];
  if (one === undefined || other === undefined) return false;
  return one.holderIdentity === other.holderIdentity && one.leaseTransitions === other.leaseTransitions;
}

function leaseLine({ answeredWallMs, verb, status, userAgent, lease }: LeaseWrite): string {
  const became =
    lease === undefined
      ? "nothing"
      : `${lease.holderIdentity || "nobody"}'s, transitions ${lease.leaseTransitions}, version ${lease.resourceVersion}`;
  return `${new Date(answeredWallMs).toISOString()} ${verb} by ${userAgent}: ${status}, ${became}`;
}

/** A pod may be half taken down by the very fault: what can be shown is. */
async function kernelLines({ name, uid, namespace }: Pod): Promise<readonly string[]> {
  const outputs = await Promise.all(COMMANDS.map((command) => namespace.attempt(command).catch(() => undefined)));
  const shown = outputs.map((output) => output?.stdout || output?.stderr || "").join("");
  return [`--- ${name} (${uid}), its kernel:`, ...shown.split("\n").filter((line) => line !== "")];
}
