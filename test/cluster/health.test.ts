/**
 * The holder can no longer serve though its sidecar lives, at the default 15/10/2: how soon another replica answers for
 * the VIP and serves the worker, fault by fault. And what moves nothing: etcd that elects another leader. RUNS=20 is the
 * run of docs/how-failover-works.md.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { hung, killed } from "../bed/api-faults.ts";
import { Stranger } from "../bed/faults/stranger.ts";
import { portOf } from "../bed/island.ts";
import { measured } from "../bed/measured.ts";
import { Connector } from "../bed/observers.ts";
import { asOnNodeOfItsOwn } from "../bed/own-node.ts";
import type { Pod } from "../bed/pod.ts";
import { PAGE } from "../bed/segment.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const RUNS = Number(process.env["RUNS"] ?? "3");
/** Of what takes seconds. */
const SLOW_RUNS = Math.min(RUNS, 3);
const TIMEOUT_MS = 60_000 + RUNS * 15_000;
/** More than all runs together: what is measured here is not the budget. */
const ENV = { VCLUSTER_KUBE_VIP_MOVES_MAX: "100", VCLUSTER_KUBE_VIP_MOVES_WINDOW_SECONDS: "30" };
/** For a fault to be over for everybody. */
const REST_MS = 2_500;

let cluster: VirtualCluster;
let fromWorker: Connector;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: ENV });
  await cluster.startSidecars();
  fromWorker = await Connector.start(cluster.segment.worker);
  await Promise.all(cluster.pods.map(able));
  await Promise.all(cluster.sidecars.map((one) => asOnNodeOfItsOwn(one, cluster.api.replica(one.pod.name))));
  await sleep(REST_MS);
});

afterAll(async () => {
  await fromWorker?.close();
  await cluster.close();
});

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
  cluster.sampler.forget();
});

/** Begins a fault; the result ends it. */
type Begin = (pod: Pod) => Promise<() => Promise<void>>;

interface Move {
  /** From the fault's beginning to another replica's first ARP answer. */
  readonly answeredMs: number;
  /** The worker's longest time without a served connection. */
  readonly gapMs: number;
}

/** Resolves when this replica says that it could serve: also for a moment after a fault. */
async function able(pod: Pod): Promise<void> {
  const verdict = async () => {
    const { health } = (await cluster.status(pod)) as { readonly health: { readonly fault: string | null } };
    return health.fault === null ? true : undefined;
  };
  await cluster.ready(pod, 60_000);
  await waitFor(`${pod.name} has no fault`, verdict, { withinMs: 60_000 });
}

async function moveBy(begin: Begin): Promise<Move> {
  const { pod } = await cluster.holder();
  const { mac } = pod;
  const atMs = monotonicMs();
  const end = await begin(pod);
  const answeredMs = (await anotherAnswers(mac, atMs)) - atMs;
  await sleep(1_000);
  await fromWorker.caughtUp();
  const { gapMs } = fromWorker.report(atMs - 10, atMs + 10_000);
  await end();
  await able(pod);
  await sleep(REST_MS);
  fromWorker.forget();
  return { answeredMs, gapMs };
}

/** When another than this MAC address first answered. */
function anotherAnswers(mac: string, atMs: number): Promise<number> {
  return waitFor("another answers", () => cluster.sampler.firstOther(mac, atMs), {
    withinMs: 10_000,
    everyMs: 5,
    diagnose: () => cluster.sidecars.map((sidecar) => sidecar.tail(12)).join("\n"),
  });
}

async function moves(what: string, times: number, begin: Begin) {
  const all: Move[] = [];
  for (let time = 0; time < times; time += 1) all.push(await moveBy(begin));
  const answeredMs = all.map((move) => move.answeredMs);
  const gapsMs = all.map((move) => move.gapMs);
  measured(`${what}: until another answers`, answeredMs);
  return { maxMs: Math.max(...answeredMs), gapMs: measured(`${what}: gap of the worker`, gapsMs) };
}

/** How net1 is attached. */
const KINDS = ["plugin", "macvlan"] as const;

async function attachAll(kind: (typeof KINDS)[number]): Promise<void> {
  for (const pod of cluster.pods) {
    await pod.detachNet1();
    await pod.attachNet1(kind);
    await able(pod);
  }
  await sleep(REST_MS);
  fromWorker.forget();
}

const LINK_FAULTS: readonly { readonly what: string; readonly begin: (kind: (typeof KINDS)[number]) => Begin }[] = [
  {
    what: "link set down",
    begin: () => async (pod) => {
      await pod.namespace.ip(`link set ${PAGE.interfaceName} down`);
      return () => pod.namespace.ip(`link set ${PAGE.interfaceName} up`);
    },
  },
  {
    what: "carrier lost",
    begin: () => async (pod) => {
      const { host } = cluster.segment;
      const port = portOf(pod);
      await host.ip(`link set ${port} down`);
      return () => host.ip(`link set ${port} up`);
    },
  },
  {
    what: "link deleted",
    begin: (kind) => async (pod) => {
      await pod.detachNet1();
      return () => pod.attachNet1(kind);
    },
  },
];

describe.each(KINDS)("net1 by %s", (kind) => {
  beforeAll(() => attachAll(kind));
  afterAll(() => attachAll("plugin"));

  // What the worker sees: the command that takes the link away is no part of it.
  test.each(LINK_FAULTS)(
    "$what: the worker is served again after at most 50 ms (median)",
    async ({ what, begin }) => {
      const { gapMs } = await moves(`${what} (${kind})`, RUNS, begin(kind));
      expect(gapMs).toBeLessThanOrEqual(50);
    },
    TIMEOUT_MS,
  );
});

