/**
 * The holder's pod is deleted as Kubernetes does it: the host cluster's API server marks the Pod, its kubelet signals all
 * processes of the pod some milliseconds later, vCluster's listener refuses at once and API server and etcd member are
 * gone within 20 ms. DELETIONS=60 is the run of docs/how-failover-works.md.
 */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ApiReplica } from "../bed/api-replica.ts";
import type { Attempt } from "../bed/connections.ts";
import { HostCluster } from "../bed/host-cluster.ts";
import type { KubeletOptions, KubeletTold } from "../bed/kubelet.ts";
import { measured } from "../bed/measured.ts";
import { Connector } from "../bed/observers.ts";
import { realTime } from "../bed/oracle.ts";
import { asOnNodeOfItsOwn } from "../bed/own-node.ts";
import { HOST_NAMESPACE } from "../bed/release.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const DELETIONS = Number(process.env["DELETIONS"] ?? "1");
const KILLED_AFTER_MS = 15;
const AFTER_MS = 1_500;
/** Of the two that are left without a leader: 5 to 10 s, drawn at random, and as long again where both stand at once. */
const ELECTION_MAX_MS = 30_000;
const MANY_MOVES = { VCLUSTER_KUBE_VIP_MOVES_MAX: "100", VCLUSTER_KUBE_VIP_MOVES_WINDOW_SECONDS: "30" } as const;
const TEST_TIMEOUT_MS = 60_000 + DELETIONS * 40_000;

interface Case {
  /** From the deletionTimestamp to SIGTERM. */
  readonly delayMs: number;
  /** The etcd member that dies leads. */
  readonly leads?: boolean;
  /** The sidecars have no access to the host cluster. */
  readonly blind?: boolean;
}

interface Deletion {
  /** In new connections, the longer of worker's and client's. */
  readonly gapMs: number;
  readonly lost: number;
  /** From the first write that etcd took without the dying member, where that led; 0: nobody was lost. */
  readonly afterEtcdMs: number;
}

let cluster: VirtualCluster;
let host: HostCluster;
let observers: readonly Connector[];

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: MANY_MOVES });
  host = await HostCluster.start(cluster.segment);
  for (const { name } of cluster.pods) await host.createPod(name);
  const { worker, client } = cluster.segment;
  observers = await Promise.all([worker, client].map((from) => Connector.start(from, { greeting: "http" })));
}, 120_000);

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
  cluster.sampler.forget();
});

afterAll(async () => {
  for (const observer of observers) await observer.close();
  await host.close();
  await cluster.close();
}, 60_000);

test.each([{ delayMs: 200 }, { delayMs: 100 }, { delayMs: 50 }, { delayMs: 50, leads: true }] as const)(
  "nobody loses a connection: %o",
  { timeout: TEST_TIMEOUT_MS },
  async (which) => {
    const { lost } = await deletions(which);
    expect(Math.max(...lost)).toBe(0);
  },
);

/** The goal is 30 ms in the median; in fifteen runs each the most were 0, 30 and 26. One run may be a slow one. */
test.each([{ delayMs: 20 }, { delayMs: 0 }, { delayMs: 0, blind: true }] as const)(
  "with little notice the gap is short: %o",
  { timeout: TEST_TIMEOUT_MS },
  async (which) => {
    const { gapMedianMs } = await deletions(which);
    expect(gapMedianMs).toBeLessThanOrEqual(DELETIONS >= 10 ? 30 : 60);
  },
);

/** The goal is 300 ms: in fifteen runs 54 in the median, and 479 once. */
test("without notice, and without etcd's leader, the VIP is served right after etcd's first write", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const { afterEtcdMs } = await deletions({ delayMs: 0, leads: true });
  expect(Math.max(...afterEtcdMs)).toBeLessThanOrEqual(700);
});

async function deletions(which: Case) {
  await startSidecars(which);
  const all: Deletion[] = [];
  for (let time = 0; time < DELETIONS; time += 1) all.push(await deleteHolder(which));
  const lost = all.map((deletion) => deletion.lost);
  const afterEtcdMs = all.map((deletion) => deletion.afterEtcdMs);
  const what = `pod deleted, SIGTERM ${which.delayMs} ms later${which.blind ? ", unseen" : ""}${which.leads ? ", etcd's leader" : ""}`;
  const gapsMs = all.map(({ gapMs }) => gapMs);
  const gapMedianMs = measured(`${what}: gap in new connections`, gapsMs);
  if (which.leads) measured(`${what}: served after etcd's first write`, afterEtcdMs);
  process.stdout.write(`measured: ${what}: lost connections ${lost.join(" ")}\n`);
  return { lost, gapMedianMs, afterEtcdMs };
}

function environment({ blind }: Case) {
  return { env: blind ? {} : host.env };
}

async function startSidecars(which: Case): Promise<void> {
  await Promise.all(cluster.sidecars.filter(({ process }) => process.running).map((one) => one.stop()));
  for (const pod of cluster.pods) cluster.startSidecar(pod, environment(which));
  await cluster.holder(30_000);
  await Promise.all(cluster.sidecars.map(able));
}

