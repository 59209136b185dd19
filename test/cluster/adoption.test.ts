/**
 * A holder's sidecar killed and started again before its deadline, over and over, at the default 15/10/2 and at random
 * phases (rule 8): a client that connects every 5 ms loses nothing, nobody on the segment hears anything, and the Lease
 * stays with the pod, under a new boot nonce. Then killed for good: when the kernel has ended the hold, and who takes it.
 *
 * ADOPTION_KILLS=100 pnpm test --project cluster adoption: 100 kills instead of 25, in about four minutes.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ArpFrame, decodeArp } from "../../packages/sidecar/src/announce/arp.ts";
import { Random } from "../../packages/sidecar/src/testing/simulation/random.ts";
import { Capture } from "../bed/capture.ts";
import { measured } from "../bed/measured.ts";
import { Connector } from "../bed/observers.ts";
import { AddressMonitor } from "../bed/oracles/address-monitor.ts";
import { PAGE } from "../bed/segment.ts";
import type { SidecarLine, SidecarProcess } from "../bed/sidecar-process.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, wallMsAt } from "../bed/wait.ts";

const KILLS = Number(process.env["ADOPTION_KILLS"] ?? "25");
const RETRY_PERIOD_MS = 2_000;
const RESTARTED_WITHIN_MS = 2_000;
/** Of a steady holder: one frame every 10 s. */
const ANNOUNCED_EVERY_MS = 10_000;
/** After docs/how-failover-works.md, for 15 s: when the gate closes, and when nobody else can hold. */
const EXCLUSIVE_MS = (15_000 * 0.98) / 1.02;
const HOLD_MS = EXCLUSIVE_MS - 50;
/** A take's burst is over, and its frames of each second. */
const STEADY_AFTER_MS = 12_500;
/** Left out: the kernel's answers to the sampler, 500 a second, and its own questions for an IPv6 router. */
const SAID_UNASKED = "not tcp and not ip6 and not (arp and arp[7] = 2 and not ether broadcast)";

let cluster: VirtualCluster;
let connector: Connector;
let heard: Capture;
let monitor: AddressMonitor;
let sidecar: SidecarProcess;
const random = new Random(1);

beforeAll(async () => {
  cluster = await VirtualCluster.start();
  sidecar = await cluster.startSidecars();
  monitor = await AddressMonitor.start(sidecar.pod);
  await sleep(STEADY_AFTER_MS);
  const filter = `ether src ${sidecar.pod.mac} and ${SAID_UNASKED}`;
  heard = await Capture.start(cluster.segment.host, { link: "br-private", filter });
  connector = await Connector.start(cluster.segment.worker, { greeting: "http" });
});

afterAll(() => cluster.close());

const adoptedAfterMs: number[] = [];
const isHeld = ({ fields }: SidecarLine) => fields["to"] === "held";

/** Half of them at once, the others up to two seconds later. */
async function killAndRestart(): Promise<void> {
  await sleep(random.next() * RETRY_PERIOD_MS);
  await sidecar.process.stop("SIGKILL");
  const killedAtMs = monotonicMs();
  if (random.next() < 0.5) await sleep(random.next() * RESTARTED_WITHIN_MS);
  sidecar = cluster.startSidecar(sidecar.pod);
  const startedAtMs = monotonicMs();
  const held = await sidecar.waitForEvent("transition", { withinMs: 14_000, sinceMs: killedAtMs, matches: isHeld });
  expect(held.fields["reason"], sidecar.tail(40)).toBe("adopted");
  adoptedAfterMs.push(held.atMs - startedAtMs);
}

