/**
 * A holder stopped gently, twenty times, at the default 15/10/2: how soon the next one serves, what it puts on the
 * wire and when, and that the old one was silent before the Lease was released. Seen by four observers that know
 * nothing of each other: ARP sampler, connector, tcpdump on the segment, and the API servers' audit logs.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeArp, encodeArp } from "../../packages/sidecar/src/announce/arp.ts";
import { MARK_ANNOTATION } from "../../packages/sidecar/src/election/lease-record.ts";
import { Capture, type CapturedFrame } from "../bed/capture.ts";
import { attempt } from "../bed/command.ts";
import type { LeaseWrite, WrittenLease } from "../bed/lease-history.ts";
import { measured } from "../bed/measured.ts";
import { Connector } from "../bed/observers.ts";
import { PAGE } from "../bed/segment.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs } from "../bed/wait.ts";

const STOPS = 20;
/** Without the connectors, which take a good part of two cores: in these the first frame's time is measured. */
const QUIET_STOPS = 12;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const NOBODY = "00:00:00:00:00:00";
const PAGE_GATEWAY = "10.100.0.1";
/** Before the first repeat of the burst. */
const QUESTION_WITHIN_MS = 50;
/** The sampler's own questions, which have no sender address, are left out. */
const SPOKEN_FOR_AN_ADDRESS = "arp and arp[14:4] != 0";

interface Takeover {
  readonly askedAtMs: number;
  readonly oldMac: string;
  readonly newMac: string;
  /** In the new holder's own words. */
  readonly wonToFirstFrameMs: number;
  readonly release: LeaseWrite & { readonly lease: WrittenLease };
  readonly take: LeaseWrite & { readonly lease: WrittenLease };
}

let cluster: VirtualCluster;
let fromWorker: Connector;
let fromClient: Connector;
/** In the worker's namespace: what everybody on the segment hears. */
let heard: Capture;
/** In the sampler's namespace: the same, and the answers to its questions. */
let answered: Capture;
const takeovers: Takeover[] = [];
const quietTakeovers: Takeover[] = [];

beforeAll(async () => {
  cluster = await VirtualCluster.start();
  await cluster.startSidecars();
  const { worker, client, sampler } = cluster.segment;
  heard = await Capture.start(worker, { link: "net0", filter: SPOKEN_FOR_AN_ADDRESS });
  answered = await Capture.start(sampler, { link: "net0", filter: SPOKEN_FOR_AN_ADDRESS });
  fromWorker = await Connector.start(worker, { periodMs: 10 });
  fromClient = await Connector.start(client, { periodMs: 10 });
  for (let stop = 0; stop < STOPS; stop += 1) takeovers.push(await stopTheHolder());
  await fromWorker.caughtUp();
  await Promise.all([fromWorker.stop(), fromClient.stop()]);
  await Promise.all(cluster.sidecars.map(asOnNodesOfTheirOwn));
  for (let stop = 0; stop < QUIET_STOPS; stop += 1) quietTakeovers.push(await stopTheHolder(asOnNodesOfTheirOwn));
  await Promise.all([heard.stop(), answered.stop()]);
});

afterAll(() => cluster.close());

/**
 * Three nodes share this machine's cores, with whatever else runs on it. From here on the sidecars do not queue behind
 * the other nodes' API servers, as they would not on nodes of their own. Where that is not allowed they queue.
 */
async function asOnNodesOfTheirOwn(sidecar: SidecarProcess): Promise<void> {
  await attempt(["chrt", "--rr", "--pid", "5", String(sidecar.process.pid)]);
}

/** SIGTERM to the holder; resolves when another serves and the stopped one is back as a standby. */
async function stopTheHolder(prefer?: typeof asOnNodesOfTheirOwn): Promise<Takeover> {
  const old = await cluster.holder();
  const oldMac = old.pod.mac;
  const askedAtMs = monotonicMs();
  expect(await old.stop()).toEqual({ code: 0, signal: null });
  const next = await cluster.holder();
  const took = await next.waitForEvent("took", { withinMs: 2_000, sinceMs: askedAtMs });
  const back = cluster.startSidecar(old.pod);
  await prefer?.(back);
  await cluster.ready(old.pod);
  const [release, take] = cluster.holders().slice(-2);
  if (release === undefined || take === undefined) throw new TypeError("the audit logs have no takeover");
  const wonToFirstFrameMs = Number(took.fields["wonToFirstFrameMs"]);
  return { askedAtMs, oldMac, newMac: next.pod.mac, wonToFirstFrameMs, release, take };
}

/** What this MAC address said for the VIP, and when. */
function spokenBy(mac: string, frames: readonly CapturedFrame[]) {
  return frames.flatMap(({ wallMs, bytes }) => {
    const arp = decodeArp(bytes);
    if (typeof arp === "string") throw new TypeError(`a captured frame is ${arp}`);
    return arp.from === mac && arp.senderAddress === PAGE.vip ? [{ wallMs, arp }] : [];
  });
}

