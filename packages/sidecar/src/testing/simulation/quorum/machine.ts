/** One machine of the quorum's world: clocks, ways to API and peers, a gate, and the process that lives there now. */
import type { ApiWays } from "../api-servers.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { ReplicaName } from "../pod.ts";
import { Process } from "../process.ts";
import { GateModel } from "./gate-model.ts";
import type { Life } from "./life.ts";
import { Replica } from "./replica.ts";

export interface MachineParts extends Omit<Life, "process" | "gate" | "identity" | "mac" | "atCall"> {
  readonly atCall: (machine: Machine) => void;
  readonly ways: ApiWays;
  readonly clock: MachineClock;
}

export class Machine {
  readonly name: ReplicaName;
  readonly uid: number;
  readonly gate: GateModel;
  readonly ways: ApiWays;
  readonly clock: MachineClock;
  lives = 0;
  replica: Replica | undefined;
  readonly #parts: MachineParts;
  #process: Process | undefined;
  #isGone = false;

  constructor(name: ReplicaName, uid: number, parts: MachineParts) {
    this.name = name;
    this.uid = uid;
    this.ways = parts.ways;
    this.clock = parts.clock;
    this.gate = new GateModel(parts.clock);
    this.#parts = parts;
  }

  get voter(): string {
    return `${this.name}_${this.uid}`;
  }

  get identity(): string {
    return `${this.voter}_${this.lives}`;
  }

  get mac(): string {
    return `mac-of-${this.voter}`;
  }

  get alive(): boolean {
    return this.#process?.alive === true;
  }

  /** Whether somebody who asks the segment for the VIP is answered from here. */
  get answers(): boolean {
    return !this.#isGone && this.gate.opening !== undefined;
  }

  start(): void {
    if (this.#isGone) return;
    this.lives += 1;
    const { timeline, clock, atCall, trace } = this.#parts;
    const process = new Process({ timeline, clock, timerLateMs: () => 0, atCall: () => undefined });
    this.#process = process;
    this.replica = new Replica({
      ...this.#parts,
      process,
      gate: this.gate,
      identity: this.identity,
      mac: this.mac,
      atCall: () => atCall(this),
      trace: (line) => trace(() => `${this.voter} ${line()}`),
    });
    trace(() => `${this.identity} starts`);
    this.replica.start();
  }

  kill(): void {
    if (!this.alive) return;
    this.#process?.kill();
    this.#parts.trace(() => `${this.identity} is killed`);
  }

  freeze(forMs: number): void {
    this.#process?.freeze(forMs);
    this.#parts.trace(() => `${this.identity} is frozen for ${forMs.toFixed(0)} ms`);
  }

  /** SIGTERM, a wish to move, or news for its member. */
  act(act: (replica: Replica) => void): void {
    const { replica } = this;
    if (replica !== undefined) this.#process?.run(() => act(replica));
  }

  /** The machine is off, or the pod gone with all that was in it. */
  destroy(): void {
    this.kill();
    this.#isGone = true;
  }
}
