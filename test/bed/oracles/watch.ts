/**
 * All observers around a run of one fault, always on: who answers for the VIP on each side of the segment (O1), which
 * pods have the address (O2), whether a worker is served (O3), who speaks for the VIP without holding the Lease (O4),
 * what was written to the Lease (O5), and what is left behind (O6). Says what was seen; bounds are the test's matter.
 */
import { Capture, captureObstacle } from "../capture.ts";
import { isStranger } from "../faults/stranger-mac.ts";
import type { Island } from "../island.ts";
import { changesOfHolder, type LeaseWrite } from "../lease-history.ts";
import { ArpSampler, Connector } from "../observers.ts";
import type { Pod } from "../pod.ts";
import { PAGE } from "../segment.ts";
import type { VirtualCluster } from "../virtual-cluster.ts";
import { monotonicMs, wallMsAt } from "../wait.ts";
import { AddressMonitor } from "./address-monitor.ts";
import { type Footprint, footprintOf, residueOf } from "./footprint.ts";
import { type FrameOfOther, framesOfOthers } from "./frames-of-others.ts";
import { LeaseFollower } from "./lease-follower.ts";
import { reportSides, type SidesReport } from "./sides.ts";

export interface Seen extends SidesReport {
  /** When the run began and ended, CLOCK_MONOTONIC in ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** In which two pods had the address. Allowed while a gate is closed: reported, not judged. */
  readonly msOfTwoAddresses: number;
  readonly triedConnects: number;
  readonly failedConnects: number;
  /** The longest time from the beginning of a failed connection to the beginning of the next served one. */
  readonly connectGapMs: number;
  /** Undefined: no capture can be made here (captureObstacle says why). */
  readonly framesOfOthers: readonly FrameOfOther[] | undefined;
  /** holderIdentity of each change, in order; "": nobody. */
  readonly holders: readonly string[];
  /** Changes to another pod than the holder before. */
  readonly moves: number;
  readonly residue: readonly string[];
}

/** Announcements and questions that carry the VIP; not the answers to the samplers (made-up MACs, arp-sampler.ts). */
const SPOKEN_FOR_THE_VIP = `arp and arp[14:4] = ${addressNumber(PAGE.vip)} and not ether[0:4] = 0x02505242`;

export interface WatchOptions {
  /** Between two new connections of the worker. Default 5. */
  readonly connectPeriodMs?: number;
  /** Between two probes of each side's sampler: 1 to 3. Default 2. */
  readonly samplePeriodMs?: number;
  /** How long a holder may speak after another hand was on the Lease. Default 50; more where cores are busy. */
  readonly heardWithinMs?: number;
}

export class Watch {
  readonly #cluster: VirtualCluster;
  readonly #island: ArpSampler;
  readonly #connector: Connector;
  readonly #captures: readonly Capture[];
  readonly #samplePeriodMs: number;
  readonly #heardWithinMs: number | undefined;
  readonly #lease: LeaseFollower;
  readonly #monitors = new Map<string, AddressMonitor>();
  /** Every MAC address that a pod was seen with, and the pod's UID. */
  readonly #uids = new Map<string, string>();
  #standby: Footprint = [];
  #fromMs = 0;

  private constructor(
    cluster: VirtualCluster,
    parts: {
      readonly island: ArpSampler;
      readonly connector: Connector;
      readonly captures: readonly Capture[];
      readonly samplePeriodMs: number;
      readonly heardWithinMs: number | undefined;
    },
  ) {
    this.#cluster = cluster;
    this.#island = parts.island;
    this.#connector = parts.connector;
    this.#captures = parts.captures;
    this.#samplePeriodMs = parts.samplePeriodMs;
    this.#heardWithinMs = parts.heardWithinMs;
    this.#lease = new LeaseFollower(cluster.leaseName);
  }

  /** With a holder and standbys at work: a standby's footprint is what a standby must have later. */
  static async start(
    cluster: VirtualCluster,
    island: Island,
    holder: Pod,
    { connectPeriodMs = 5, samplePeriodMs = 2, heardWithinMs }: WatchOptions = {},
  ): Promise<Watch> {
    const { host, worker } = cluster.segment;
    const links = captureObstacle() === undefined ? ["br-private", "br-island"] : [];
    const [sampler, connector, ...captures] = await Promise.all([
      ArpSampler.start(island, samplePeriodMs),
      Connector.start(worker, { periodMs: connectPeriodMs, greeting: "http" }),
      ...links.map((link) => Capture.start(host, { link, filter: SPOKEN_FOR_THE_VIP })),
    ]);
    const watch = new Watch(cluster, { island: sampler, connector, captures, samplePeriodMs, heardWithinMs });
    const standby = cluster.pods.find((pod) => pod !== holder);
    if (standby !== undefined) watch.#standby = await footprintOf(standby);
    await watch.follow();
    watch.begin();
    return watch;
  }