test(`${KILLS} times killed and started again within the deadline, nobody notices`, {
  timeout: 60_000 + KILLS * 8_000,
}, async () => {
  const [before] = cluster.holders().slice(-1);
  const fromMs = monotonicMs();
  const fromWallMs = wallMsAt(fromMs);
  for (let kill = 0; kill < KILLS; kill += 1) await killAndRestart();
  await Promise.all([connector.caughtUp(), cluster.sampler.caughtUp()]);
  measured("start of the next life to its adoption", adoptedAfterMs);

  const { tried, lost, lostBy, longestBlindMs } = connector.report(fromMs);
  process.stdout.write(`measured: ${lost} of ${tried} connections lost in ${KILLS} kills\n`);
  expect({ lost, lostBy }).toEqual({ lost: 0, lostBy: {} });
  // Seen often enough to say so.
  expect(tried).toBeGreaterThan(KILLS * 100);
  expect(longestBlindMs).toBeLessThan(1_000);

  expect(cluster.sampler.runs.filter((run) => run.fromMs > fromMs && run.macs.join() !== sidecar.pod.mac)).toEqual([]);
  expect(monitor.had).toHaveLength(1);

  const changes = cluster.holders().filter(({ answeredWallMs }) => answeredWallMs > fromWallMs);
  expect(changes).toHaveLength(KILLS);
  const identities = changes.map(({ lease }) => lease.holderIdentity);
  expect(new Set(identities).size).toBe(KILLS);
  const { name, uid } = sidecar.pod;
  expect(identities.filter((identity) => !identity.startsWith(`${name}_${uid}_`))).toEqual([]);
  expect(new Set(changes.map(({ lease }) => lease.leaseTransitions))).toEqual(
    new Set([before?.lease.leaseTransitions]),
  );
});

test("on the wire there was nothing for the VIP that a steady holder would not send", async () => {
  const said = heard.frames().map(({ wallMs, bytes }) => ({ wallMs, arp: decodeArp(bytes) }));
  expect(said.filter(({ arp }) => !isAnnouncement(arp) && !isQuestionToOne(arp))).toEqual([]);
  const announcedAtMs = said.filter(({ arp }) => isAnnouncement(arp)).map(({ wallMs }) => wallMs);
  const betweenMs = announcedAtMs.slice(1).map((atMs, index) => atMs - (announcedAtMs[index] ?? 0));
  expect(betweenMs.filter((ms) => ms < ANNOUNCED_EVERY_MS - 500)).toEqual([]);
  await heard.stop();
});

/** What keeps switches informed. */
function isAnnouncement(arp: ReturnType<typeof decodeArp>): boolean {
  return isRequest(arp) && arp.targetAddress === PAGE.vip && arp.senderAddress === PAGE.vip;
}

/**
 * Whether the machine that connects all the time is still there (the kernel's), and whether the gateway hears us (twice a
 * second, ours): to themselves, not to all.
 */
function isQuestionToOne(arp: ReturnType<typeof decodeArp>): boolean {
  const [gateway] = PAGE.gateway.split("/");
  const isAsked = isRequest(arp) && (arp.targetAddress === PAGE.worker || arp.targetAddress === gateway);
  return isAsked && arp.to !== "ff:ff:ff:ff:ff:ff";
}

function isRequest(arp: ReturnType<typeof decodeArp>): arp is ArpFrame {
  return typeof arp !== "string" && arp.operation === "request";
}

test("killed for good, it is silent and without the address in time, and another takes by its own count", async () => {
  const { pod } = sidecar;
  const confirmed = cluster.history().length;
  await sleep(random.next() * RETRY_PERIOD_MS);
  await sidecar.process.stop("SIGKILL");
  const wallMsAtZero = wallMsAt(0);
  const next = await cluster.holder(40_000);
  const took = await next.waitForEvent("took", { withinMs: 5_000 });
  const history = cluster.history();
  expect(history.length).toBeGreaterThan(confirmed);
  // Sent before it was received, and before the kill: the last one of the old holder.
  const last = history.findLast(({ lease }) => lease?.holderIdentity.startsWith(`${pod.name}_${pod.uid}_`) === true);
  const sentAtMs = (last?.receivedWallMs ?? Number.NaN) - wallMsAtZero;
  await cluster.sampler.caughtUp();
  const answered = cluster.sampler.report().answerers.find(({ mac }) => mac === pod.mac);
  const silentAfterMs = (answered?.lastMs ?? Number.NaN) - sentAtMs;
  const goneAfterMs = (monitor.had.at(-1)?.toMs ?? Number.NaN) - sentAtMs;
  measured("killed for good: last renewal at the API to the last answer", [silentAfterMs]);
  measured("killed for good: last renewal at the API to the end of the address", [goneAfterMs]);
  measured("killed for good: last renewal at the API to the next holder's first frame", [took.atMs - sentAtMs]);
  expect(silentAfterMs).toBeLessThanOrEqual(HOLD_MS);
  expect(goneAfterMs).toBeLessThanOrEqual(EXCLUSIVE_MS);
  expect(took.atMs - sentAtMs).toBeGreaterThanOrEqual(15_000);
  expect(await cluster.heldByTwo()).toEqual([]);
});
