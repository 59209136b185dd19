/**
 * Three replicas, one Lease, and everything that goes wrong between them. A schedule is a seed; the one invariant that
 * matters is checked whenever a gate opens: nobody else's may be open.
 */
import type { ElectionEffect, ElectionSettings } from "../../election/election.ts";
import { LeaseStore } from "../lease-store.ts";
import { ClientGoCandidate } from "./client-go-candidate.ts";
import { Coverage } from "./coverage.ts";
import { changeInWords } from "./narrate.ts";
import { ApiPath, type NetworkFaults } from "./network.ts";
import { Operator } from "./operator.ts";
import { Random } from "./random.ts";
import { Replica, type ReplicaHooks } from "./replica.ts";
import { Timeline } from "./timeline.ts";

export interface ScheduleResult {
  readonly seed: number;
  /** What went wrong, in words; undefined if nothing did. */
  readonly violation: string | undefined;
  readonly takeovers: number;
  readonly effects: number;
  /** How often each path was gone (coverage.ts). */
  readonly paths: ReadonlyMap<string, number>;
  /** The last lines, if asked for. */
  readonly transcript: readonly string[];
}

/** Faults happen until here; then the VIP must come back, at the latest after the longest L that counts (60 s). */
const FAULTS_UNTIL_MS = 90_000;
const END_MS = 158_000;
const TRANSCRIPT_LINES_MAX = 4_000;
/** A replica that sends more requests than this in one second is in a storm. */
const REQUESTS_MAX = 60;

