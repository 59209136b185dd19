/**
 * An acknowledged takeover on a real kernel: what the next holder knows of the gateway and the worker, and what they know
 * of it, where they lose frames, hold on to what they have just learnt (locktime), take no address that they did not ask
 * for (arp_accept), or sit behind a switch that has forgotten everybody.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { measured } from "../bed/measured.ts";
import type { Namespace } from "../bed/namespace.ts";
import { Connector } from "../bed/observers.ts";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { requestTransfer } from "../bed/transfer-command.ts";
import { FAST_LEASE } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";

/** The moves of this file are not what is measured by the budget. */
const ENV = { ...FAST_LEASE, VCLUSTER_KUBE_VIP_MOVES_MAX: "100" };
const GATEWAY = "10.100.0.1";
/** What a kernel needs that has nothing else to do; a virtual machine is now and then away for longer. */
const AT_ONCE_MS = 45;

let segment: Segment;
let pods: readonly Pod[];
let sidecars: readonly SidecarProcess[];

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pods = await Promise.all([0, 1].map((ordinal) => Pod.create(segment, { name: podName(ordinal) })));
  const api = await EmbeddedApi.start(pods);
  sidecars = pods.map((pod) => SidecarProcess.start(pod, { kubeconfig: api.kubeconfig(), env: ENV }));
});

afterAll(async () => {
  await Promise.all((sidecars ?? []).map((sidecar) => sidecar.close()));
  await Promise.all((pods ?? []).map((pod) => pod.close()));
  await segment?.close();
});

/** Both replicas have heard the worker ask for the VIP. */
beforeEach(async () => {
  await waitFor("a replica holds, and the other is able", rested, { withinMs: 20_000, diagnose: tails });
  await forgetVip(segment.worker);
  await segment.worker.exec(["bash", "-c", `echo > /dev/udp/${PAGE.vip}/9`]);
  await waitFor("the worker knows the VIP", () => entryOf(segment.worker), { withinMs: 2_000 });
});

interface Status {
  readonly role: string;
  readonly ready: boolean;
  readonly vip: { readonly mac: string };
  readonly acknowledgedBy: readonly { readonly address: string; readonly afterMs: number }[];
  readonly unacknowledgedBy: readonly string[];
}

async function statusOf(pod: Pod): Promise<Status> {
  return JSON.parse(await pod.namespace.exec(["curl", "--silent", "http://127.0.0.1:2112/status"])) as Status;
}

async function rested(): Promise<true | undefined> {
  const answers = await Promise.all(
    pods.map((pod) => pod.namespace.attempt(["curl", "-sf", "http://127.0.0.1:2112/readyz"])),
  );
  if (answers.some(({ status }) => status !== 0)) return undefined;
  const statuses = await Promise.all(pods.map(statusOf));
  return statuses.filter(({ role }) => role === "holding").length === 1 ? true : undefined;
}

async function holder(): Promise<Pod> {
  for (const pod of pods) if ((await statusOf(pod)).role === "holding") return pod;
  throw new TypeError(`nobody holds:\n${tails()}`);
}

const tails = () => sidecars.map((sidecar) => sidecar.tail(12)).join("\n");

interface Taken {
  readonly pod: Pod;
  /** "2/2": as the new holder wrote it into the Lease. */
  readonly acknowledged: string | null;
}

async function move(): Promise<Taken> {
  const from = await holder();
  const outcome = await requestTransfer(from);
  if (outcome.t !== "moved") throw new TypeError(`${JSON.stringify(outcome)}\n${tails()}`);
  const to = pods.find((pod) => pod !== from) as Pod;
  return { pod: to, acknowledged: outcome.acknowledged };
}

/** Milliseconds after the first frame at which each neighbour had answered; waits for both. */
async function acknowledgedAfterMs(pod: Pod): Promise<ReadonlyMap<string, number>> {
  const known = async () => {
    const { acknowledgedBy } = await statusOf(pod);
    return acknowledgedBy.length === 2 ? acknowledgedBy : undefined;
  };
  const all = await waitFor("gateway and worker have acknowledged", known, { withinMs: 5_000, diagnose: tails });
  return new Map(all.map(({ address, afterMs }) => [address, afterMs]));
}

