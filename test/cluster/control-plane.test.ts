/**
 * What a control plane goes through every week, at the default 15/10/2: the three API servers restarted one after the
 * other, and the leader of etcd killed, so that writes stop for seconds. The Lease neither expires nor changes hands.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { measured } from "../bed/measured.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor, wallMsAt } from "../bed/wait.ts";

const LEASE_DURATION_MS = 15_000;
/** Five renewals at the default retry period. */
const AFTERWARDS_MS = 10_000;

let cluster: VirtualCluster;
let holder: SidecarProcess;

beforeAll(async () => {
  cluster = await VirtualCluster.start();
  holder = await cluster.startSidecars();
});

afterAll(() => cluster.close());

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

/** Times of the holder's confirmed writes from a moment on, as the API servers answered them. */
function renewalsSince(sinceMs: number): readonly number[] {
  const sinceWallMs = wallMsAt(sinceMs);
  const own = cluster.history().filter(({ lease }) => lease?.holderIdentity.includes(holder.pod.uid));
  const later = own.findIndex(({ answeredWallMs }) => answeredWallMs >= sinceWallMs);
  // With the last one before: a gap may begin there.
  return own.slice(Math.max(0, later - 1)).map(({ answeredWallMs }) => answeredWallMs);
}

/** Nothing that anybody did to the Lease changed its holder, and it was renewed before it could expire. */
async function expectUnmoved(what: string, sinceMs: number): Promise<void> {
  await sleep(AFTERWARDS_MS);
  const renewals = renewalsSince(sinceMs);
  const gaps = renewals.slice(1).map((atMs, index) => atMs - (renewals[index] ?? Number.NaN));
  measured(`${what}: between two confirmed renewals`, gaps);
  expect(Math.max(...gaps)).toBeLessThan(LEASE_DURATION_MS);
  const namings = cluster.holders();
  expect(namings.map(({ lease }) => lease.leaseTransitions)).toEqual([1]);
  expect(
    holder.lines.filter(
      ({ event, fields }) => event === "transition" && fields["machine"] === "vip" && fields["from"] === "held",
    ),
  ).toEqual([]);
  await cluster.sampler.caughtUp();
  const { longestSilenceMs, answerers } = cluster.sampler.report(sinceMs);
  measured(`${what}: longest silence of the VIP`, [longestSilenceMs]);
  expect(longestSilenceMs).toBeLessThan(50);
  expect(answerers.map(({ mac }) => mac)).toEqual([holder.pod.mac]);
}

test("three API servers restarted one after the other: the Lease does not expire and does not change hands", async () => {
  const sinceMs = monotonicMs();
  for (const replica of cluster.api.replicas) {
    await replica.restart("kube-apiserver");
    await replica.ready();
  }
  await expectUnmoved("three API servers restarted", sinceMs);
});

// The worst of the three: the holder's own API server then has no member to write to.
test("the leader of etcd killed beside the holder: writes stop for seconds, the Lease does not expire and does not change hands", async () => {
  const before = await waitFor("a member leads etcd", () => cluster.api.etcdLeader(), { withinMs: 15_000 });
  const leader = cluster.api.replica(holder.pod.name);
  await before.moveEtcdLeader(leader);
  const sinceMs = monotonicMs();
  await leader.stop("etcd");
  const other = cluster.api.replicas.find((replica) => replica !== leader);
  const write = ["annotate", "--overwrite", "namespace", "default", "written=again"];
  await waitFor("a write succeeds", () => other?.kubectl(write), { withinMs: 30_000, everyMs: 100 });
  measured("etcd's leader killed: until writes go on", [monotonicMs() - sinceMs]);
  leader.start("etcd");
  await leader.ready();
  await expectUnmoved("etcd's leader killed", sinceMs);
});
