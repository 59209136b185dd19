/**
 * More than one way to the API, with 5/3/1 timers: whatever happens to the API server in the holder's own pod, one try
 * is lost and not the hold; the Lease is renewed, and on SIGTERM released, through a peer's listener. That the VIP goes
 * to another replica where one says that it could serve is health.test.ts's: here nobody is asked.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ApiFault, halfOpen, hung, killed, refusing, unheard } from "../bed/api-faults.ts";
import type { ApiReplica } from "../bed/api-replica.ts";
import { SERVICE, serveAtOneAddress } from "../bed/cluster-ip.ts";
import { leaseHistory } from "../bed/lease-history.ts";
import { measured } from "../bed/measured.ts";
import type { BedProcess } from "../bed/process.ts";
import type { SidecarLine, SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor, wallMsAt } from "../bed/wait.ts";

/** L (1 - rho) / (1 + rho) - 50 ms for L = 5 s: so long a hold lasts after its renewal was sent (rule 1). */
const HOLD_MS = 4753;
/** Renewals every second, and the first three tries of the dead API server. */
const FAULT_MS = 10_000;
/** The write that is under way when the fault begins. */
const LOST_MOST = 1;
/** That write takes effect and conflicts with its copy; the next may begin before a read has told. */
const LOST_MOST_WHERE_APPLIED = 2;
/**
 * Each connection to a Service leads to a replica drawn at random, one in three times to the dead one; of the three
 * copies of one write all do one in 27 times.
 */
const LOST_MOST_AT_RANDOM = 2;
/** From the fault to the end of the first renewal in it. */
const JUDGED_MS = 2500;
/** A take over a graceful stop's 300 ms, and one hedge. */
const RELEASED_WITHIN_MS = 1000;
const SILENCE_MAX_MS = 50;
const SLOW_PORT = 7443;

/** Their pages are on loopback only: no replica finds another that could serve, and the VIP stays. */
const UNASKED = { VCLUSTER_KUBE_VIP_HTTP_ADDRESSES: "127.0.0.1" };

let cluster: VirtualCluster;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: { ...FAST_LEASE, ...UNASKED } });
  await cluster.startSidecars();
});

afterAll(() => cluster.close());

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

