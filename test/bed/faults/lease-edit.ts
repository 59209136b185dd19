/** An operator's hands on the Lease: real kubectl, in a pod that is not the victim's. */
import type { Pod } from "../pod.ts";
import { sleep } from "../wait.ts";
import { type Fault, NOTHING_TO_HEAL } from "./fault.ts";
import type { FaultBed } from "./fault-bed.ts";

type Object = Readonly<Record<string, unknown>>;

const PATCHES: readonly (readonly [what: string, patch: Object])[] = [
  ["given a foreign name", { spec: { holderIdentity: "somebody-else" } }],
  ["emptied", { spec: { holderIdentity: "" } }],
  ["shortened to a second", { spec: { leaseDurationSeconds: 1 } }],
  ["given lower transitions", { spec: { leaseTransitions: 0 } }],
  ["robbed of its annotations", { metadata: { annotations: null } }],
];

export const LEASE_PATCHES: readonly Fault[] = PATCHES.map(([what, patch]) => ({
  name: `Lease ${what}`,
  victim: "holder",
  lastsMs: [0, 0],
  async apply(bed, victim) {
    await kubectl(bed, victim, ["patch", ...lease(bed), "--type=merge", `--patch=${JSON.stringify(patch)}`]);
    return NOTHING_TO_HEAL;
  },
}));

export const LEASE_DELETED: Fault = {
  name: "Lease deleted",
  victim: "holder",
  lastsMs: [0, 0],
  async apply(bed, victim) {
    await kubectl(bed, victim, ["delete", ...lease(bed), "--wait=false"]);
    return NOTHING_TO_HEAL;
  },
};

/** kubectl looks up the resourceVersion that it replaces: a renewal may come in between, and it is tried again. */
const REPLACE_TRIES = 5;

/** As from a backup: without a resourceVersion. */
export const LEASE_RESTORED: Fault = {
  name: "old copy of the Lease restored",
  victim: "holder",
  lastsMs: [0, 0],
  async apply(bed, victim, random) {
    const copy = JSON.parse(await kubectl(bed, victim, ["get", ...lease(bed), "--output=json"])) as {
      metadata: Record<string, unknown>;
    };
    delete copy.metadata["resourceVersion"];
    await sleep(1_000 + 3_000 * random());
    await replaced(bed, victim, JSON.stringify(copy));
    return NOTHING_TO_HEAL;
  },
};

async function replaced(bed: FaultBed, victim: Pod, manifest: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await kubectl(bed, victim, ["replace", "--filename=-"], manifest);
      return;
    } catch (error) {
      if (tried === REPLACE_TRIES || !String(error).includes("(Conflict)")) throw error;
    }
  }
}

function lease({ cluster }: FaultBed): readonly string[] {
  return ["lease", cluster.leaseName, "--namespace=kube-system"];
}

function kubectl({ cluster }: FaultBed, victim: Pod, argv: readonly string[], input?: string): Promise<string> {
  const other = cluster.pods.find((pod) => pod.name !== victim.name) ?? victim;
  return cluster.api.replica(other.name).kubectl(argv, input);
}
