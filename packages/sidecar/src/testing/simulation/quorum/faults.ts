/**
 * What goes wrong between replicas that speak the quorum, and when: cuts of each path and direction, lost, late and
 * repeated messages, restarts of promisers, moments right after a change of mode. Each schedule draws its kinds.
 */

import type { LeaseRecord } from "../../../election/lease-record.ts";
import { modeOf } from "../../../election/mode.ts";
import { QUORUM_PATHS, type QuorumPath } from "../../../quorum/port.ts";
import type { LeaseStore } from "../../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../../memory-lease-lock.ts";
import { type ApiFaults, type ApiServer, NO_API_FAULTS, type ServerHealth } from "../api-servers.ts";
import type { Coverage } from "../coverage.ts";
import type { Operator } from "../operator.ts";
import { REPLICAS, type ReplicaName } from "../pod.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";
import type { Machine } from "./machine.ts";
import type { Network, NetworkFaults } from "./network.ts";

export interface Surroundings {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly network: Network;
  readonly store: LeaseStore;
  readonly operator: Operator;
  readonly withOperator: boolean;
  /** A client-go candidate counts the same Lease. */
  readonly isShared: boolean;
  readonly servers: Readonly<Record<ReplicaName, ApiServer>>;
  /** Every machine that still is. */
  readonly machines: readonly Machine[];
  readonly addMachine: (name: ReplicaName) => Machine;
  readonly removeMachine: (machine: Machine) => void;
  readonly trace: (line: () => string) => void;
}

const PLAIN = 0.08;
/** What is left of such a schedule for the takeover. */
const PLAIN_LOSS_MS = 3_000;
const PLAIN_NETWORK: NetworkFaults = { loss: 0.005, slow: 0.01, slowMs: 20, twice: 0 };

type Weights = readonly (readonly [weight: number, fault: (machine: Machine) => void])[];

export class Faults {
  readonly api: ApiFaults;
  readonly network: NetworkFaults;
  readonly #world: Surroundings;
  readonly #fromMs: number;
  readonly #untilMs: number;
  readonly #weights: Weights;
  #freezeAtCall: number;
  #killAtCall: number;
  #slowKernel: number;
  #atChange: number;
  /** Nothing but one lost node and what any network loses: how long is it missed? */
  readonly isPlain: boolean;
  /** Cuts that are yet to be mended. */
  readonly #mend = new Set<() => void>();