const TIMINGS: readonly [Timing, ...Timing[]] = [
  { leaseDurationMs: 5_000, renewDeadlineMs: 3_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
  { leaseDurationMs: 10_000, renewDeadlineMs: 4_000, retryPeriodMs: 2_000 },
];
/** Two renewals within one second now and then, which a client-go candidate takes for one. */
const SHARED_TIMING: Timing = { leaseDurationMs: 5_000, renewDeadlineMs: 3_000, retryPeriodMs: 700 };
type Timing = Pick<ElectionSettings, "leaseDurationMs" | "renewDeadlineMs" | "retryPeriodMs">;

/** Answers for the VIP without a Lease of ours, as the holder of another Lease would. */
const STRANGER_MAC = "02:stranger";

export function runSchedule(seed: number, withTranscript = false): ScheduleResult {
  const world = new World(seed, withTranscript);
  world.run();
  return world.result();
}

class World {
  readonly #seed: number;
  readonly #random: Random;
  readonly #timeline = new Timeline();
  readonly #store = new LeaseStore();
  readonly #replicas: readonly [Replica, Replica, Replica];
  readonly #operator: Operator;
  readonly #clientGo: ClientGoCandidate | undefined;
  readonly #coverage = new Coverage();
  readonly #transcript: string[] = [];
  readonly #withTranscript: boolean;
  /** Until then somebody else answers for the VIP, and no replica has taken it before. */
  readonly #strangerUntilMs: number;
  readonly #requests = new Map<string, { second: number; count: number }>();
  #faults: NetworkFaults;
  #freezeAtEffect: number;
  /** Chance that a change of the gate takes long. */
  #slowKernel: number;
  #violation: string | undefined;
  #takeovers = 0;
  #lastOpened = "";
  #effects = 0;

  constructor(seed: number, withTranscript: boolean) {
    this.#seed = seed;
    this.#withTranscript = withTranscript;
    this.#random = new Random(seed);
    const random = this.#random;
    const harsh = random.next();
    this.#faults = {
      loss: random.chance(0.5) ? 0.05 * harsh : 0,
      slow: random.chance(0.5) ? 0.06 * harsh : 0,
      twice: random.chance(0.3) ? 0.1 : 0,
      watchBreak: random.chance(0.5) ? 0.03 : 0,
    };
    this.#freezeAtEffect = random.chance(0.5) ? 0.02 * harsh : 0;
    this.#slowKernel = random.chance(0.3) ? 0.1 : 0;
    const isShared = random.chance(0.15);
    const settings = {
      ...(isShared ? SHARED_TIMING : random.pick(TIMINGS)),
      recordResolutionMs: isShared ? 1000 : 0,
      movesMax: 4,
      movesWindowMs: 180_000,
    };
    this.#strangerUntilMs = random.chance(0.05) ? random.between(5_000, 40_000) : 0;
    this.#replicas = [this.#replica("a", settings), this.#replica("b", settings), this.#replica("c", settings)];
    this.#operator = new Operator(this.#store, random, (line) => this.#trace(() => line));
    this.#clientGo = isShared ? this.#clientGoCandidate(settings) : undefined;
    this.#store.subscribe((change) => this.#trace(() => changeInWords(change)));
  }

  #replica(name: string, settings: Omit<ElectionSettings, "identity">): Replica {
    const random = this.#random;
    const api = new ApiPath({
      timeline: this.#timeline,
      store: this.#store,
      random,
      faults: () => this.#faults,
      delays: { leg: () => random.between(0.5, 12), relist: () => random.between(50, 1500) },
    });
    const hooks: ReplicaHooks = {
      onOpen: (replica) => this.#onOpen(replica),
      answeringMacs: () => this.#answeringMacs(),
      trace: (replica, line) => this.#trace(() => `${replica.name} ${line()}`),
      onStep: (_replica, after, effects) => this.#coverage.step(after, effects),
      onEffect: (replica, effect) => this.#onEffect(replica, effect),
    };
    const delays = { timerLate: () => random.between(0, 3), execute: () => this.#executionMs() };
    const clock = { offsetMs: random.between(0, 1e6), rate: this.#clockRate() };
    return new Replica(name, { api, timeline: this.#timeline, hooks, delays, settings, clock });
  }

  /** The kernel is quick, but for those times when it refuses and is asked again. */
  #executionMs(): number {
    return this.#random.chance(this.#slowKernel) ? this.#random.between(3, 2_000) : this.#random.between(0.05, 3);
  }

  /** The extremes matter most: rule 1 allows exactly 2 % each way. */
  #clockRate(): number {
    return this.#random.pick([0.98, 1.02, this.#random.between(0.98, 1.02)]);
  }

  #clientGoCandidate({ leaseDurationMs, retryPeriodMs }: Timing): ClientGoCandidate {
    return new ClientGoCandidate({
      timeline: this.#timeline,
      store: this.#store,
      random: this.#random,
      leaseDurationMs,
      retryPeriodMs,
      rate: this.#clockRate(),
      trace: (line) => this.#trace(() => line),
      onTake: () => this.#onClientGoTake(),
    });
  }

  run(): void {
    for (const replica of this.#replicas) {
      this.#timeline.at(this.#random.between(0, 3000), () => replica.start(false));
    }
    this.#clientGo?.start();
    this.#scheduleFaults();
    this.#scheduleOtherWrites();
    this.#timeline.at(FAULTS_UNTIL_MS, () => this.#calm());
    this.#timeline.runUntil(END_MS);
    if (this.#violation === undefined && !this.#replicas.some((replica) => replica.answers())) {
      this.#violation = "nobody answers for the VIP though all faults ended 68 s ago";
    }
  }

  result(): ScheduleResult {
    return {
      seed: this.#seed,
      violation: this.#violation,
      takeovers: this.#takeovers,
      effects: this.#effects,
      paths: this.#coverage.counts,
      transcript: this.#transcript.slice(-TRANSCRIPT_LINES_MAX),
    };
  }

  #answeringMacs(): readonly string[] {
    const macs = this.#replicas.filter((replica) => replica.answers()).map((replica) => replica.mac);
    if (this.#timeline.nowMs < this.#strangerUntilMs) macs.push(STRANGER_MAC);
    if (this.#clientGo?.answers()) macs.push(this.#clientGo.mac);
    return macs;
  }

  #onOpen(opened: Replica): void {
    if (this.#lastOpened !== opened.identity) this.#takeovers += 1;
    this.#lastOpened = opened.identity;
    const others = this.#answeringMacs().filter((mac) => mac !== opened.mac);
    if (others.length > 0) this.#violate(`${opened.identity} and ${others.join(", ")} answer for the VIP`);
  }

  #onClientGoTake(): void {
    this.#coverage.count("client-go took");
    const other = this.#replicas.find((replica) => replica.answers());
    if (other !== undefined) this.#violate(`kube-vip and ${other.identity} answer for the VIP`);
  }

  #violate(sentence: string): void {
    if (this.#violation !== undefined) return;
    this.#violation = `${sentence} at ${this.#timeline.nowMs.toFixed(1)} ms`;
    this.#trace(() => `VIOLATION ${sentence}`);
  }

  #onEffect(replica: Replica, effect: ElectionEffect): void {
    this.#effects += 1;
    if (effect.t === "transition" || effect.t === "notice") return;
    if (effect.t === "write" || effect.t === "read" || effect.t === "exact-read") this.#countRequest(replica);
    if (!this.#random.chance(this.#freezeAtEffect)) return;
    this.#coverage.count("frozen before an effect");
    replica.freeze(this.#random.between(100, 20_000));
  }

  #countRequest(replica: Replica): void {
    const second = Math.floor(this.#timeline.nowMs / 1000);
    const last = this.#requests.get(replica.name);
    const count = last?.second === second ? last.count + 1 : 1;
    this.#requests.set(replica.name, { second, count });
    if (count > REQUESTS_MAX) this.#violate(`${replica.identity} sends more than ${REQUESTS_MAX} requests in a second`);
  }

  #scheduleFaults(): void {
    const count = Math.floor(this.#random.between(2, 14));
    for (let fault = 0; fault < count; fault += 1) {
      const kind = this.#random.next();
      const replica = this.#random.pick(this.#replicas);
      this.#timeline.at(this.#random.between(4_000, FAULTS_UNTIL_MS), () => this.#inject(kind, replica));
    }
  }

  /** Other objects of the cluster are written too, and etcd is compacted: versions are not consecutive, nor kept. */
  #scheduleOtherWrites(): void {
    this.#timeline.after(this.#random.between(10, 5_000), () => {
      this.#store.advance(Math.floor(this.#random.between(1, 4)));
      if (this.#random.chance(0.02)) {
        this.#coverage.count("compacted");
        this.#store.compact(this.#store.revision);
      }
      this.#scheduleOtherWrites();
    });
  }

  #inject(kind: number, replica: Replica): void {
    if (kind < 0.2) return this.#cut(replica);
    if (kind < 0.35) return replica.freeze(this.#random.between(50, 20_000));
    if (kind < 0.45) return this.#restart(replica, this.#random.chance(0.5));
    if (kind < 0.55) return this.#stop(replica);
    if (kind < 0.65) return this.#transfer();
    if (kind < 0.7) return this.#makeUnfit(replica);
    // A client-go candidate takes an emptied Lease at once and believes a shortened one: no operator beside it.
    if (this.#clientGo !== undefined) return;
    if (kind < 0.8) this.#coverage.count(this.#operator.act());
    else this.#operateBehindTheHolder();
  }

  /** The worst moment for another hand: the holder cannot see it, and a process too young to know better begins. */
  #operateBehindTheHolder(): void {
    const holder = this.#replicas.find((replica) => replica.answers());
    if (holder === undefined) return;
    if (this.#random.chance(0.5)) this.#cut(holder);
    else holder.freeze(this.#random.between(4_000, 20_000));
    for (let acts = this.#random.pick([1, 1, 2]); acts > 0; acts -= 1) {
      this.#timeline.after(this.#random.between(0, 4_000), () => this.#coverage.count(this.#operator.act()));
    }
    const other = this.#random.pick(this.#replicas);
    if (other !== holder && this.#random.chance(0.5)) this.#restart(other, true);
  }

  #cut(replica: Replica): void {
    replica.api.reach = this.#random.chance(0.7) ? "cut" : "hung";
    this.#trace(() => `${replica.name}'s way to the API is ${replica.api.reach}`);
    this.#timeline.after(this.#random.between(100, 25_000), () => {
      replica.api.reach = "open";
      this.#trace(() => `${replica.name} reaches the API again`);
    });
  }

  #restart(replica: Replica, powerOff: boolean): void {
    if (!replica.alive) return;
    replica.kill(powerOff);
    if (!powerOff) this.#coverage.count("restarted in its namespace");
    this.#startAgain(replica, this.#random.between(10, 8_000), !powerOff);
  }

  #stop(replica: Replica): void {
    const life = replica.lives;
    replica.deliver({ t: "stop" });
    const afterMs = this.#random.between(1_500, 8_000);
    this.#timeline.after(afterMs, () => {
      if (replica.alive && replica.lives === life) replica.kill(false);
    });
    this.#startAgain(replica, afterMs + 1, this.#random.chance(0.5));
  }

  #startAgain(replica: Replica, afterMs: number, sameNamespace: boolean): void {
    this.#timeline.after(afterMs, () => {
      if (!replica.alive) replica.start(sameNamespace);
    });
  }

  #transfer(): void {
    const to = this.#random.chance(0.5) ? this.#random.pick(this.#replicas).identity : undefined;
    for (const replica of this.#replicas) replica.deliver({ t: "transfer", to, readyPeers: 1 });
  }

  #makeUnfit(replica: Replica): void {
    replica.deliver({ t: "ineligible", reason: "link down" });
    this.#timeline.after(this.#random.between(50, 10_000), () => replica.deliver({ t: "eligible", mac: replica.mac }));
  }

  #calm(): void {
    this.#faults = { loss: 0, slow: 0, twice: 0, watchBreak: 0 };
    this.#freezeAtEffect = 0;
    this.#slowKernel = 0;
    this.#clientGo?.retire();
    for (const replica of this.#replicas) {
      replica.api.reach = "open";
      if (!replica.alive) replica.start(false);
    }
    this.#trace(() => "calm");
  }

  #trace(line: () => string): void {
    if (this.#withTranscript) this.#transcript.push(`${this.#timeline.nowMs.toFixed(1).padStart(9)} ${line()}`);
  }
}
