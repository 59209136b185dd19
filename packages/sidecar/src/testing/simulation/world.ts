/**
 * Three replicas, one Lease, and everything that goes wrong between them. A schedule is a seed; it plays the real
 * supervisors on kernels, clocks and ways to the API that are as hostile as real ones, and the oracle looks on.
 */
import type { MacAddress } from "@vcluster-kube-vip/routing";
import { mac } from "@vcluster-kube-vip/routing/testing";
import type { ElectionSettings } from "../../election/election.ts";
import type { Happening } from "../../observe/happening.ts";
import { logLine } from "../../observe/log-line.ts";
import { LeaseStore } from "../lease-store.ts";
import { MEMORY_CONFIG } from "../replicas.ts";
import { changeInWords } from "../scenario/narrate.ts";
import { type ApiFaults, ApiServer, ApiWays, NO_API_FAULTS } from "./api-servers.ts";
import { ClientGoCandidate } from "./client-go-candidate.ts";
import { Coverage } from "./coverage.ts";
import { Faults, type Surroundings } from "./faults.ts";
import { MachineClock } from "./machine-clock.ts";
import { Namespace } from "./namespace.ts";
import { Operator } from "./operator.ts";
import { Oracle } from "./oracle.ts";
import { Pod, type PodHooks, REPLICAS, type ReplicaName } from "./pod.ts";
import { Random } from "./random.ts";
import type { ScheduleResult } from "./schedule-result.ts";
import { Timeline } from "./timeline.ts";

/**
 * Faults begin until here. Then the VIP must come back, at the latest when the last freeze or cut is over (20 s) and the
 * longest L that counts (60 s) after that, which a renewal that lands late begins anew.
 */
const FAULTS_UNTIL_MS = 90_000;
const END_MS = 178_000;
/** This part of a lease is left of an earlier life's hold: less than what anybody counts, at any clock rate. */
const LEFT_OVER = 0.9;
/** Most schedules need not wait for it: they end when all is well again. */
const CALM_MIN_MS = 12_000;
const CALM_LOOK_MS = 2_000;
const TRANSCRIPT_LINES_MAX = 4_000;
const WALL_AT_START_MS = 1_800_000_000_000;