/** It would be given the VIP. */
async function able(sidecar: SidecarProcess): Promise<void> {
  const isAble = async () => {
    const { health } = await cluster.status(sidecar.pod);
    return (health as { readonly verdict: string }).verdict === "able" ? true : undefined;
  };
  const diagnose = () => sidecar.tail();
  await waitFor(`${sidecar.pod.name} is able`, isAble, { withinMs: 40_000, everyMs: 100, diagnose });
  await asOnNodeOfItsOwn(sidecar, cluster.api.replica(sidecar.pod.name));
}

async function deleteHolder(which: Case): Promise<Deletion> {
  const holder = await cluster.holder();
  const api = cluster.api.replica(holder.pod.name);
  const [other] = cluster.api.replicas.filter((replica) => replica !== api);
  if (other === undefined) throw new TypeError("three replicas");
  await giveEtcdTo(which.leads ? api : other);
  for (const observer of observers) observer.forget();
  try {
    return await watchDeletion(holder, other, which);
  } finally {
    // What follows is another case: it needs three replicas whatever came of this one.
    await bringBack(holder, which);
  }
}

async function watchDeletion(holder: SidecarProcess, other: ApiReplica, which: Case): Promise<Deletion> {
  const { pod } = holder;
  const kubelet = startKubelet(holder, which.delayMs);
  await waitFor("the kubelet watches", () => kubelet.told.find(({ t }) => t === "watching"), { withinMs: 5_000 });
  const askedAtMs = monotonicMs();
  await host.deletePod(pod.name);
  await kubelet.process.exited;
  const writtenAtMs = which.leads ? await firstWrite(other) : Number.NaN;
  await waitFor("another answers", () => cluster.sampler.firstOther(pod.mac, askedAtMs), { withinMs: 20_000 });
  await holder.process.exited;
  await sleep(AFTER_MS);
  const deletedAtMs = kubelet.told.find(({ t }) => t === "deleted")?.atMs ?? Number.NaN;
  const reports = observers.map((observer) => observer.report(deletedAtMs - 20));
  const servedAtMs = Math.max(...observers.map(({ attempts }) => servedAgainAtMs(attempts)));
  return {
    gapMs: Math.max(...reports.map((report) => report.gapMs)),
    lost: reports.reduce((sum, { lost }) => sum + lost, 0),
    afterEtcdMs: servedAtMs === 0 ? 0 : servedAtMs - writtenAtMs,
  };
}

/** When the first connection after the last lost one was begun; 0: none was lost. */
function servedAgainAtMs(attempts: readonly Attempt[]): number {
  const lastLostMs = Math.max(0, ...attempts.flatMap((one) => (one.outcome === "served" ? [] : [one.startMs])));
  const after = attempts.flatMap(({ startMs }) => (startMs > lastLostMs ? [startMs] : []));
  return lastLostMs === 0 ? 0 : Math.min(...after);
}

async function bringBack({ pod, process }: SidecarProcess, which: Case): Promise<void> {
  const api = cluster.api.replica(pod.name);
  await process.close();
  await host.forgetPod(pod.name);
  await host.createPod(pod.name);
  await api.close();
  api.startAll();
  await api.ready();
  await able(cluster.startSidecar(pod, environment(which)));
}

async function giveEtcdTo(next: ApiReplica): Promise<void> {
  const leader = await waitFor("a member leads etcd", () => cluster.api.etcdLeader(), { withinMs: 15_000 });
  await leader.moveEtcdLeader(next);
}

/** When the first write began that etcd took from this member; it is tried again every 100 ms. */
async function firstWrite(replica: ApiReplica): Promise<number> {
  const untilMs = monotonicMs() + ELECTION_MAX_MS;
  while (monotonicMs() < untilMs) {
    const atMs = monotonicMs();
    if (await replica.writesToEtcd(100)) return atMs;
  }
  throw new TypeError("etcd has elected nobody");
}

function startKubelet({ pod, process: sidecar }: SidecarProcess, delayMs: number) {
  const api = cluster.api.replica(pod.name);
  const options: KubeletOptions = {
    server: host.server,
    folder: host.credentials,
    namespace: HOST_NAMESPACE,
    podName: pod.name,
    delayMs,
    terminated: [api.process("listener").pid, sidecar.pid],
    killed: [api.process("kube-apiserver").pid, api.process("etcd").pid],
    killedAfterMs: KILLED_AFTER_MS,
  };
  const told: KubeletTold[] = [];
  // Its moments are what is measured from: it does not queue behind what it ends.
  const program = [...realTime(), process.execPath, join(import.meta.dirname, "../bed/kubelet.ts")];
  const started = cluster.segment.host.spawn([...program, JSON.stringify(options)], {
    name: "kubelet",
    onLine: (line) => told.push(JSON.parse(line) as KubeletTold),
  });
  return { process: started, told };
}