async function metric(pod: Pod, name: string): Promise<number> {
  const page = await pod.namespace.exec(["curl", "--silent", "http://127.0.0.1:2112/metrics"]);
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(page)?.[1]);
}

/** The MAC address that this machine's kernel has for the VIP; undefined: none. */
async function entryOf(namespace: Namespace): Promise<string | undefined> {
  return / lladdr (\S+)/.exec(await namespace.exec(["ip", "neigh", "show", "to", PAGE.vip, "dev", "net0"]))?.[1];
}

async function forgetVip(namespace: Namespace): Promise<void> {
  await namespace.ip(`neigh flush to ${PAGE.vip} dev net0`);
}

/** The takeover before may still ask the worker now and then, and a question makes an entry. */
async function withoutEntry(): Promise<true | undefined> {
  await forgetVip(segment.worker);
  return (await entryOf(segment.worker)) === undefined ? true : undefined;
}

/** The kernel of `namespace` sees no more of the frames that match than it takes to count them, until `end`. */
async function lose(namespace: Namespace, rules: readonly string[]): Promise<() => Promise<void>> {
  const chain = ["type filter hook input priority 0", ...rules].join("\n");
  await namespace.exec(["nft", "-f", "-"], { input: `table arp lossy {\nchain input {\n${chain}\n}\n}\n` });
  return async () => {
    await namespace.exec(["nft", "delete", "table", "arp", "lossy"]);
  };
}

const first = (count: number) => `limit rate 1/hour burst ${count} packets drop`;

test("the next holder knows that gateway and worker have taken the VIP's new place: in Lease, status and metrics", async () => {
  const { pod, acknowledged } = await move();
  expect(acknowledged).toBe("2/2");
  const afterMs = await acknowledgedAfterMs(pod);
  expect([...afterMs.keys()].sort()).toEqual([GATEWAY, PAGE.worker]);
  measured("from the first frame to a neighbour's acknowledgement", [...afterMs.values()]);
  expect(await metric(pod, "vcluster_kube_vip_acknowledged_neighbours")).toBe(2);
  expect(await entryOf(segment.worker)).toBe(pod.mac);
});

test("a neighbour that loses the first two frames has taken it by the third, which asks it", async () => {
  const end = await lose(segment.worker, [`arp saddr ip ${PAGE.vip} ${first(2)}`]);
  const { pod, acknowledged } = await move();
  expect(acknowledged).toBe("2/2");
  expect((await acknowledgedAfterMs(pod)).get(PAGE.worker)).toBeLessThan(AT_ONCE_MS);
  expect(await entryOf(segment.worker)).toBe(pod.mac);
  await end();
});

/** Of the announcements to everybody, and of the questions to this machine itself. */
const firstTwoRounds = (address: string) => [
  `arp saddr ip ${PAGE.vip} arp daddr ip ${PAGE.vip} ${first(4)}`,
  `arp saddr ip ${PAGE.vip} arp daddr ip ${address} ${first(2)}`,
];

test("the worker loses all frames of the first two rounds: it is not counted, asked again, and has it after 200 ms", async () => {
  const end = await lose(segment.worker, firstTwoRounds(PAGE.worker));
  const { pod, acknowledged } = await move();
  expect(acknowledged).toBe("1/2");
  const afterMs = await acknowledgedAfterMs(pod);
  expect(afterMs.get(GATEWAY)).toBeLessThan(AT_ONCE_MS);
  expect(afterMs.get(PAGE.worker)).toBeGreaterThanOrEqual(200);
  expect(afterMs.get(PAGE.worker)).toBeLessThan(200 + AT_ONCE_MS);
  expect(await entryOf(segment.worker)).toBe(pod.mac);
  await end();
});

