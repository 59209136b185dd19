/**
 * Three replicas that speak the quorum, and everything that goes wrong between them. A schedule is a seed; it plays the
 * real election and the real quorum on modelled gates, without promises of the language, so that twenty heartbeats a
 * second cost little. What the supervisor and the kernel add is the other world's matter.
 */
import { modeOf } from "../../../election/mode.ts";
import { LeaseStore } from "../../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../../memory-lease-lock.ts";
import { changeInWords } from "../../scenario/narrate.ts";
import { type ApiFaults, ApiServer, ApiWays, NO_API_FAULTS } from "../api-servers.ts";
import { ClientGoCandidate } from "../client-go-candidate.ts";
import { Coverage } from "../coverage.ts";
import { MachineClock } from "../machine-clock.ts";
import { Operator } from "../operator.ts";
import { REPLICAS, type ReplicaName } from "../pod.ts";
import { Random } from "../random.ts";
import type { ScheduleResult } from "../schedule-result.ts";
import { Timeline } from "../timeline.ts";
import { Faults, type Surroundings } from "./faults.ts";
import { Machine, type MachineParts } from "./machine.ts";
import { Network, NO_NETWORK_FAULTS } from "./network.ts";
import { LossWatch, QuorumOracle } from "./oracle.ts";

/** A first boot counts the vacant Lease; then the mode may come. */
const SETTLED_AFTER_MS = 2_500;
const FAULTS_MS = 9_000;
/** The longest that counts after the last fault: 60 s, which a renewal that lands late begins anew, and a retry. */
const END_AFTER_MS = 80_000;
const CALM_LOOK_MS = 500;
const CALM_MIN_MS = 1_500;
const TRANSCRIPT_LINES_MAX = 4_000;
const WALL_AT_START_MS = 1_800_000_000_000;
/** Most schedules have the shortest lease: where the quorum is wrong, the longest hides the least, and costs the most. */
const LEASE_DURATIONS_MS: readonly [number, ...number[]] = [5_000, 15_000];

export function runQuorumSchedule(seed: number, withTranscript = false): Promise<ScheduleResult> {
  const world = new QuorumWorld(seed, withTranscript);
  world.run();
  return Promise.resolve(world.result());
}

class QuorumWorld implements Surroundings {
  readonly random: Random;
  readonly timeline = new Timeline();
  readonly store = new LeaseStore();
  readonly coverage = new Coverage();
  readonly machines: Machine[] = [];
  readonly network: Network;
  readonly operator: Operator;
  readonly withOperator: boolean;
  readonly isShared: boolean;
  readonly servers: Readonly<Record<ReplicaName, ApiServer>> = {
    a: new ApiServer(),
    b: new ApiServer(),
    c: new ApiServer(),
  };
  readonly oracle: QuorumOracle;
  readonly #seed: number;
  readonly #transcript: string[] | undefined;
  readonly #settings: MachineParts["settings"];
  readonly #calmMinMs: number;
  readonly #clientGo: ClientGoCandidate | undefined;
  readonly #faults: Faults;
  readonly #losses: LossWatch;
  readonly #faultsFromMs: number;
  readonly #faultsUntilMs: number;
  #apiFaults: ApiFaults = NO_API_FAULTS;
  #uids = 0;

