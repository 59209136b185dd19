/**
 * What goes wrong in one schedule, and when. Each schedule draws the kinds of faults that it has, so that some are alone
 * with each other often; what is outside the assumptions (docs: clock rates, guest clocks) is left out here.
 */
import type { LeaseStore } from "../lease-store.ts";
import type { ApiFaults, ApiServer, ServerHealth } from "./api-servers.ts";
import type { ClientGoCandidate } from "./client-go-candidate.ts";
import type { Coverage } from "./coverage.ts";
import type { Operator } from "./operator.ts";
import { type Pod, REPLICAS, type ReplicaName } from "./pod.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** What faults befall, and by what they are chosen. */
export interface Surroundings {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly servers: Readonly<Record<ReplicaName, ApiServer>>;
  readonly store: LeaseStore;
  /** Every pod whose namespace still is. */
  readonly pods: readonly Pod[];
  readonly operator: Operator;
  readonly clientGo: ClientGoCandidate | undefined;
  readonly withLifetimes: boolean;
  /** Of a name that may be there already: the earlier one goes on until it is removed. */
  readonly addPod: (name: ReplicaName) => Pod;
  /** The pod and all that was in it are gone. */
  readonly removePod: (pod: Pod) => void;
  /** Somebody may have begun to answer for the VIP. */
  readonly look: () => void;
  readonly trace: (line: () => string) => void;
}

type Fault = (pod: Pod) => void;

/** How often each kind comes, against the others. */
type Weights = readonly (readonly [weight: number, fault: Fault])[];

const HOUR_MS = 3_600_000;
/** Schedules in which somebody asks for the VIP to be moved again and again, and many answers are lost. */
const RESTLESS = 0.08;
const RESTLESS_MOVES = 40;
/** What a client-go candidate may be ahead of the holder's last renewal, for it to be worth a fault: q is 1 s. */
const UNSEEN_MIN_MS = 300;

export class Faults {
  readonly api: ApiFaults;
  readonly #world: Surroundings;
  readonly #untilMs: number;
  readonly #weights: Weights;
  readonly #isRestless: boolean;
  /** Chances at each call of a process: to be frozen there, to be killed there. */
  #freezeAtCall: number;
  #killAtCall: number;
  /** Chance that the kernel is slow with a request. */
  #slowKernel: number;

