/**
 * The holder's pod is lost without a word, at the default 15/10/2: once all its processes are killed and its namespace
 * deleted, once its links go first as when its node does, with the leader of etcd on it. Then it is recreated by its name with a new UID and a new net1, and takes part again.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { measured } from "../bed/measured.ts";
import type { Pod } from "../bed/pod.ts";
import { PAGE } from "../bed/segment.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";

const LEASE_DURATION_MS = 15_000;

let cluster: VirtualCluster;

beforeAll(async () => {
  cluster = await VirtualCluster.start();
  await cluster.startSidecars();
});

afterAll(() => cluster.close());

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

/** Makes the etcd member of this pod the leader, or another's. */
async function giveEtcdTo(pod: Pod): Promise<void> {
  const leader = await waitFor("a member leads etcd", () => cluster.api.etcdLeader(), { withinMs: 15_000 });
  await leader.moveEtcdLeader(cluster.api.replica(pod.name));
}

/** The pod is gone, API server and etcd member with it; how long until another serves. */
async function loseOf(pod: Pod, how: "close" | "lose"): Promise<number> {
  const { mac } = pod;
  const lostAtMs = monotonicMs();
  await pod[how]();
  await cluster.api.replica(pod.name).close();
  const servedAtMs = await waitFor("another replica answers", () => cluster.sampler.firstOther(mac, lostAtMs), {
    withinMs: LEASE_DURATION_MS + 15_000,
    diagnose: () => cluster.sidecars.map((sidecar) => sidecar.tail(12)).join("\n"),
  });
  return servedAtMs - lostAtMs;
}

test.each([
  { what: "a pod deleted with all its processes, etcd's leader elsewhere", how: "close", etcd: "follower" },
  { what: "the node of the pod with etcd's leader gone", how: "lose", etcd: "leader" },
] as const)("$what: another serves at most a lease duration and half a second later", async ({ what, how, etcd }) => {
  const holder = await cluster.holder();
  const [standby] = cluster.standbys(holder);
  if (standby === undefined) throw new TypeError("no standby");
  await giveEtcdTo(etcd === "leader" ? holder.pod : standby.pod);
  const lost = holder.pod;
  const lostMac = lost.mac;
  const servedAfterMs = await loseOf(lost, how);
  measured(`${what}: until another serves`, [servedAfterMs]);
  expect(servedAfterMs).toBeLessThanOrEqual(LEASE_DURATION_MS + 500);
  const curl = ["curl", "--silent", "--insecure", "--max-time", "5", `https://${PAGE.endpoint}/healthz`];
  expect(await cluster.segment.worker.exec(curl)).toBe("ok");

  const again = await cluster.recreate(lost);
  cluster.startSidecar(again);
  await cluster.ready(again);
  expect(again).not.toMatchObject({ uid: lost.uid });
  expect(again.mac).not.toBe(lostMac);
});

test("the recreated pod takes part: when the others stop, it serves with its new MAC address", async () => {
  const holder = await cluster.holder();
  for (const sidecar of cluster.standbys(holder)) await cluster.ready(sidecar.pod);
  const [recreated, other] = cluster.standbys(holder);
  if (recreated === undefined || other === undefined) throw new TypeError("no two standbys");
  await other.stop();
  await holder.stop();
  const next = await cluster.holder();
  expect(next.pod).toBe(recreated.pod);
  expect(cluster.sampler.answering).toEqual([recreated.pod.mac]);
  await cluster.recorded(`${recreated.pod.name}_${recreated.pod.uid}_`);
});