  constructor(seed: number, withTranscript: boolean) {
    this.#seed = seed;
    this.#transcript = withTranscript ? [] : undefined;
    this.random = new Random(seed);
    const { random, timeline, store } = this;
    this.network = new Network(timeline, random);
    this.oracle = new QuorumOracle(timeline, this.machines, (line) => this.trace(line));
    this.isShared = random.chance(0.15);
    const { isShared } = this;
    const leaseDurationMs = random.chance(0.7) ? LEASE_DURATIONS_MS[0] : random.pick(LEASE_DURATIONS_MS);
    this.#settings = {
      leaseDurationMs,
      renewDeadlineMs: leaseDurationMs * 0.6,
      retryPeriodMs: isShared ? 700 : random.pick([1_000, 2_000]),
      recordResolutionMs: isShared ? 1_000 : 0,
      movesMax: 4,
      movesWindowMs: 180_000,
      quorum: "auto",
    };
    this.#calmMinMs = random.pick([200, 500, 1_500]);
    this.#faultsFromMs = leaseDurationMs * 1.05 + SETTLED_AFTER_MS + this.#calmMinMs;
    this.#faultsUntilMs = this.#faultsFromMs + FAULTS_MS;
    this.#clientGo = isShared ? this.#clientGoCandidate(leaseDurationMs) : undefined;
    this.withOperator = !isShared && random.chance(0.4);
    this.operator = new Operator(store, random, (line) => this.trace(() => line));
    this.#faults = new Faults(this, this.#faultsFromMs, this.#faultsUntilMs);
    this.#losses = new LossWatch(timeline, (ms) => this.oracle.countLoss(ms));
    if (withTranscript) store.subscribe((change) => this.trace(() => changeInWords(change)));
  }

  addMachine(name: ReplicaName): Machine {
    const { timeline, random, store, network } = this;
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
    const machine: Machine = new Machine(name, this.#uids, {
      timeline,
      random,
      store,
      peers: network.join(`${name}_${this.#uids}`),
      clock,
      ways: new ApiWays({ timeline, random, faults: () => this.#apiFaults, servers }),
      settings: this.#settings,
      calmMinMs: this.#calmMinMs,
      executionMs: () => this.#faults.executionMs(),
      atCall: (one) => this.#faults.atCall(one),
      onKernel: () => this.#look(),
      onRequest: () => this.oracle.countRequest(machine),
      onSegment: (answer) => timeline.after(random.between(2, 40), () => answer(this.#macsBeside(machine))),
      count: (path) => this.coverage.count(path),
      trace: (line) => this.trace(line),
    });
    this.machines.push(machine);
    return machine;
  }

  removeMachine(machine: Machine): void {
    const lease = this.store.get(MEMORY_LEASE_KEY);
    const isQuorum = lease !== undefined && modeOf(lease)?.mode === "quorum";
    const isCounted = this.#faults.isPlain && isQuorum && machine.answers;
    machine.destroy();
    this.network.leave(machine.voter);
    this.machines.splice(this.machines.indexOf(machine), 1);
    if (isCounted) this.#losses.lost();
  }

  #clockRate(): number {
    return this.random.pick([0.98, 1.02, this.random.between(0.98, 1.02)]);
  }

  #clientGoCandidate(leaseDurationMs: number): ClientGoCandidate {
    return new ClientGoCandidate({
      timeline: this.timeline,
      store: this.store,
      random: this.random,
      leaseDurationMs,
      retryPeriodMs: 700,
      rate: this.#clockRate(),
      trace: (line) => this.trace(() => line),
      onTake: () => {
        this.coverage.count("client-go took");
        this.#look();
      },
    });
  }

  run(): void {
    for (const name of REPLICAS) {
      const machine = this.addMachine(name);
      this.timeline.at(this.random.between(0, 300), () => machine.start());
    }
    this.#clientGo?.start();
    this.#faults.schedule();
    this.timeline.at(this.#faultsFromMs, () => {
      this.#apiFaults = this.#faults.api;
      this.network.faults = this.#faults.network;
    });
    this.timeline.runUntil(this.#faultsUntilMs);
    this.#calm();
    this.timeline.runUntil(this.#faultsUntilMs + CALM_MIN_MS);
    const endMs = this.#faultsUntilMs + END_AFTER_MS;
    while (!this.oracle.isAnswered && this.timeline.nowMs < endMs) {
      this.timeline.runUntil(this.timeline.nowMs + CALM_LOOK_MS);
    }
    if (!this.oracle.isAnswered) this.oracle.violate("nobody answers for the VIP though no fault is left");
  }

  result(): ScheduleResult {
    return {
      seed: this.#seed,
      violation: this.oracle.violation,
      takeovers: this.oracle.takeovers,
      paths: this.coverage.counts,
      lossesMs: this.oracle.lossesMs,
      transcript: this.#transcript?.slice(-TRANSCRIPT_LINES_MAX) ?? [],
    };
  }

  #look(): void {
    const others = this.#clientGo?.answers() === true ? ["kube-vip"] : [];
    this.oracle.look(others);
    if (this.oracle.isAnswered) this.#losses.answered();
  }

  #macsBeside(asker: Machine): readonly string[] {
    const macs = this.machines.filter((machine) => machine !== asker && machine.answers).map(({ mac }) => mac);
    return this.#clientGo?.answers() === true ? [...macs, this.#clientGo.mac] : macs;
  }

  #calm(): void {
    this.trace(() => "calm");
    this.#apiFaults = NO_API_FAULTS;
    this.network.faults = NO_NETWORK_FAULTS;
    this.#faults.end();
    this.#clientGo?.retire();
    for (const server of Object.values(this.servers)) server.health = "up";
    for (const machine of this.machines) {
      machine.ways.reach = "open";
      machine.replica?.breakWatch();
      if (!machine.alive) machine.start();
    }
  }

  trace(line: () => string): void {
    this.#transcript?.push(`${this.timeline.nowMs.toFixed(1).padStart(9)} ${line()}`);
  }
}