/**
 * A killed kube-apiserver is there for 100 to 250 ms more: the kernel frees its memory first, as fast as the cores allow,
 * and closes its sockets then. Nobody can know before that, so what follows is bounded; both are measured.
 */
test(
  "its API server is killed: another answers at most 150 ms (median) and 300 ms (most) after nobody listens",
  async () => {
    const sinceMs: number[] = [];
    await moves("API server killed", RUNS, async (pod) => {
      const knocking = await Connector.start(pod.namespace, { host: "127.0.0.1", port: 6443, greeting: "http" });
      const fault = killed(cluster.api.replica(pod.name));
      const killedAtMs = monotonicMs();
      await fault.begin();
      const answeredAtMs = await anotherAnswers(pod.mac, killedAtMs);
      await knocking.caughtUp();
      const refused = knocking.attempts.find(({ startMs, outcome }) => startMs > killedAtMs && outcome === "refused");
      sinceMs.push(answeredAtMs - (refused?.startMs ?? Number.NaN));
      await knocking.close();
      return async () => {
        await fault.end();
        await asOnNodeOfItsOwn(cluster.sidecar(pod), cluster.api.replica(pod.name));
      };
    });
    const medianMs = measured("API server killed: from when nobody listens until another answers", sinceMs);
    expect(medianMs).toBeLessThanOrEqual(150);
    expect(Math.max(...sinceMs)).toBeLessThanOrEqual(300);
  },
  TIMEOUT_MS,
);

/** The mark can only have gone through a peer's API server: the own one answers nothing before the VIP has moved. */
test("its API server hangs: another answers after at most 2.5 s", async () => {
  const { maxMs } = await moves("API server hung", SLOW_RUNS, async (pod) => {
    const fault = hung(cluster.api.replica(pod.name));
    await fault.begin();
    return fault.end;
  });
  expect(maxMs).toBeLessThanOrEqual(2_500);
});

test("its port is taken off the bridge, its carrier stays: another answers after at most 2 s", async () => {
  const { host } = cluster.segment;
  const { maxMs } = await moves("silent cut", SLOW_RUNS, async (pod) => {
    const port = portOf(pod);
    await host.ip(`link set ${port} nomaster`);
    return () => host.ip(`link set ${port} master br-private`);
  });
  expect(maxMs).toBeLessThanOrEqual(2_000);
});

test.each([
  {
    what: "an API server that is killed and started three times",
    flap: async (pod: Pod) => {
      const fault = killed(cluster.api.replica(pod.name));
      for (let time = 0; time < 3; time += 1) {
        await fault.begin();
        await fault.end();
      }
    },
  },
  {
    what: "a link that goes down and up ten times",
    flap: async ({ namespace }: Pod) => {
      for (let time = 0; time < 10; time += 1) {
        await namespace.ip(`link set ${PAGE.interfaceName} down`);
        await sleep(200);
        await namespace.ip(`link set ${PAGE.interfaceName} up`);
        await sleep(200);
      }
    },
  },
])("$what moves the VIP once, and it does not come back", async ({ flap }) => {
  const { pod } = await cluster.holder();
  const atMs = monotonicMs();
  const before = cluster.holders().length;
  await flap(pod);
  await sleep(REST_MS);
  const { mac } = (await cluster.holder()).pod;
  const movedAtMs = cluster.sampler.firstOther(pod.mac, atMs) ?? Number.NaN;
  expect(cluster.sampler.firstOther(mac, movedAtMs)).toBeUndefined();
  // One hand-over empties the Lease, one takes it.
  expect(cluster.holders().length - before).toBe(2);
  await able(pod);
  fromWorker.forget();
});

test("etcd elects another leader, four times: the VIP stays where it is, and is served", async () => {
  const { pod } = await cluster.holder();
  const atMs = monotonicMs();
  for (const next of [...cluster.api.replicas, cluster.api.replica(pod.name)]) {
    const leader = await waitFor("a member leads etcd", () => cluster.api.etcdLeader(), { withinMs: 15_000 });
    await leader.moveEtcdLeader(next);
    await sleep(2_000);
  }
  expect((await cluster.holder()).pod).toBe(pod);
  await fromWorker.caughtUp();
  measured("etcd's leader moved: gap of the worker", [fromWorker.report(atMs).gapMs]);
  expect(cluster.sampler.firstOther(pod.mac, atMs)).toBeUndefined();
});

test("a stranger claims the VIP and leaves: the worker is served again at most 1.5 s later", async () => {
  const { pod } = await cluster.holder();
  const stranger = await Stranger.join(cluster.segment);
  await stranger.claimVip();
  await sleep(3_500);
  await stranger.leave();
  const leftAtMs = monotonicMs();
  await sleep(2_500);
  await fromWorker.caughtUp();
  const lost = fromWorker.attempts.filter(({ startMs, outcome }) => startMs >= leftAtMs && outcome !== "served");
  const lastLostMs = Math.max(leftAtMs, ...lost.map(({ startMs }) => startMs));
  expect(measured("a stranger leaves: until the worker's last lost connection", [lastLostMs - leftAtMs])).toBeLessThan(
    1_500,
  );
  expect(cluster.sidecar(pod).lines.some(({ event }) => event === "conflict")).toBe(true);
  // Two did answer: one of them was none of ours.
  cluster.sampler.forget();
});
