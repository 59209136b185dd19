/**
 * The quorum on the real bed: three replicas with an etcd member and an API server each promise each other by UDP on the pod
 * network and on net1. A lost node is replaced in half a second; what is cut, and heals, moves the VIP once at most.
 * LOSSES=200 is the run of docs/how-failover-works.md.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { measured } from "../bed/measured.ts";
import type { Pod } from "../bed/pod.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const LOSSES = Number(process.env["LOSSES"] ?? "3");
/** The goals are 700 (median) and 1,500 (99 of 100). */
const HEALED_MEDIAN_MS = 1_000;
const HEALED_MAX_MS = 2_500;
/** Of the two that are left without a leader: 5 to 10 s, drawn at random, and as long again where both stand at once. */
const ELECTION_MAX_MS = 30_000;
/** Calm before the mode is used again: it doubles with each return from it. */
const SETTLED_WITHIN_MS = 120_000;

interface ModeStatus {
  readonly role: string;
  readonly lease: { readonly mode: string; readonly modeReason: string | null; readonly leaseTransitions: number };
}

let cluster: VirtualCluster;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: { VCLUSTER_KUBE_VIP_QUORUM: "auto" } });
  await cluster.startSidecars();
}, 120_000);

afterAll(() => cluster.close(), 60_000);

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

async function status(pod: Pod): Promise<ModeStatus> {
  return (await cluster.status(pod)) as unknown as ModeStatus;
}

/** The holder, once promises of its peers bound its hold. */
async function settled(): Promise<SidecarProcess> {
  const holder = await cluster.holder(30_000);
  const inQuorum = async () => ((await status(holder.pod)).lease.mode === "quorum" ? true : undefined);
  const diagnose = () => cluster.sidecars.map((sidecar) => sidecar.tail(12)).join("\n");
  await waitFor(`${holder.pod.name} uses the quorum`, inQuorum, {
    withinMs: SETTLED_WITHIN_MS,
    everyMs: 200,
    diagnose,
  });
  return holder;
}

async function giveEtcdTo(pod: Pod): Promise<void> {
  const leader = await waitFor("a member leads etcd", () => cluster.api.etcdLeader(), { withinMs: 15_000 });
  await leader.moveEtcdLeader(cluster.api.replica(pod.name));
}

/** Its links first, then all its processes: as when its node loses its power. */
async function loseNode(pod: Pod): Promise<number> {
  const lostAtMs = monotonicMs();
  await pod.lose();
  await cluster.api.replica(pod.name).close();
  return lostAtMs;
}

function servedAfter(mac: string, lostAtMs: number): Promise<number> {
  return waitFor("another replica answers", () => cluster.sampler.firstOther(mac, lostAtMs), {
    withinMs: ELECTION_MAX_MS,
    diagnose: () => cluster.sidecars.map((sidecar) => sidecar.tail(12)).join("\n"),
  });
}

async function bringBack(lost: Pod): Promise<void> {
  const again = await cluster.recreate(lost);
  cluster.startSidecar(again);
  await cluster.ready(again, 30_000);
}

function standbyOf(holder: SidecarProcess): SidecarProcess {
  const [standby] = cluster.standbys(holder);
  if (standby === undefined) throw new TypeError("three replicas");
  return standby;
}

test("the mode is in use after a calm, in the Lease and in /status", { timeout: 150_000 }, async () => {
  const holder = await settled();
  const annotation = cluster.history().at(-1)?.lease?.annotations["vcluster-kube-vip/mode"];
  expect(JSON.parse(annotation ?? "{}")).toMatchObject({ mode: "quorum", term: expect.any(Number) });
  expect(await status(holder.pod)).toMatchObject({ role: "holding", lease: { mode: "quorum", modeReason: null } });
});

test("a lost node is replaced in about half a second", { timeout: 60_000 + LOSSES * 90_000 }, async () => {
  const healedMs: number[] = [];
  for (let loss = 0; loss < LOSSES; loss += 1) {
    const holder = await settled();
    await giveEtcdTo(standbyOf(holder).pod);
    const { pod } = holder;
    const { mac } = pod;
    const lostAtMs = await loseNode(pod);
    healedMs.push((await servedAfter(mac, lostAtMs)) - lostAtMs);
    await bringBack(pod);
  }
  expect(measured("node lost, by the quorum: until another serves", healedMs)).toBeLessThanOrEqual(HEALED_MEDIAN_MS);
  expect(Math.max(...healedMs)).toBeLessThanOrEqual(HEALED_MAX_MS);
});

test("with etcd's leader on it, the VIP is served at most 0.3 s after etcd's first write", {
  timeout: 180_000,
}, async () => {
  const holder = await settled();
  const other = standbyOf(holder);
  await giveEtcdTo(holder.pod);
  const { pod } = holder;
  const { mac } = pod;
  const lostAtMs = await loseNode(pod);
  const writtenAtMs = await firstWrite(other.pod);
  const servedAtMs = await servedAfter(mac, lostAtMs);
  measured("node with etcd's leader lost, by the quorum: until another serves", [servedAtMs - lostAtMs]);
  measured("node with etcd's leader lost, by the quorum: after etcd's first write", [servedAtMs - writtenAtMs]);
  expect(servedAtMs - writtenAtMs).toBeLessThanOrEqual(300);
  await bringBack(pod);
});

test("a lost standby moves nothing, and the plain lease goes on", { timeout: 180_000 }, async () => {
  const holder = await settled();
  const { leaseTransitions } = (await status(holder.pod)).lease;
  const { pod } = standbyOf(holder);
  await giveEtcdTo(holder.pod);
  await loseNode(pod);
  const isPlain = async () => ((await status(holder.pod)).lease.mode === "lease" ? true : undefined);
  await waitFor("the holder is back on the plain lease", isPlain, { withinMs: 20_000, everyMs: 100 });
  await sleep(5_000);
  expect(await status(holder.pod)).toMatchObject({ role: "holding", lease: { mode: "lease", leaseTransitions } });
  await bringBack(pod);
});

test.each([100, 1_000, 5_000])(
  "net1 of the holder cut for %i ms: one move at most",
  { timeout: 180_000 },
  async (forMs) => {
    const holder = await settled();
    const { leaseTransitions } = (await status(holder.pod)).lease;
    const { attachment } = holder.pod;
    if (attachment === undefined) throw new TypeError("the holder has no net1");
    // Its carrier stays: only silence tells.
    await cluster.segment.host.ip(`link set ${attachment.hostLink} nomaster`);
    await sleep(forMs);
    await cluster.segment.host.ip(`link set ${attachment.hostLink} master br-private`);
    await sleep(3_000);
    const now = await status((await cluster.holder(30_000)).pod);
    measured(`net1 cut for ${forMs} ms: moves (not ms)`, [now.lease.leaseTransitions - leaseTransitions]);
    expect(now.lease.leaseTransitions - leaseTransitions).toBeLessThanOrEqual(1);
  },
);

/** When the first write began that etcd took from this member; it is tried again every 100 ms. */
async function firstWrite({ name }: Pod): Promise<number> {
  const untilMs = monotonicMs() + ELECTION_MAX_MS;
  while (monotonicMs() < untilMs) {
    const atMs = monotonicMs();
    if (await cluster.api.replica(name).writesToEtcd(100)) return atMs;
  }
  throw new TypeError("etcd has elected nobody");
}