test("the gateway loses as many: it has it by the third question, be it the announcement's or whether it answers", async () => {
  const end = await lose(segment.gateway, firstTwoRounds(GATEWAY));
  const { pod } = await move();
  const afterMs = await acknowledgedAfterMs(pod);
  expect(afterMs.get(PAGE.worker)).toBeLessThan(AT_ONCE_MS);
  expect(afterMs.get(GATEWAY)).toBeGreaterThanOrEqual(50);
  expect(afterMs.get(GATEWAY)).toBeLessThan(200 + AT_ONCE_MS);
  expect(await entryOf(segment.gateway)).toBe(pod.mac);
  await end();
});

test("a neighbour that hears nothing is named as one that was asked and has not answered", async () => {
  const end = await lose(segment.worker, [`arp saddr ip ${PAGE.vip} drop`]);
  const { pod, acknowledged } = await move();
  expect(acknowledged).toBe("1/2");
  expect((await statusOf(pod)).unacknowledgedBy).toEqual([PAGE.worker]);
  expect(await metric(pod, "vcluster_kube_vip_unacknowledged_neighbours")).toBe(1);
  await end();
});

test("a locktime of 10 s does not keep a neighbour from what it is told: it is asked, and has it at once", async () => {
  await segment.worker.sysctl("net/ipv4/neigh/net0/locktime", 1_000);
  await move();
  // The entry has changed a moment ago.
  await waitFor("both are able", rested, { withinMs: 20_000, diagnose: tails });
  const { pod, acknowledged } = await move();
  expect(acknowledged).toBe("2/2");
  expect(await entryOf(segment.worker)).toBe(pod.mac);
  await segment.worker.sysctl("net/ipv4/neigh/net0/locktime", 100);
});

test.each([0, 1])(
  "with arp_accept %i a neighbour without an entry has one after the takeover, unasked",
  async (accept) => {
    await segment.worker.sysctl("net/ipv4/conf/net0/arp_accept", accept);
    await waitFor("the worker has no entry for the VIP", withoutEntry, { withinMs: 2_000 });
    const { pod, acknowledged } = await move();
    expect(acknowledged).toBe("2/2");
    expect(await entryOf(segment.worker)).toBe(pod.mac);
    await segment.worker.sysctl("net/ipv4/conf/net0/arp_accept", 0);
  },
);

/** The bridge forgets whom it has learnt, and drops what is for one that it does not know. */
async function switchForgets(): Promise<() => Promise<void>> {
  const links = JSON.parse(await segment.host.exec(["ip", "-j", "link", "show", "master", "br-private"]));
  const names = (links as readonly { readonly ifname: string }[]).map(({ ifname }) => ifname);
  const flood = (value: "on" | "off") =>
    segment.host.ip(names.map((name) => `link set dev ${name} type bridge_slave flood ${value}`).join("\n"));
  await flood("off");
  await segment.host.ip("link set dev br-private type bridge fdb_flush");
  return () => flood("on");
}

test("a switch that has forgotten everybody learns by the takeover itself: gateway and worker acknowledge at once", async () => {
  const end = await switchForgets();
  const { pod, acknowledged } = await move();
  expect(acknowledged).toBe("2/2");
  expect(await entryOf(segment.worker)).toBe(pod.mac);
  await end();
});

test("a switch that forgets while the VIP is held, five times: its place is known again within a second, nothing moves", async () => {
  const before = await holder();
  // Not so often that an answer is always under way, by which it would learn at once.
  const fromWorker = await Connector.start(segment.worker, { periodMs: 50 });
  const served = () => fromWorker.attempts.some(({ outcome }) => outcome === "served") || undefined;
  await waitFor("the worker is served", served, { withinMs: 5_000 });
  const atMs = monotonicMs();
  for (let time = 0; time < 5; time += 1) {
    const end = await switchForgets();
    await sleep(1_200);
    await end();
  }
  await fromWorker.caughtUp();
  const { gapMs } = fromWorker.report(atMs);
  measured("a switch forgets everybody: the worker's longest time without a served connection", [gapMs]);
  expect(gapMs).toBeLessThan(1_000);
  expect(await holder()).toBe(before);
  await fromWorker.close();
});