test("never two replicas answered for the VIP", async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

test("the next holder serves within 300 ms of SIGTERM: the median of 20, by ARP and by connections", () => {
  const answers = takeovers.map(
    ({ oldMac, askedAtMs }) => (cluster.sampler.firstOther(oldMac, askedAtMs) ?? Number.NaN) - askedAtMs,
  );
  const gaps = (connector: Connector) =>
    takeovers.map(({ askedAtMs }) => connector.report(askedAtMs - 20, askedAtMs + 2_000).gapMs);
  expect(measured("gentle stop: SIGTERM to the first ARP answer of the next holder", answers)).toBeLessThanOrEqual(300);
  expect(measured("gentle stop: gap in new connections from the worker", gaps(fromWorker))).toBeLessThanOrEqual(300);
  expect(measured("gentle stop: gap in new connections from the client", gaps(fromClient))).toBeLessThanOrEqual(300);
});

test("the old holder is silent for the VIP before the API server has read the release", () => {
  const frames = answered.frames();
  const leads = takeovers.map(({ oldMac, release, take }) => {
    const last = spokenBy(oldMac, frames).findLast(({ wallMs }) => wallMs < take.receivedWallMs);
    return release.receivedWallMs - (last?.wallMs ?? Number.NaN);
  });
  measured("gentle stop: last word of the old holder to the release at the API server", leads);
  expect(Math.min(...leads)).toBeGreaterThan(0);
});

test("the release empties the Lease and carries the mark: from whom, which term, which version it replaced", () => {
  const applied = cluster.history().filter(({ lease }) => lease !== undefined);
  for (const { release, take } of takeovers) {
    const before =
      applied[applied.findIndex(({ lease }) => lease?.resourceVersion === release.lease.resourceVersion) - 1];
    const mark: unknown = JSON.parse(release.lease.annotations[MARK_ANNOTATION] ?? "null");
    expect(mark).toMatchObject({
      from: before?.lease?.holderIdentity,
      transitions: release.lease.leaseTransitions,
      replaced: before?.lease?.resourceVersion,
    });
    expect(take.lease.annotations).not.toHaveProperty(MARK_ANNOTATION);
    expect(take.lease.leaseTransitions).toBe(release.lease.leaseTransitions + 1);
  }
});

/** The goal is 5 ms; 3.8 to 5.8 were seen on two cores for all replicas and their API servers (docs/benchmarks.md). */
test("the first frame is on the wire at most 8 ms after the API server's answer to the winning write: median of 12", () => {
  const frames = heard.frames();
  const byWire = quietTakeovers.map(({ newMac, take }) => {
    const first = spokenBy(newMac, frames).find(({ wallMs }) => wallMs > take.receivedWallMs);
    return (first?.wallMs ?? Number.NaN) - take.answeredWallMs;
  });
  const byLog = quietTakeovers.map(({ wonToFirstFrameMs }) => wonToFirstFrameMs);
  const ownWords = measured("takeover: Lease won to first frame, by the sidecar's log", byLog);
  expect(measured("takeover: Lease won to first frame, by audit log and capture", byWire)).toBeLessThanOrEqual(8);
  expect(ownWords).toBeLessThanOrEqual(5);
});

test("a takeover begins with a request to target hardware 0 and a reply to its own, and asks the gateway", () => {
  const frames = heard.frames();
  for (const { newMac, take } of takeovers) {
    const spoken = spokenBy(newMac, frames).filter(({ wallMs }) => wallMs > take.receivedWallMs);
    const claims = spoken.filter(({ arp }) => arp.targetAddress === PAGE.vip);
    const claim = { from: newMac, senderMac: newMac, senderAddress: PAGE.vip, to: BROADCAST };
    // The kernel of the new holder asks for its first client, too: between these two it may.
    expect(spoken[0]).toBe(claims[0]);
    expect(claims.slice(0, 2).map(({ arp }) => arp)).toMatchObject([
      { ...claim, operation: "request", targetMac: NOBODY },
      { ...claim, operation: "reply", targetMac: newMac },
    ]);
    const question = spoken.find(({ arp }) => arp.targetAddress === PAGE_GATEWAY);
    expect(question?.arp).toMatchObject({ operation: "request", targetMac: NOBODY });
    expect((question?.wallMs ?? Number.NaN) - (spoken[0]?.wallMs ?? 0)).toBeLessThan(QUESTION_WITHIN_MS);
  }
});

test("no reply goes to the broadcast address as its target: Linux would ignore it for a second", () => {
  const replies = [heard, answered].flatMap((capture) => capture.frames()).map(({ bytes }) => decodeArp(bytes));
  expect(replies).not.toContainEqual(expect.objectContaining({ operation: "reply", targetMac: BROADCAST }));
});

test("tcpdump and our codec read every captured frame alike, and our codec writes it back byte for byte", async () => {
  const lines = (await heard.text()).trimEnd().split("\n");
  const frames = heard.frames();
  expect(lines.length).toBe(frames.length);
  for (const [index, { bytes }] of frames.entries()) {
    const arp = decodeArp(bytes);
    if (typeof arp === "string") throw new TypeError(`a captured frame is ${arp}`);
    const words =
      arp.operation === "reply"
        ? `Reply ${arp.senderAddress} is-at ${arp.senderMac},`
        : `Request who-has ${arp.targetAddress}${arp.targetMac === NOBODY ? "" : ` (${arp.targetMac})`} tell ${arp.senderAddress},`;
    expect(lines[index]).toContain(`${arp.from} > ${arp.to}, ethertype ARP`);
    expect(lines[index]).toContain(words);
    expect(encodeArp(arp)).toEqual(bytes.subarray(0, 42));
  }
});

test("a takeover adds the address and changes nothing else: rule and routes were prepared", async () => {
  const old = await cluster.holder();
  const monitors = cluster.standbys(old).map(({ pod }) => ({
    pod,
    monitor: pod.namespace.spawn(["ip", "monitor", "address", "rule", "route"], { name: `${pod.name}-monitor` }),
  }));
  await old.stop();
  const next = await cluster.holder();
  await Promise.all(monitors.map(({ monitor }) => monitor.stop()));
  const seen = monitors.find(({ pod }) => pod === next.pod)?.monitor.log() ?? "";
  expect(seen).toContain(`inet ${PAGE.vip}/32 scope global`);
  expect(seen).not.toMatch(/table 847|lookup 847|Deleted/);
});