const TIMINGS: readonly [Timing, ...Timing[]] = [
  { leaseDurationMs: 5_000, renewDeadlineMs: 3_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
  { leaseDurationMs: 10_000, renewDeadlineMs: 4_000, retryPeriodMs: 2_000 },
];
/** Two renewals within one second now and then, which a client-go candidate takes for one. */
const SHARED_TIMING: Timing = { leaseDurationMs: 5_000, renewDeadlineMs: 3_000, retryPeriodMs: 700 };
type Timing = Pick<ElectionSettings, "leaseDurationMs" | "renewDeadlineMs" | "retryPeriodMs">;

/** Answers for the VIP without a Lease of ours, as the holder of another Lease would. */
const STRANGER = mac("02:ff:ff:ff:ff:01");
const CLIENT_GO = mac("02:ff:ff:ff:ff:02");

export async function runSchedule(seed: number, withTranscript = false): Promise<ScheduleResult> {
  const world = new World(seed, withTranscript);
  await world.run();
  return world.result();
}

class World implements Surroundings {
  readonly random: Random;
  readonly timeline = new Timeline();
  readonly store = new LeaseStore();
  readonly coverage = new Coverage();
  /** Every pod whose namespace still is; a recreated one comes after the one of its name before. */
  readonly pods: Pod[] = [];
  readonly servers: Readonly<Record<ReplicaName, ApiServer>> = {
    a: new ApiServer(),
    b: new ApiServer(),
    c: new ApiServer(),
  };
  readonly oracle: Oracle;
  readonly operator: Operator;
  readonly clientGo: ClientGoCandidate | undefined;
  /**
   * In the other schedules the kernel never looks at them: each line of rule 6 must hold alone, and a lifetime in whole
   * seconds would hide a gate that ends too late.
   */
  readonly withLifetimes: boolean;
  readonly #seed: number;
  readonly #settings: Omit<ElectionSettings, "identity">;
  readonly #faults: Faults;
  readonly #transcript: string[] | undefined;
  /** Until then somebody else answers for the VIP, and no replica has taken it before. */
  readonly #strangerUntilMs: number;
  #apiFaults: ApiFaults;
  #uids = 0;

  constructor(seed: number, withTranscript: boolean) {
    this.#seed = seed;
    this.#transcript = withTranscript ? [] : undefined;
    this.random = new Random(seed);
    const { random, timeline, store } = this;
    this.oracle = new Oracle(timeline, this.pods, (line) => this.trace(line));
    const isShared = random.chance(0.15);
    this.#settings = {
      ...(isShared ? SHARED_TIMING : random.pick(TIMINGS)),
      recordResolutionMs: isShared ? 1000 : 0,
      movesMax: 4,
      movesWindowMs: 180_000,
      quorum: "never",
    };
    this.withLifetimes = random.chance(0.4);
    this.clientGo = isShared ? this.#clientGoCandidate(this.#settings) : undefined;
    this.#faults = new Faults(this, FAULTS_UNTIL_MS);
    this.#apiFaults = this.#faults.api;
    this.#strangerUntilMs = random.chance(0.05) ? random.between(5_000, 40_000) : 0;
    this.operator = new Operator(store, random, (line) => this.trace(() => line));
    if (withTranscript) store.subscribe((change) => this.trace(() => changeInWords(change)));
  }

  /** A machine's pod of this name; earlier ones go on until they are destroyed. */
  addPod(name: ReplicaName): Pod {
    const { random, timeline, store } = this;
    this.#uids += 1;
    const clock = new MachineClock(timeline, {
      rate: this.#clockRate(),
      uptimeMs: random.between(0, 1e6),
      wallMs: WALL_AT_START_MS + random.between(-500, 500),
    });
    const servers = [
      this.servers[name],
      ...REPLICAS.filter((other) => other !== name).map((other) => this.servers[other]),
    ];
    const ways = new ApiWays({ timeline, random, faults: () => this.#apiFaults, servers });
    const namespace = new Namespace({
      timeline,
      clock,
      mac: mac(`02:00:00:00:00:${String(this.#uids).padStart(2, "0")}`),
      lease: "kube-system/vcluster-kube-vip",
      random: () => random.next(),
      withLifetimes: this.withLifetimes,
    });
    const pod = new Pod(name, this.#uids, {
      timeline,
      random,
      store,
      ways,
      clock,
      namespace,
      settings: this.#settings,
      hooks: this.#hooks(),
    });
    this.pods.push(pod);
    return pod;
  }

  /** The pod and all that was in it are gone. */
  removePod(pod: Pod): void {
    pod.kill();
    pod.namespace.destroy();
    this.pods.splice(this.pods.indexOf(pod), 1);
    this.trace(() => `${pod.name}${pod.uid} is gone`);
  }

  #hooks(): PodHooks {
    return {
      answeringMacs: () => this.#answeringMacs(),
      onKernel: () => this.look(),
      atCall: (pod) => this.#faults.atCall(pod),
      onRequest: (pod) => this.oracle.countRequest(pod),
      count: (path) => this.coverage.count(path),
      tell: (pod, happening) => this.#tell(pod, happening),
      trace: (pod, line) => this.trace(() => `${pod.name}${pod.uid} ${line()}`),
      executionMs: (pod, verb) => this.#faults.executionMs(pod, verb),
    };
  }

  /** The extremes matter most: rule 1 allows exactly 2 % each way. */
  #clockRate(): number {
    return this.random.pick([0.98, 1.02, this.random.between(0.98, 1.02)]);
  }

  #clientGoCandidate({ leaseDurationMs, retryPeriodMs }: Timing): ClientGoCandidate {
    return new ClientGoCandidate({
      timeline: this.timeline,
      store: this.store,
      random: this.random,
      leaseDurationMs,
      retryPeriodMs,
      rate: this.#clockRate(),
      trace: (line) => this.trace(() => line),
      onTake: () => {
        this.coverage.count("client-go took");
        this.look();
      },
    });
  }

  async run(): Promise<void> {
    // A client-go candidate counts no vacant Lease: what another life still holds is not its business.
    const isLeft = this.#strangerUntilMs === 0 && this.clientGo === undefined && this.random.chance(0.1);
    const leftOn = isLeft ? this.random.pick(REPLICAS) : undefined;
    for (const name of REPLICAS) {
      const pod = this.addPod(name);
      if (name === leftOn)
        pod.namespace.leave(MEMORY_CONFIG.routing.protocol, this.#settings.leaseDurationMs * LEFT_OVER);
      this.timeline.at(this.random.between(0, 3_000), () => pod.start());
    }
    this.clientGo?.start();
    this.#faults.schedule();
    this.#scheduleOtherWrites();
    this.timeline.at(FAULTS_UNTIL_MS, () => this.#calm());
    await this.timeline.settleUntil(FAULTS_UNTIL_MS + CALM_MIN_MS);
    while (!this.oracle.isAnswered && this.timeline.nowMs < END_MS) {
      await this.timeline.settleUntil(this.timeline.nowMs + CALM_LOOK_MS);
    }
    await this.oracle.atEnd(this.timeline.nowMs - FAULTS_UNTIL_MS);
  }

  result(): ScheduleResult {
    return {
      seed: this.#seed,
      violation: this.oracle.violation,
      takeovers: this.oracle.takeovers,
      paths: this.coverage.counts,
      lossesMs: [],
      transcript: this.#transcript?.slice(-TRANSCRIPT_LINES_MAX) ?? [],
    };
  }

  look(): void {
    this.oracle.look(this.#others().map(([name]) => name));
  }

  #answeringMacs() {
    const macs = this.pods.filter(({ namespace }) => namespace.answers).map(({ namespace }) => namespace.mac);
    return [...macs, ...this.#others().map(([, address]) => address)];
  }

  /** Who answers for the VIP without being one of ours. */
  #others(): readonly (readonly [name: string, address: MacAddress])[] {
    const others: (readonly [string, MacAddress])[] = [];
    if (this.timeline.nowMs < this.#strangerUntilMs) others.push(["a stranger", STRANGER]);
    if (this.clientGo?.answers() === true) others.push(["kube-vip", CLIENT_GO]);
    return others;
  }

  #tell(pod: Pod, happening: Happening): void {
    this.coverage.happening(happening);
    this.oracle.countMoves(pod, happening, this.#settings.movesMax);
    this.trace(() => `${pod.name}${pod.uid} ${logLine(happening).message}`);
  }

  /** Other objects of the cluster are written too, and etcd is compacted: versions are not consecutive, nor kept. */
  #scheduleOtherWrites(): void {
    this.timeline.after(this.random.between(10, 5_000), () => {
      this.store.advance(Math.floor(this.random.between(1, 4)));
      if (this.random.chance(0.02)) {
        this.coverage.count("compacted");
        this.store.compact(this.store.revision);
      }
      this.#scheduleOtherWrites();
    });
  }

  #calm(): void {
    this.trace(() => "calm");
    this.#apiFaults = NO_API_FAULTS;
    this.#faults.end();
    this.clientGo?.retire();
    for (const server of Object.values(this.servers)) server.health = "up";
    for (const pod of this.pods) {
      pod.ways.reach = "open";
      pod.breakWatch();
      if (!pod.alive) pod.start();
    }
  }

  trace(line: () => string): void {
    this.#transcript?.push(`${this.timeline.nowMs.toFixed(1).padStart(9)} ${line()}`);
  }
}
