/** What dies: the sidecar, the pod, the pod's API server, the leader of etcd. */
import { waitFor } from "../wait.ts";
import type { Fault } from "./fault.ts";

/** `within` the deadline of 5/3/1 (4.75 s), or after everybody has counted it out. */
function sidecarKilled(name: string, lastsMs: Fault["lastsMs"]): Fault {
  return {
    name,
    victim: "holder",
    lastsMs,
    async apply({ cluster }, victim) {
      await cluster.sidecar(victim).process.stop("SIGKILL");
      return async () => {
        cluster.startSidecar(victim);
      };
    },
  };
}

export const SIDECAR_RESTARTED = sidecarKilled("sidecar killed, restarted within the deadline", [0, 2_000]);
export const SIDECAR_KILLED = sidecarKilled("sidecar killed, restarted long after the deadline", [7_000, 10_000]);

export const POD_LOST: Fault = {
  name: "pod lost with its node, recreated",
  victim: "holder",
  lastsMs: [6_000, 8_000],
  async apply({ cluster }, victim) {
    await victim.lose();
    await cluster.api.replica(victim.name).close();
    return async () => {
      cluster.startSidecar(await cluster.recreate(victim));
    };
  },
};

/** Its control plane is gone, its sidecar, net1 and VIP are not: the kubelet of a cut-off node has not heard of it. */
export const POD_RECREATED_WHILE_ALIVE: Fault = {
  name: "pod recreated under its old name while the old one lives",
  victim: "holder",
  lastsMs: [3_000, 8_000],
  async apply({ cluster }, victim) {
    const old = cluster.sidecar(victim);
    await cluster.api.replica(victim.name).close();
    const recreated = cluster.startSidecar(await cluster.recreate(victim));
    return async () => {
      const adopting = recreated.lines.find(({ fields }) => fields["to"] === "adopting");
      // Its network namespace has no gate of anybody (rule 8).
      if (adopting !== undefined) throw new TypeError(`the recreated pod adopts: ${JSON.stringify(adopting.fields)}`);
      await old.close();
      await victim.close();
    };
  },
};

export const API_SERVER_KILLED: Fault = {
  name: "own API server killed",
  victim: "holder",
  lastsMs: [1_000, 8_000],
  async apply({ cluster }, victim) {
    const replica = cluster.api.replica(victim.name);
    await replica.stop("kube-apiserver");
    return async () => {
      replica.start("kube-apiserver");
    };
  },
};

export const ETCD_LEADER_KILLED: Fault = {
  name: "leader of etcd killed",
  victim: "any",
  lastsMs: [1_000, 10_000],
  async apply({ cluster }) {
    const leader = await waitFor("a member leads etcd", () => cluster.api.etcdLeader(), { withinMs: 15_000 });
    await leader.stop("etcd");
    return async () => {
      leader.start("etcd");
    };
  },
};