/** Writes of this sidecar that were not confirmed by their answer, since it was started. */
async function lostTries({ pod }: SidecarProcess): Promise<number> {
  const metrics = await pod.namespace.exec(["curl", "--silent", "http://127.0.0.1:2112/metrics"]);
  const counted = metrics.matchAll(/^vcluster_kube_vip_lease_writes_total\{.*result="(?!written)[a-z]+"\} (\d+)$/gm);
  return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Times between this sidecar's renewals, as the API servers applied them. */
function gapsSince({ pod }: SidecarProcess, sinceMs: number): readonly number[] {
  const sinceWallMs = wallMsAt(sinceMs);
  const own = cluster.history().filter(({ lease }) => lease?.holderIdentity.includes(pod.uid));
  const later = own.findIndex(({ answeredWallMs }) => answeredWallMs >= sinceWallMs);
  // With the last one before: a gap may begin there.
  const times = own.slice(Math.max(0, later - 1)).map(({ answeredWallMs }) => answeredWallMs);
  return times.slice(1).map((atMs, index) => atMs - (times[index] ?? Number.NaN));
}

/**
 * Writes that this pod's own API server applied from a moment on. What it refuses may be an old copy, read when it woke.
 */
function writesAtOwn({ pod }: SidecarProcess, sinceMs: number) {
  const sinceWallMs = wallMsAt(sinceMs);
  const history = leaseHistory([cluster.api.replica(pod.name).auditLog], cluster.leaseName);
  return history.filter(({ receivedWallMs, lease }) => receivedWallMs > sinceWallMs && lease !== undefined);
}

/** A dead API server is tried again at the latest 16 s after the last time. */
async function untilOwnIsAsked(holder: SidecarProcess): Promise<void> {
  const sinceMs = monotonicMs();
  const isAsked = () => writesAtOwn(holder, sinceMs).length > 0 || undefined;
  await waitFor(`${holder.pod.name}: its own API server is asked again`, isAsked, { withinMs: 20_000 });
  measured("own API server back: until it is asked first again", [monotonicMs() - sinceMs]);
}

/** The fault at the holder's own API server for 10 s: the Lease stays where it is, and the VIP is always answered. */
async function expectHeldThrough(what: string, faultOf: (replica: ApiReplica) => ApiFault, lostMost: number) {
  const holder = await cluster.holder();
  const fault = faultOf(cluster.api.replica(holder.pod.name));
  const lostBefore = await lostTries(holder);
  const namings = cluster.holders().length;
  const sinceMs = monotonicMs();
  await fault.begin();
  await sleep(FAULT_MS);
  const lost = (await lostTries(holder)) - lostBefore;
  const gaps = gapsSince(holder, sinceMs);
  const atOwn = writesAtOwn(holder, sinceMs + JUDGED_MS);
  await cluster.sampler.caughtUp();
  const { longestSilenceMs, answerers } = cluster.sampler.report(sinceMs);
  await fault.end();
  await untilOwnIsAsked(holder);
  measured(`own API server ${what}: tries lost (not ms)`, [lost]);
  measured(`own API server ${what}: between two confirmed renewals`, gaps);
  measured(`own API server ${what}: longest silence of the VIP`, [longestSilenceMs]);
  // Skipped from the first lost try on: else there was no fault.
  expect(atOwn).toEqual([]);
  expect(cluster.holders()).toHaveLength(namings);
  expect(gaps.length).toBeGreaterThan(FAULT_MS / 1000 - 3);
  expect(Math.max(...gaps)).toBeLessThan(HOLD_MS);
  expect(lost, holder.tail(12)).toBeLessThanOrEqual(lostMost);
  expect(longestSilenceMs).toBeLessThan(SILENCE_MAX_MS);
  expect(answerers.map(({ mac }) => mac)).toEqual([holder.pod.mac]);
}

/** SIGTERM in the moment in which the fault begins, as when a pod is ended: the Lease is released through a peer. */
async function expectReleased(what: string, faultOf: (replica: ApiReplica) => ApiFault, env = {}) {
  const old = await cluster.holder();
  const fault = faultOf(cluster.api.replica(old.pod.name));
  const sinceMs = monotonicMs();
  await fault.begin();
  const stopped = old.stop();
  const servedAtMs = await waitFor("another replica answers", () => cluster.sampler.firstOther(old.pod.mac, sinceMs), {
    withinMs: 10_000,
    diagnose: () => old.tail(),
  });
  expect(await stopped).toEqual({ code: 0, signal: null });
  await fault.end();
  measured(`own API server ${what} and SIGTERM: until another serves`, [servedAtMs - sinceMs]);
  cluster.startSidecar(old.pod, { env });
  await cluster.ready(old.pod);
  expect(servedAtMs - sinceMs).toBeLessThanOrEqual(RELEASED_WITHIN_MS);
  expect(cluster.holders().at(-2)?.lease.holderIdentity).toBe("");
}

/** Every sidecar anew with other settings, the holder last. */
async function restartAll(env: Readonly<Record<string, string>>): Promise<void> {
  const holder = await cluster.holder();
  for (const sidecar of [...cluster.standbys(holder), holder]) {
    await sidecar.stop();
    cluster.startSidecar(sidecar.pod, { env });
    await cluster.ready(sidecar.pod);
  }
  await cluster.holder();
}

describe.each([
  { what: "killed", faultOf: killed, lostMost: LOST_MOST },
  { what: "hung", faultOf: hung, lostMost: LOST_MOST },
  { what: "refusing", faultOf: refusing, lostMost: LOST_MOST },
  { what: "half-open", faultOf: halfOpen, lostMost: LOST_MOST },
  { what: "unheard", faultOf: unheard, lostMost: LOST_MOST_WHERE_APPLIED },
])("own API server $what", ({ what, faultOf, lostMost }) => {
  test("the holder renews through a peer", () => expectHeldThrough(what, faultOf, lostMost));
  test("a stopped holder releases through a peer", () => expectReleased(what, faultOf));
});

describe("a standby whose own API server hangs", () => {
  test("hears of a release all the same: its watch has moved to a peer", async () => {
    const holder = await cluster.holder();
    const [standby, other] = cluster.standbys(holder);
    if (standby === undefined || other === undefined) throw new TypeError("no two standbys");
    await other.stop();
    const fault = hung(cluster.api.replica(standby.pod.name));
    await fault.begin();
    // A silent watch is doubted after 3 s, its API server judged dead 0.3 s later.
    await sleep(5000);
    const sinceMs = monotonicMs();
    await holder.stop();
    const isVacant = ({ fields }: SidecarLine) => (fields["to"] ?? undefined) === undefined;
    const { atMs } = await standby.waitForEvent("holder-changed", { withinMs: 10_000, sinceMs, matches: isVacant });
    await fault.end();
    measured("standby's API server hung, holder stopped: until the standby hears of it", [atMs - sinceMs]);
    for (const { pod } of [holder, other]) {
      cluster.startSidecar(pod);
      await cluster.ready(pod);
    }
    expect(atMs - sinceMs).toBeLessThanOrEqual(RELEASED_WITHIN_MS);
  });
});

describe("own API server slow, 2 to 5 s an answer", () => {
  const env = { VCLUSTER_KUBE_VIP_SERVER: `https://127.0.0.1:${SLOW_PORT}` };
  const relays = new Map<string, BedProcess>();

  beforeAll(async () => {
    for (const { name, namespace } of cluster.pods) {
      const argv = [process.execPath, `${import.meta.dirname}/../bed/slow-relay.ts`, String(SLOW_PORT), "6443"];
      relays.set(name, namespace.spawn(argv, { name: `${name}-slow-relay` }));
    }
    await restartAll(env);
  });

  function slow({ pod }: ApiReplica): ApiFault {
    const toggle = async (): Promise<void> => relays.get(pod.name)?.signal("SIGUSR2");
    return { begin: toggle, end: toggle };
  }

  test("the holder renews through a peer", () => expectHeldThrough("slow", slow, LOST_MOST_WHERE_APPLIED));
  test("a stopped holder releases through a peer", () => expectReleased("slow", slow, env));
});

describe("a Deployment, whose peers are behind a Service's one address", () => {
  const env = { VCLUSTER_KUBE_VIP_PEERS_HOST: SERVICE.address, VCLUSTER_KUBE_VIP_PEERS_PORT: String(SERVICE.port) };

  beforeAll(async () => {
    await serveAtOneAddress(cluster.segment, cluster.pods);
    await restartAll(env);
  });

  test.each([
    { what: "killed", faultOf: killed },
    { what: "hung", faultOf: hung },
  ])("own API server $what: the holder renews through the Service", ({ what, faultOf }) =>
    expectHeldThrough(`${what}, Deployment`, faultOf, LOST_MOST_AT_RANDOM),
  );
  test("a stopped holder releases through the Service", () => expectReleased("hung, Deployment", hung, env));
});