  /** A new run: what was seen before it is forgotten. */
  begin(): void {
    for (const observer of [this.#cluster.sampler, this.#island, this.#connector, ...this.#monitors.values()])
      observer.forget();
    this.#lease.read(this.#auditLogs);
    this.#lease.forget();
    this.#fromMs = monotonicMs();
  }

  /** Begins to watch pods and MAC addresses that are new since the last call: after every change of them. */
  async follow(): Promise<void> {
    for (const pod of this.#cluster.pods) {
      if (pod.attachment !== undefined) this.#uids.set(pod.attachment.mac, pod.uid);
      if (!this.#monitors.has(pod.uid)) this.#monitors.set(pod.uid, await AddressMonitor.start(pod));
    }
  }

  /** When the run began, CLOCK_MONOTONIC in ms. */
  get fromMs(): number {
    return this.#fromMs;
  }

  /** MAC addresses that answered on the far side of a cut. */
  get islanders(): readonly string[] {
    return this.#island.report().answerers.map(({ mac }) => mac);
  }

  /** Served connections begun at or after that moment: the first one's beginning. */
  servedAfter(atMs: number): number | undefined {
    return this.#connector.attempts.find(({ startMs, outcome }) => startMs >= atMs && outcome === "served")?.startMs;
  }

  /** Who answered last on both sides of the segment, and what became of the worker's last connections. */
  get lately(): readonly string[] {
    const answering = [this.#cluster.sampler, this.#island].map((side) => side.answering.join(" and ") || "nobody");
    const outcomes = this.#connector.attempts
      .slice(-10)
      .map(({ outcome, tookMs }) => `${outcome} ${tookMs.toFixed(0)} ms`);
    return [`answering: ${answering.join("; on the island: ")}`, `worker's connections: ${outcomes.join(", ")}`];
  }

  /** The writes of this run and the last one before it. */
  writes(): readonly LeaseWrite[] {
    return this.#lease.read(this.#auditLogs);
  }

  /** What happened since `begin`, up to this call. `holder`: whose things are expected now. */
  async report(holder: Pod | undefined): Promise<Seen> {
    await this.follow();
    const [fromMs, toMs] = [this.#fromMs, monotonicMs()];
    await Promise.all([this.#cluster.sampler.caughtUp(), this.#island.caughtUp(), this.#connector.caughtUp()]);
    const sides = [this.#cluster.sampler.runs, this.#island.runs];
    const connects = this.#connector.report(fromMs, toMs);
    const history = this.writes();
    return {
      fromMs,
      toMs,
      ...reportSides(sides, { periodMs: this.#samplePeriodMs, fromMs, toMs, isStranger }),
      msOfTwoAddresses: this.#msOfTwoAddresses(fromMs, toMs),
      triedConnects: connects.tried,
      failedConnects: connects.lost,
      connectGapMs: connects.gapMs,
      framesOfOthers: this.#framesOfOthers(history, fromMs),
      ...holdersOf(history),
      residue: await this.#residue(holder),
    };
  }

  async close(): Promise<void> {
    const observers = [this.#island, this.#connector, ...this.#captures, ...this.#monitors.values()];
    await Promise.all(observers.map((observer) => observer.close()));
  }

  get #auditLogs(): readonly string[] {
    return this.#cluster.api.replicas.map(({ auditLog }) => auditLog);
  }

  #msOfTwoAddresses(fromMs: number, toMs: number): number {
    const had = [...this.#monitors.values()].map((monitor) =>
      monitor.had.map((each) => ({ ...each, probes: 1, longestBlindMs: 0 })),
    );
    return reportSides(had, { periodMs: 0, fromMs, toMs, isStranger: () => false }).msOfTwo;
  }

  #framesOfOthers(history: readonly LeaseWrite[], fromMs: number): Seen["framesOfOthers"] {
    if (this.#captures.length === 0) return undefined;
    const fromWallMs = wallMsAt(fromMs);
    const frames = this.#captures.flatMap((capture) => capture.frames()).filter(({ wallMs }) => wallMs >= fromWallMs);
    return framesOfOthers(frames, history, (mac) => this.#uids.get(mac), this.#heardWithinMs);
  }

  async #residue(holder: Pod | undefined): Promise<readonly string[]> {
    const lines = await Promise.all(
      this.#cluster.pods.map(async (pod) => residueOf(pod, this.#standby, await footprintOf(pod), pod === holder)),
    );
    return lines.flat();
  }
}

function holdersOf(history: readonly LeaseWrite[]): Pick<Seen, "holders" | "moves"> {
  // The first is from before the run: it says who held the Lease when it began.
  const holders = changesOfHolder(history).map(({ lease }) => lease.holderIdentity);
  const pods = holders.filter((holder) => holder !== "").map(podOf);
  return { holders: holders.slice(1), moves: pods.filter((pod, index) => index > 0 && pod !== pods[index - 1]).length };
}

/** podName_podUID_bootNonce: another life in the same pod is no move. */
function podOf(holderIdentity: string): string {
  return holderIdentity.slice(0, holderIdentity.lastIndexOf("_"));
}

function addressNumber(address: string): string {
  return `0x${address
    .split(".")
    .map((byte) => Number(byte).toString(16).padStart(2, "0"))
    .join("")}`;
}
