/**
 * Three replicas, one Lease, and everything that goes wrong between them. A schedule is a seed; the one invariant that
 * matters is checked whenever a gate opens: nobody else's may be open.
 */
import type { ElectionEffect, ElectionSettings } from "../../election/election.ts";
import { LeaseStore } from "../lease-store.ts";
import { ApiPath, type NetworkFaults } from "./network.ts";
import { Operator } from "./operator.ts";
import { Random } from "./random.ts";
import { Replica } from "./replica.ts";
import { Timeline } from "./timeline.ts";

export interface ScheduleResult {
  readonly seed: number;
  /** What went wrong, in words; undefined if nothing did. */
  readonly violation: string | undefined;
  readonly takeovers: number;
  readonly steps: number;
  readonly transcript: readonly string[];
}

/** Faults happen until here; then the world is calm and the VIP must come back, at the latest after the longest L (60 s). */
const FAULTS_UNTIL_MS = 90_000;
const END_MS = 158_000;

const TIMINGS: readonly [Timing, ...Timing[]] = [
  { leaseDurationMs: 5_000, renewDeadlineMs: 3_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
  { leaseDurationMs: 10_000, renewDeadlineMs: 4_000, retryPeriodMs: 2_000 },
];
type Timing = Pick<ElectionSettings, "leaseDurationMs" | "renewDeadlineMs" | "retryPeriodMs">;

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
  readonly #transcript: string[] = [];
  readonly #withTranscript: boolean;
  readonly #operator: Operator;
  #faults: NetworkFaults;
  #freezeAtEffect: number;
  #violation: string | undefined;
  #takeovers = 0;
  #lastOpened = "";
  #steps = 0;

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
    const settings = {
      ...random.pick(TIMINGS),
      recordResolutionMs: 0,
      movesMax: 4,
      movesWindowMs: 180_000,
    };
    this.#replicas = [this.#replica("a", settings), this.#replica("b", settings), this.#replica("c", settings)];
    this.#operator = new Operator(this.#store, this.#random, (line) => this.#trace(line));
    this.#store.subscribe((change) =>
      this.#trace(`lease ${change.t} ${change.lease.resourceVersion} holder=${change.lease.holderIdentity}`),
    );
  }

  #replica(name: string, settings: Omit<ElectionSettings, "identity">): Replica {
    const api = new ApiPath(this.#timeline, this.#store, this.#random, () => this.#faults);
    // The extremes matter most: rule 1 allows exactly 2 % each way.
    const rate = this.#random.pick([0.98, 1.02, this.#random.between(0.98, 1.02)]);
    const hooks = {
      onOpen: (replica: Replica) => this.#onOpen(replica),
      answeringMacs: () => this.#replicas.filter((r) => r.answers()).map((r) => r.mac),
      trace: (line: string) => this.#trace(line),
      onEffect: (replica: Replica, effect: ElectionEffect) => this.#onEffect(replica, effect),
    };
    const clock = { offsetMs: this.#random.between(0, 1e6), rate };
    return new Replica(name, { api, timeline: this.#timeline, random: this.#random, hooks }, settings, clock);
  }

  run(): void {
    for (const replica of this.#replicas) {
      this.#timeline.at(this.#random.between(0, 3000), () => replica.start(false));
    }
    this.#scheduleFaults();
    this.#timeline.at(FAULTS_UNTIL_MS, () => this.#calm());
    this.#timeline.runUntil(END_MS);
    if (this.#violation === undefined && !this.#replicas.some((replica) => replica.answers())) {
      this.#violation = "nobody answers for the VIP though all faults ended 68 s ago";
    }
  }

  result(): ScheduleResult {
    const { length } = this.#transcript;
    return {
      seed: this.#seed,
      violation: this.#violation,
      takeovers: this.#takeovers,
      steps: this.#steps,
      transcript: length > 4000 ? this.#transcript.slice(-4000) : this.#transcript,
    };
  }

  #onOpen(opened: Replica): void {
    if (this.#lastOpened !== opened.identity) this.#takeovers += 1;
    this.#lastOpened = opened.identity;
    const other = this.#replicas.find((replica) => replica !== opened && replica.answers());
    if (other === undefined || this.#violation !== undefined) return;
    this.#violation = `${opened.identity} and ${other.identity} answer for the VIP at ${this.#timeline.nowMs.toFixed(1)} ms`;
    this.#trace(`VIOLATION ${this.#violation}`);
  }

  #onEffect(replica: Replica, effect: ElectionEffect): void {
    this.#steps += 1;
    if (effect.t === "transition" || effect.t === "notice") return;
    if (this.#random.chance(this.#freezeAtEffect)) replica.freeze(this.#random.between(100, 20_000));
  }

  #scheduleFaults(): void {
    const count = Math.floor(this.#random.between(2, 14));
    for (let fault = 0; fault < count; fault += 1) {
      const kind = this.#random.next();
      const replica = this.#random.pick(this.#replicas);
      this.#timeline.at(this.#random.between(4_000, FAULTS_UNTIL_MS), () => this.#inject(kind, replica));
    }
  }

  #inject(kind: number, replica: Replica): void {
    if (kind < 0.2) return this.#cut(replica);
    if (kind < 0.35) return replica.freeze(this.#random.between(50, 20_000));
    if (kind < 0.45) return this.#restart(replica, this.#random.chance(0.5));
    if (kind < 0.55) return this.#stop(replica);
    if (kind < 0.7) return this.#transfer(replica);
    this.#operator.act();
  }

  #cut(replica: Replica): void {
    replica.api.cut = true;
    this.#trace(`${replica.name} cut off from the API`);
    this.#timeline.after(this.#random.between(100, 25_000), () => {
      replica.api.cut = false;
      this.#trace(`${replica.name} reaches the API again`);
    });
  }

  #restart(replica: Replica, powerOff: boolean): void {
    if (!replica.alive) return;
    replica.kill(powerOff);
    this.#timeline.after(this.#random.between(10, 8_000), () => replica.start(!powerOff));
  }

  #stop(replica: Replica): void {
    const life = replica.lives;
    replica.deliver({ t: "stop" });
    this.#timeline.after(this.#random.between(1_500, 8_000), () => {
      if (replica.alive && replica.lives === life) replica.kill(false);
      replica.start(this.#random.chance(0.5));
    });
  }

  #transfer(replica: Replica): void {
    const other = this.#random.pick(this.#replicas);
    const to = this.#random.chance(0.5) ? other.identity : undefined;
    for (const candidate of this.#replicas) candidate.deliver({ t: "transfer", to, readyPeers: 1 });
    replica.deliver({ t: "transfer", to, readyPeers: 0 });
  }

  #calm(): void {
    this.#faults = { loss: 0, slow: 0, twice: 0, watchBreak: 0 };
    this.#freezeAtEffect = 0;
    for (const replica of this.#replicas) {
      replica.api.cut = false;
      if (!replica.alive) replica.start(false);
    }
    this.#trace("calm");
  }

  #trace(line: string): void {
    if (this.#withTranscript) this.#transcript.push(`${this.#timeline.nowMs.toFixed(1).padStart(9)} ${line}`);
  }
}