  constructor(world: Surroundings, fromMs: number, untilMs: number) {
    this.#world = world;
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
    const { random } = world;
    const harsh = random.next();
    this.isPlain = random.chance(PLAIN);
    this.api = this.isPlain
      ? NO_API_FAULTS
      : {
          loss: random.chance(0.3) ? 0.05 * harsh : 0,
          slow: random.chance(0.3) ? 0.06 * harsh : 0,
          twice: random.chance(0.3) ? 0.1 : 0,
          watchBreak: random.chance(0.3) ? 0.03 : 0,
          staleList: random.chance(0.3) ? 0.3 : 0,
        };
    this.network = this.isPlain
      ? PLAIN_NETWORK
      : {
          loss: random.chance(0.4) ? 0.3 * harsh : 0,
          // Rarely enough for the mode to stay on, or as often as may be.
          slow: random.pick([0, 0, 0.04, 0.04, 0.3 * random.next()]),
          slowMs: random.pick([20, 100, 400, 400, 1_500]),
          twice: random.chance(0.3) ? 0.1 : 0,
        };
    this.#freezeAtCall = !this.isPlain && random.chance(0.4) ? 0.004 * harsh : 0;
    this.#killAtCall = !this.isPlain && random.chance(0.2) ? 0.002 * harsh : 0;
    this.#slowKernel = !this.isPlain && random.chance(0.2) ? 0.02 : 0;
    this.#atChange = random.chance(0.5) ? 0.6 : 0;
    this.#weights = this.#draw([
      [5, (machine) => this.#cutPeers(machine)],
      [3, (machine) => this.#cutApi(machine)],
      [4, (machine) => this.#island(machine)],
      [3, (machine) => machine.freeze(random.between(50, 4_000))],
      [4, (machine) => this.#restart(machine)],
      [3, () => this.#forget()],
      [2, () => this.#loseNode()],
      [1, (machine) => this.#recreate(machine)],
      [1, (machine) => this.#stop(machine)],
      [world.isShared ? 6 : 1, () => this.#transfer()],
      [2, (machine) => this.#weakenFence(machine)],
      [1, (machine) => machine.act((replica) => replica.meet({ t: "replicas", count: random.pick([2, 3, 4]) }))],
      [1, (machine) => this.#setClockForward(machine)],
      [1, () => this.#serverTrouble()],
      ...(world.withOperator ? ([[3, () => this.#operate()]] satisfies Weights) : []),
    ]);
  }

  #draw(weights: Weights): Weights {
    const drawn = weights.filter(() => this.#world.random.chance(0.6));
    return drawn.length === 0 ? weights : drawn;
  }

  schedule(): void {
    const { random, timeline, store } = this.#world;
    if (this.isPlain)
      return void timeline.at(random.between(this.#fromMs, this.#untilMs - PLAIN_LOSS_MS), () => this.#loseNode());
    for (let left = Math.floor(random.between(1, 7)); left > 0; left -= 1) {
      timeline.at(random.between(this.#fromMs, this.#untilMs), () => this.#inject());
    }
    let mode: string | undefined;
    let last: LeaseRecord | undefined;
    store.subscribe((change) => {
      const now = change.t === "deleted" ? undefined : modeOf(change.lease)?.mode;
      if (now !== mode && random.chance(this.#atChange)) this.#atModeChange(now);
      if (mode === "quorum" && now === "lease" && last !== undefined) this.#putBack(last);
      mode = now;
      if (change.t !== "deleted") last = change.lease;
    });
  }

  end(): void {
    this.#freezeAtCall = 0;
    this.#killAtCall = 0;
    this.#slowKernel = 0;
    this.#atChange = 0;
    for (const mend of this.#mend) mend();
    this.#mend.clear();
  }

  atCall(machine: Machine): void {
    const { random, coverage, timeline } = this.#world;
    if (timeline.nowMs < this.#fromMs) return;
    if (random.chance(this.#freezeAtCall)) {
      coverage.count("frozen at a call");
      machine.freeze(random.between(60, 3_000));
    }
    if (random.chance(this.#killAtCall)) {
      coverage.count("killed at a call");
      this.#restart(machine);
    }
  }

  executionMs(): number {
    const { random } = this.#world;
    return random.chance(this.#slowKernel) ? random.between(1, 300) : random.between(0.01, 0.3);
  }

  #inject(): void {
    const { random } = this.#world;
    const total = this.#weights.reduce((sum, [weight]) => sum + weight, 0);
    let left = random.next() * total;
    for (const [weight, fault] of this.#weights) {
      left -= weight;
      if (left < 0) return fault(this.#pick());
    }
  }

  #pick(): Machine {
    const { random, machines } = this.#world;
    const holder = this.#holder();
    if (holder !== undefined && random.chance(0.4)) return holder;
    const machine = machines[Math.floor(random.next() * machines.length)];
    if (machine === undefined) throw new Error("a schedule never runs out of machines");
    return machine;
  }

  #holder(): Machine | undefined {
    return this.#world.machines.find(({ answers }) => answers);
  }

  /** From one or both paths, from one or all peers, in one or both directions. */
  #cutPeers(machine: Machine): void {
    const { random, machines } = this.#world;
    const paths: readonly QuorumPath[] = random.pick([QUORUM_PATHS, QUORUM_PATHS, ["segment"], ["pod-network"]]);
    const others = machines.filter((other) => other !== machine);
    const chosen = random.chance(0.5) ? others : others.slice(0, 1);
    const ways = random.pick(["both", "both", "out", "in"]);
    this.#say(
      "peers cut",
      () => `${machine.voter} is cut from ${chosen.map(({ voter }) => voter)} by ${paths}, ${ways}`,
    );
    const mends = chosen.flatMap((other) => paths.flatMap((path) => this.#cutWay(path, machine, other, ways)));
    this.#mendAfter(random.between(50, 4_000), mends);
  }

  #cutWay(path: QuorumPath, machine: Machine, other: Machine, ways: string): readonly (() => void)[] {
    const { network } = this.#world;
    return [
      ...(ways === "in" ? [] : [network.cut(path, machine.voter, other.voter)]),
      ...(ways === "out" ? [] : [network.cut(path, other.voter, machine.voter)]),
    ];
  }

  #mendAfter(afterMs: number, mends: readonly (() => void)[]): void {
    const mend = () => {
      if (!this.#mend.delete(mend)) return;
      for (const one of mends) one();
    };
    this.#mend.add(mend);
    this.#world.timeline.after(afterMs, mend);
  }

  #cutApi(machine: Machine, forMs = this.#world.random.between(100, 6_000)): void {
    const { random, timeline } = this.#world;
    machine.ways.reach = random.chance(0.7) ? "cut" : "hung";
    this.#say("API cut", () => `the API is ${machine.ways.reach} for ${machine.voter}`);
    timeline.after(forMs, () => {
      if (machine.ways.reach === "hung") machine.replica?.breakWatch();
      machine.ways.reach = "open";
    });
  }

  /** The worst for R2: alone, and then heard again by its peers while it still cannot know what the Lease says. */
  #island(machine: Machine): void {
    const { random, machines } = this.#world;
    const others = machines.filter((other) => other !== machine);
    this.#say("island", () => `${machine.voter} is alone`);
    const mends = others.flatMap((other) => QUORUM_PATHS.flatMap((path) => this.#cutWay(path, machine, other, "both")));
    const aloneMs = random.between(300, 2_500);
    this.#mendAfter(aloneMs, mends);
    this.#cutApi(machine, aloneMs + random.between(0, 4_000));
  }

  #restart(machine: Machine): void {
    const { random, timeline } = this.#world;
    if (!machine.alive) return;
    machine.kill();
    this.#say("restarted", () => `${machine.voter} is restarted`);
    timeline.after(random.chance(0.7) ? random.between(5, 300) : random.between(300, 3_000), () => {
      if (!machine.alive) machine.start();
    });
  }

  /** The worst for R3: one peer hears nothing more, and the other forgets what it has promised as that one asks it. */
  #forget(): void {
    const { random, machines, timeline } = this.#world;
    const holder = this.#holder();
    const [deaf, forgetful] = machines.filter((machine) => machine !== holder);
    if (holder === undefined || deaf === undefined || forgetful === undefined) return;
    const mends = QUORUM_PATHS.flatMap((path) => this.#cutWay(path, holder, deaf, "both"));
    this.#say("promise forgotten", () => `${deaf.voter} hears nothing of ${holder.voter}`);
    this.#mendAfter(random.between(1_000, 4_000), mends);
    timeline.after(random.between(200, 1_200), () => this.#restart(forgetful));
  }

  /** The holder's machine is gone, and its pod is made again elsewhere. */
  #loseNode(): void {
    const { servers, timeline } = this.#world;
    const machine = this.#holder() ?? this.#pick();
    const server = servers[machine.name];
    // Its API server goes with it; etcd keeps its quorum while it is the only one.
    if (Object.values(servers).every(({ health }) => health === "up")) {
      server.health = "dead";
      timeline.after(3_000, () => {
        server.health = "up";
      });
    }
    this.#say("node lost", () => `the node of ${machine.voter} is lost`);
    this.#world.removeMachine(machine);
    this.#successor(machine.name);
  }

  #successor(name: ReplicaName): void {
    const { random, timeline } = this.#world;
    const machine = this.#world.addMachine(name);
    timeline.after(random.between(500, 5_000), () => machine.start());
  }

  /** Force-deleted behind a partition: the old pod goes on living while the new one of its name begins. */
  #recreate(machine: Machine): void {
    const { random, timeline, machines } = this.#world;
    if (machines.length > REPLICAS.length) return;
    this.#say("recreated", () => `${machine.voter} is made again elsewhere, and lives`);
    this.#successor(machine.name);
    timeline.at(Math.min(timeline.nowMs + random.between(500, 20_000), this.#untilMs), () => {
      if (machines.includes(machine)) this.#world.removeMachine(machine);
    });
  }

  #stop(machine: Machine): void {
    const { timeline, machines, random } = this.#world;
    const { lives } = machine;
    machine.act((replica) => replica.step({ t: "stop" }));
    timeline.after(random.between(500, 3_000), () => {
      if (!machines.includes(machine)) return;
      if (machine.lives === lives) machine.kill();
      if (!machine.alive) machine.start();
    });
  }

  #transfer(): void {
    const { random, machines } = this.#world;
    const to = random.chance(0.5) ? this.#pick().identity : undefined;
    for (const machine of machines) {
      machine.act((replica) => replica.step({ t: "transfer", to, readyPeers: 1 }));
    }
  }

  #weakenFence(machine: Machine): void {
    const { random, timeline } = this.#world;
    machine.act((replica) => replica.meet({ t: "fence", level: "nft-arp" }));
    timeline.after(random.between(100, 3_000), () =>
      machine.act((replica) => replica.meet({ t: "fence", level: "nft-egress" })),
    );
  }

  #setClockForward(machine: Machine): void {
    machine.clock.stepWall(this.#world.random.pick([500, 3_600_000]));
    this.#say("clock set forward", () => `the wall clock of ${machine.voter} is set forward`);
  }

  #serverTrouble(): void {
    const { random, timeline, servers } = this.#world;
    if (Object.values(servers).some(({ health }) => health !== "up")) return;
    const server = servers[random.pick(REPLICAS)];
    const health: ServerHealth = random.pick(["dead", "hung", "slow"]);
    server.health = health;
    this.#say(`API server ${health}`, () => `an API server is ${health}`);
    timeline.after(random.between(500, 6_000), () => {
      server.health = "up";
    });
  }

  #operate(): void {
    const { coverage, operator, random } = this.#world;
    for (let acts = random.pick([1, 1, 2]); acts > 0; acts -= 1) coverage.count(operator.act());
  }

  /** The worst for R6: what the Lease said of a term that is over, in its holder's hands again. */
  #putBack(lease: LeaseRecord): void {
    const { random, timeline, store, withOperator } = this.#world;
    if (!withOperator || !random.chance(this.#atChange)) return;
    timeline.after(random.between(0, 2_000), () => {
      if (timeline.nowMs > this.#untilMs) return;
      this.#say("old mode put back", () => "the operator puts a copy of mode quorum back");
      store.replace(MEMORY_LEASE_KEY, lease);
    });
  }

  /** The worst moment: the Lease has another mode, and its holder may not have heard of it. */
  #atModeChange(mode: string | undefined): void {
    const { random, timeline } = this.#world;
    const holder = this.#holder();
    if (holder === undefined || timeline.nowMs < this.#fromMs || timeline.nowMs > this.#untilMs) return;
    timeline.after(random.between(0, 25), () => {
      this.#say(`trouble in mode ${mode}`, () => `${holder.voter} is in trouble as the Lease says ${mode}`);
      const kind = random.next();
      if (kind < 0.25) holder.freeze(random.between(300, 4_000));
      else if (kind < 0.5) this.#island(holder);
      else if (kind < 0.65) this.#restart(holder);
      else if (kind < 0.8) this.#cutPeers(holder);
      else if (this.#world.withOperator) this.#operate();
    });
  }

  #say(path: string, line: () => string): void {
    this.#world.coverage.count(path);
    this.#world.trace(line);
  }
}
