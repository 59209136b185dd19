/** The segment in two parts, or deaf in one direction, at the victim's port on the bridge. net1 keeps its carrier. */

import { portOf } from "../island.ts";
import type { Namespace } from "../namespace.ts";
import type { Pod } from "../pod.ts";
import { API_PARTITIONS } from "./api-partition.ts";
import type { Fault, Heal } from "./fault.ts";

const LASTS_MS: Fault["lastsMs"] = [1_000, 10_000];

/** On the island there is a sampler too: what the victim says there is counted. */
export const HOLDER_STRANDED: Fault = {
  name: "segment cut: the holder on one side, all others on the other",
  victim: "holder",
  lastsMs: LASTS_MS,
  apply: ({ island }, victim) => island.strand([victim]),
};

export const HOLDER_STRANDED_WITH_WORKER: Fault = {
  name: "segment cut: holder and worker on one side, standbys and gateway on the other",
  victim: "holder",
  lastsMs: LASTS_MS,
  apply: ({ island }, victim) => island.strand([victim], ["worker"]),
};

export const HOLDER_CUT_FROM_SEGMENT_AND_API: Fault = {
  name: "segment and API of the holder cut",
  victim: "holder",
  lastsMs: LASTS_MS,
  async apply(bed, victim, random) {
    const mendApi = await API_PARTITIONS[0]?.apply(bed, victim, random);
    const mendSegment = await bed.island.strand([victim]);
    return async () => {
      await mendSegment();
      await mendApi?.();
    };
  },
};

export const HOLDER_MUTE: Fault = {
  name: "segment cut one way: nothing of the holder arrives",
  victim: "holder",
  lastsMs: LASTS_MS,
  apply: ({ cluster }, victim) => oneWay(cluster.segment.host, victim, "ingress"),
};

export const HOLDER_DEAF: Fault = {
  name: "segment cut one way: nothing arrives at the holder",
  victim: "holder",
  lastsMs: LASTS_MS,
  apply: ({ cluster }, victim) => oneWay(cluster.segment.host, victim, "egress"),
};

/** As the bridge sees its port: what it hears from the pod is ingress. */
async function oneWay(host: Namespace, victim: Pod, direction: "ingress" | "egress"): Promise<Heal> {
  const port = portOf(victim);
  const chain = `chain c { type filter hook ${direction} device ${port} priority 0; drop; }`;
  await host.exec(["nft", "-f", "-"], { input: `table netdev bed_one_way {\n${chain}\n}\n` });
  return async () => {
    await host.exec(["nft", "delete", "table", "netdev", "bed_one_way"]);
  };
}
