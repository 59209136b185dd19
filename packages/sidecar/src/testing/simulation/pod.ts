/**
 * One pod: a machine's clocks, a network namespace that outlives its processes, and the real supervisor as the process
 * that lives in it now. Everything that the supervisor reaches, it reaches by way of a process that may be frozen or
 * killed at any moment.
 */
import { type MacAddress, ownerOf } from "@vcluster-kube-vip/routing";
import type { ElectionSettings } from "../../election/election.ts";
import type { Happening } from "../../observe/happening.ts";
import type { Segment } from "../../segment.ts";
import { Supervisor } from "../../supervisor/supervisor.ts";
import { VipKernel } from "../../vip/kernel.ts";
import type { LeaseStore } from "../lease-store.ts";
import { NO_DETOUR } from "../memory-detour.ts";
import { UNKNOWN_HEALTH } from "../memory-health.ts";
import { MEMORY_CONFIG } from "../replicas.ts";
import type { ApiWays } from "./api-servers.ts";
import type { Path } from "./coverage.ts";
import { HeldUpWrites } from "./held-up-writes.ts";
import { kernelCalls } from "./kernel-calls.ts";
import { LeaseWay } from "./lease-way.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Namespace } from "./namespace.ts";
import { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** The StatefulSet's pods: a name stays, what is behind it changes. */
export const REPLICAS = ["a", "b", "c"] as const;
export type ReplicaName = (typeof REPLICAS)[number];

export interface PodHooks {
  /** MAC addresses that answer for the VIP on the segment now. */
  readonly answeringMacs: () => readonly MacAddress[];
  /** Something was written into the kernel: the moment to look who answers. */
  readonly onKernel: (pod: Pod) => void;
  /** The process is about to make a call, or to take the answer of one: a chance to freeze or kill it here. */
  readonly atCall: (pod: Pod) => void;
  readonly onRequest: (pod: Pod) => void;
  readonly count: (path: Path) => void;
  readonly tell: (pod: Pod, happening: Happening) => void;
  readonly trace: (pod: Pod, line: () => string) => void;
  /** How long the kernel takes for one request, ms. */
  readonly executionMs: (pod: Pod, verb: string) => number;
}

export interface PodParts {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly store: LeaseStore;
  readonly ways: ApiWays;
  readonly clock: MachineClock;
  readonly namespace: Namespace;
  readonly settings: Omit<ElectionSettings, "identity">;
  readonly hooks: PodHooks;
}

/** The segment is asked in this time. */
const ASKING_MS = 60;

export class Pod {
  readonly name: ReplicaName;
  readonly uid: number;
  readonly namespace: Namespace;
  readonly ways: ApiWays;
  readonly clock: MachineClock;
  readonly writes: HeldUpWrites;
  /** Lives in this namespace so far. */
  lives = 0;
  readonly #parts: PodParts;
  #process: Process | undefined;
  #supervisor: Supervisor | undefined;
  #lock: LeaseWay | undefined;

  constructor(name: ReplicaName, uid: number, parts: PodParts) {
    this.name = name;
    this.uid = uid;
    this.namespace = parts.namespace;
    this.ways = parts.ways;
    this.clock = parts.clock;
    this.writes = new HeldUpWrites(parts.timeline);
    this.#parts = parts;
  }

  /** Of the life that is, or was last. */
  get identity(): string {
    return `${this.name}_${this.uid}_${this.lives}`;
  }

  get alive(): boolean {
    return this.#process?.alive === true;
  }

  get isFrozen(): boolean {
    return this.#process?.isFrozen === true;
  }

  /** Since the last freeze of its process; negative while it lasts. */
  get awakeForMs(): number {
    return this.#process?.awakeForMs ?? Number.POSITIVE_INFINITY;
  }

  get role(): string {
    return this.#supervisor === undefined || !this.alive ? "dead" : this.#supervisor.snapshot().role;
  }

  /** A process begins, in whatever the last one left behind. */
  start(): void {
    this.lives += 1;
    const { timeline, random, hooks } = this.#parts;
    const process = new Process({
      timeline,
      clock: this.clock,
      timerLateMs: () => random.between(0, 3),
      atCall: () => hooks.atCall(this),
    });
    this.#process = process;
    this.#lock = new LeaseWay({
      ...this.#parts,
      process,
      onRequest: () => hooks.onRequest(this),
      count: hooks.count,
    });
    const supervisor = this.#newSupervisor(process, this.#lock);
    this.#supervisor = supervisor;
    hooks.trace(this, () => `starts as ${this.identity}`);
    timeline.unsettle();
    void supervisor.start();
  }

  /** SIGTERM. */
  stop(): void {
    const supervisor = this.#supervisor;
    const process = this.#process;
    if (supervisor === undefined || process === undefined || !this.alive) return;
    process.run(() => void supervisor.stop().then(() => process.kill()));
  }

  /** SIGKILL: what it has handed to the kernel and the network goes on. */
  kill(): void {
    if (!this.alive) return;
    this.#process?.kill();
    this.writes.killed();
    this.#parts.hooks.trace(this, () => "is killed");
  }

  freeze(forMs: number): void {
    this.#process?.freeze(forMs);
    this.#parts.hooks.trace(this, () => `is frozen for ${forMs.toFixed(0)} ms`);
  }

  transfer(to: string | undefined): void {
    this.#process?.run(() => this.#supervisor?.transfer(to, 1));
  }

  /** What a hung connection has kept back is not replayed. */
  breakWatch(): void {
    this.#lock?.breakWatch();
  }

  #newSupervisor(process: Process, lock: LeaseWay): Supervisor {
    const { settings, hooks, timeline } = this.#parts;
    const { movesMax: max, movesWindowMs: windowMs, ...lease } = settings;
    const config = { ...MEMORY_CONFIG, lease: { ...MEMORY_CONFIG.lease, ...lease }, moves: { max, windowMs } };
    const owner = ownerOf(config.routing.protocol, config.vip.interfaceName);
    const kernel = this.#kernelOf(process);
    const gate = this.#gateOf(process);
    const sockets = kernelCalls(this.namespace.sockets, this.#wayOf(process), { close: () => undefined });
    return new Supervisor({
      config,
      identity: this.identity,
      owner,
      clock: process.clock,
      wallTime: () => String(Math.floor(timeline.nowMs)),
      lock,
      kernel,
      gate,
      vipKernel: new VipKernel({ kernel, gate, sockets }, owner),
      segment: this.#segmentOf(process),
      health: UNKNOWN_HEALTH,
      detour: NO_DETOUR,
      quorumPeers: undefined,
      tell: (happening) => hooks.tell(this, happening),
    });
  }

  #kernelOf(process: Process) {
    const { namespace } = this;
    const { timeline, random } = this.#parts;
    return kernelCalls(namespace.kernel, this.#wayOf(process), {
      subscribe: async (onEvent) => {
        let lastAtMs = 0;
        namespace.onEvent = (event) => {
          // Late, but one behind the other: a netlink socket keeps their order.
          lastAtMs = Math.max(lastAtMs, timeline.nowMs + random.between(0.05, 1));
          timeline.at(lastAtMs, () => process.run(() => onEvent(event)));
        };
      },
      close: () => undefined,
    });
  }

  #gateOf(process: Process) {
    const { namespace } = this;
    const { timeline, random } = this.#parts;
    return kernelCalls(namespace.gate, this.#wayOf(process), {
      subscribe: async (onChanged) => {
        namespace.onGateChanged = () => {
          timeline.after(random.between(0.05, 1), () => process.run(onChanged));
        };
      },
      end: () => undefined,
    });
  }

  #wayOf(process: Process) {
    const { timeline, hooks } = this.#parts;
    return {
      process,
      timeline,
      executionMs: (verb: string) => hooks.executionMs(this, verb),
      onRequest: (verb: string) => {
        hooks.trace(this, () => `asks its kernel: ${verb}`);
        const { executed, ...others } = this.writes.begin(verb);
        return {
          ...others,
          executed: () => {
            executed();
            hooks.onKernel(this);
          },
        };
      },
    };
  }

  #segmentOf(process: Process): Segment {
    const { hooks, timeline, random } = this.#parts;
    return {
      reach: { t: "unknown" },
      follow: () => undefined,
      open: () => undefined,
      beginAsking: () => undefined,
      announce: () => undefined,
      resume: () => undefined,
      extend: () => undefined,
      stop: () => undefined,
      ask: () =>
        process.call((answer) =>
          timeline.after(ASKING_MS, () => answer(hooks.answeringMacs().filter((mac) => mac !== this.namespace.mac))),
        ),
      acknowledged: (withinMs) =>
        process.call((answer) => timeline.after(random.between(0.2, withinMs), () => answer({ count: 1, total: 1 }))),
      acknowledgedBy: () => [],
      unacknowledgedBy: () => [],
      close: () => undefined,
    };
  }
}