  constructor(world: Surroundings, untilMs: number) {
    this.#world = world;
    this.#untilMs = untilMs;
    const { random } = world;
    const harsh = random.next();
    this.#isRestless = random.chance(RESTLESS);
    this.api = {
      loss: this.#isRestless ? 0.1 : random.chance(0.5) ? 0.05 * harsh : 0,
      slow: random.chance(0.5) ? 0.06 * harsh : 0,
      twice: random.chance(0.3) ? 0.1 : 0,
      watchBreak: random.chance(0.5) ? 0.03 : 0,
      staleList: random.chance(0.3) ? 0.3 : 0,
    };
    this.#freezeAtCall = random.chance(0.5) ? 0.01 * harsh : 0;
    this.#killAtCall = random.chance(0.2) ? 0.004 * harsh : 0;
    this.#slowKernel = random.chance(0.3) ? 0.05 : 0;
    this.#weights = this.#draw([
      [4, (pod) => this.#cut(pod)],
      [3, (pod) => pod.freeze(random.between(50, 20_000))],
      [2, (pod) => this.#restart(pod)],
      [1, (pod) => this.#powerOff(pod)],
      [1, (pod) => this.#recreate(pod)],
      [2, (pod) => this.#stop(pod)],
      [2, () => this.#transfer()],
      [1, (pod) => this.#linkDown(pod)],
      [1, (pod) => this.#touchKernel(pod)],
      [3, (pod) => this.#stepClock(pod)],
      [2, () => this.#flushBehindTheHolder()],
      [3, (pod) => this.#serverTrouble(pod)],
      ...this.#ofTheLease(),
    ]);
  }

  /** A client-go candidate takes an emptied Lease at once and believes a shortened one: no operator beside it. */
  #ofTheLease(): Weights {
    const { clientGo } = this.#world;
    if (clientGo !== undefined) return [[7, () => this.#endWithAnUnseenRenewal(clientGo)]];
    return [
      [2, () => this.#operate()],
      [5, () => this.#operateBehindTheHolder()],
    ];
  }

  /** Each kind is in two schedules of three. */
  #draw(weights: Weights): Weights {
    const drawn = weights.filter(() => this.#world.random.chance(0.66));
    return drawn.length === 0 ? weights : drawn;
  }

  schedule(): void {
    const { random, timeline } = this.#world;
    for (let left = Math.floor(random.between(2, 16)); left > 0; left -= 1) {
      timeline.at(random.between(4_000, this.#untilMs), () => this.#inject());
    }
    if (!this.#isRestless) return;
    for (let left = RESTLESS_MOVES; left > 0; left -= 1) {
      timeline.at(random.between(4_000, this.#untilMs), () => this.#transfer());
    }
  }

  end(): void {
    this.#freezeAtCall = 0;
    this.#killAtCall = 0;
    this.#slowKernel = 0;
  }

  /** The worst moments: right before a request leaves, right before its answer is taken. */
  atCall(pod: Pod): void {
    const { random, coverage } = this.#world;
    if (pod.writes.mustRun) return;
    if (random.chance(this.#freezeAtCall)) {
      coverage.count("frozen at a call");
      this.#freezeInTrouble(pod);
    }
    if (random.chance(this.#killAtCall)) {
      coverage.count("killed at a call");
      this.#restart(pod);
    }
  }

  /** Troubles come together: the clock is set while the process is frozen, and the next fault waits for its thaw. */
  #freezeInTrouble(pod: Pod): void {
    const { random, timeline } = this.#world;
    const forMs = random.chance(0.5) ? random.between(60, 4_000) : random.between(100, 20_000);
    pod.freeze(forMs);
    if (random.chance(0.3)) timeline.after(random.next() * forMs, () => this.#setClock(pod, -HOUR_MS));
    if (random.chance(0.3)) timeline.after(forMs + random.between(30, 300), () => this.#cut(pod));
  }

  /** The kernel is quick, but for those times when it is not; then more trouble may follow. */
  executionMs(pod: Pod, verb: string): number {
    const { random, timeline } = this.#world;
    const isSlow = random.chance(this.#slowKernel) && !pod.writes.mustRun;
    if (!isSlow) return random.between(0.01, 0.3);
    const tookMs = random.between(1, 500);
    const holds = verb === "open" || verb === "refresh";
    if (holds && random.chance(0.3))
      timeline.after(tookMs + random.between(20, 300), () => this.#endWithSlowWrite(pod));
    return tookMs;
  }

  /** The worst moment after a slow write, which was checked: no other follows, and of its two ends the clock takes one. */
  #endWithSlowWrite(pod: Pod): void {
    const { random } = this.#world;
    this.#setClock(pod, -HOUR_MS);
    // Another refresh was on its way, and its process is to check it.
    if (pod.writes.mustRun) return;
    if (random.chance(0.5)) this.#cut(pod);
    else pod.freeze(random.between(4_000, 20_000));
  }

  #inject(): void {
    const { random } = this.#world;
    const total = this.#weights.reduce((sum, [weight]) => sum + weight, 0);
    let left = random.next() * total;
    for (const [weight, fault] of this.#weights) {
      left -= weight;
      if (left >= 0) continue;
      const pod = this.#pick();
      return pod.writes.mustRun ? undefined : fault(pod);
    }
  }

  /** The holder twice as often as chance would have it: most rules are about it. */
  #pick(): Pod {
    const { random, pods } = this.#world;
    const holder = this.#holder();
    if (holder !== undefined && random.chance(0.3)) return holder;
    const pod = pods[Math.floor(random.next() * pods.length)];
    if (pod === undefined) throw new Error("a schedule never runs out of pods");
    return pod;
  }

  #holder(): Pod | undefined {
    return this.#world.pods.find(({ namespace }) => namespace.answers);
  }

  #cut(pod: Pod): void {
    const { random, timeline } = this.#world;
    pod.ways.reach = random.chance(0.7) ? "cut" : "hung";
    this.#say(() => `the API is ${pod.ways.reach} for ${pod.name}${pod.uid}`);
    timeline.after(random.between(100, 25_000), () => {
      if (pod.ways.reach === "hung") pod.breakWatch();
      pod.ways.reach = "open";
      this.#say(() => `${pod.name}${pod.uid} reaches the API again`);
    });
  }

  #serverTrouble(pod: Pod): void {
    const { random, timeline, servers } = this.#world;
    const server = servers[random.pick(REPLICAS)];
    const health: ServerHealth = random.pick(["dead", "hung", "slow"]);
    // One at a time: etcd has lost no quorum, and there is a way for everybody.
    if (Object.values(servers).some((other) => other.health !== "up")) return;
    server.health = health;
    this.#say(() => `an API server is ${health}`);
    this.#world.coverage.count(`API server ${health}`);
    timeline.after(random.between(500, 30_000), () => {
      server.health = "up";
      pod.breakWatch();
    });
  }

  /** The process dies and is started again in the namespace it leaves behind. */
  #restart(pod: Pod): void {
    if (!pod.alive) return;
    const { random, coverage } = this.#world;
    pod.kill();
    coverage.count("restarted in its namespace");
    this.#startAgain(pod, random.chance(0.5) ? random.between(10, 800) : random.between(800, 12_000));
  }

  #startAgain(pod: Pod, afterMs: number): void {
    this.#world.timeline.after(afterMs, () => {
      if (!pod.alive && this.#world.pods.includes(pod)) pod.start();
    });
  }

  /** The machine is gone, and the pod is made again elsewhere. */
  #powerOff(pod: Pod): void {
    this.#world.removePod(pod);
    this.#successor(pod);
  }

  /** Force-deleted behind a partition: the old pod goes on living while the new one of its name begins. */
  #recreate(pod: Pod): void {
    const { random, timeline, pods, coverage } = this.#world;
    if (pods.length > REPLICAS.length) return;
    coverage.count("recreated while the old one lives");
    this.#successor(pod);
    // Not in the calm: somebody whom nobody disturbs is to serve by its end, and a holder's loss may cost 60 s of it.
    const goneAtMs = Math.min(timeline.nowMs + random.between(500, 40_000), this.#untilMs);
    timeline.at(goneAtMs, () => {
      if (pods.includes(pod)) this.#world.removePod(pod);
    });
  }

  #successor(pod: Pod): void {
    this.#startAgain(this.#world.addPod(pod.name), this.#world.random.between(10, 4_000));
  }

  /** SIGTERM, then SIGKILL; and again, in the same namespace or another. */
  #stop(pod: Pod): void {
    const { random, timeline, pods } = this.#world;
    const { lives } = pod;
    pod.stop();
    const afterMs = random.between(1_500, 8_000);
    const comesBack = random.chance(0.5);
    timeline.after(afterMs, () => {
      if (!pods.includes(pod)) return;
      if (pod.lives === lives) pod.kill();
      if (comesBack) this.#startAgain(pod, 1);
      else this.#powerOff(pod);
    });
  }

  #transfer(): void {
    const { random, pods } = this.#world;
    const to = random.chance(0.5) ? this.#pick().identity : undefined;
    for (const pod of pods) pod.transfer(to);
  }

  #linkDown(pod: Pod): void {
    const { random, timeline, pods } = this.#world;
    pod.namespace.setLink(false);
    timeline.after(random.between(50, 10_000), () => {
      if (!pods.includes(pod)) return;
      if (random.chance(0.3)) pod.namespace.replaceLink();
      else pod.namespace.setLink(true);
      this.#world.look();
    });
  }

  /** Another hand removes something of ours. */
  #touchKernel(pod: Pod): void {
    const { random, coverage, withLifetimes } = this.#world;
    const { namespace, writes } = pod;
    const what = random.pick(["address", "ruleset", "set"]);
    // Not both lines of rule 6 go at once: an address whose writing is held up, or that is muted, has only the gate.
    if (what === "ruleset" && !(withLifetimes && writes.mayFlush && !namespace.isMuted)) return;
    this.#say(() => `another hand removes the ${what} of ${pod.name}${pod.uid}`);
    coverage.count(`another hand: ${what}`);
    if (what === "address") namespace.dropAddress();
    else if (what === "ruleset") namespace.gate.flushRuleset();
    else namespace.gate.flushSet();
    this.#world.look();
  }

  /** The gate goes while its process cannot put it back: then the address's lifetime is all that ends the hold. */
  #flushBehindTheHolder(): void {
    const { random, timeline, withLifetimes, pods } = this.#world;
    const holder = this.#holder();
    if (holder === undefined || !withLifetimes || !holder.writes.mayFlush) return;
    if (random.chance(0.5)) holder.freeze(random.between(4_000, 20_000));
    else {
      holder.kill();
      this.#startAgain(holder, random.between(4_000, 20_000));
    }
    timeline.after(random.between(0, 3_000), () => {
      if (!pods.includes(holder) || !holder.writes.mayFlush || holder.namespace.isMuted) return;
      this.#world.coverage.count("flushed behind the holder");
      holder.namespace.gate.flushRuleset();
    });
  }

  /** An administrator or a time daemon: by an hour, or by a little; there and back again. */
  #stepClock(pod: Pod): void {
    const { random, timeline } = this.#world;
    this.#setClock(pod, random.pick([HOUR_MS, -HOUR_MS, random.between(-3_000, 3_000)]));
    if (random.chance(0.3)) timeline.after(random.between(10, 5_000), () => this.#stepClock(pod));
  }

  #setClock(pod: Pod, byMs: number): void {
    const { coverage } = this.#world;
    if (byMs < 0 && !pod.writes.maySetBack(pod.isFrozen)) return;
    coverage.count(byMs < 0 ? "clock set back" : "clock set forward");
    this.#say(() => `the wall clock of ${pod.name}${pod.uid} is set by ${(byMs / 1000).toFixed(3)} s`);
    if (byMs < 0) pod.writes.setBack();
    pod.clock.stepWall(byMs);
    this.#world.look();
  }

  #operate(): void {
    const { coverage, operator } = this.#world;
    coverage.count(operator.act());
  }

  /** The worst moment for another hand: the holder cannot see it, and a process too young to know better begins. */
  #operateBehindTheHolder(): void {
    const { random, timeline } = this.#world;
    const holder = this.#holder();
    if (holder === undefined) return;
    if (random.chance(0.5)) this.#cut(holder);
    else holder.freeze(random.between(4_000, 20_000));
    for (let acts = random.pick([1, 1, 2]); acts > 0; acts -= 1) {
      timeline.after(random.between(0, 4_000), () => this.#operate());
    }
    const other = this.#pick();
    if (other !== holder && random.chance(0.5)) this.#powerOff(other);
  }

  /** The worst moment beside client-go: the holder's last renewal is one that it cannot tell from the one before. */
  #endWithAnUnseenRenewal(clientGo: ClientGoCandidate): void {
    const { random, timeline, store, coverage } = this.#world;
    const unsubscribe = store.subscribe((change) => {
      const holder = this.#holder();
      if (change.t === "deleted" || holder === undefined) return;
      if (clientGo.unseenForMs(change.lease) < UNSEEN_MIN_MS) return;
      unsubscribe();
      coverage.count("renewal unseen by client-go");
      // Before its answer is there, or after.
      timeline.after(random.between(0, 30), () => {
        if (random.chance(0.5)) this.#cut(holder);
        else holder.freeze(random.between(4_000, 20_000));
      });
    });
  }

  #say(line: () => string): void {
    this.#world.trace(line);
  }
}
