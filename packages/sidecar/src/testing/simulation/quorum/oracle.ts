/** What must hold in every schedule of the quorum's world, and how long a lost node was missed. */
import type { Timeline } from "../timeline.ts";
import type { Machine } from "./machine.ts";

/** A machine that sends more requests than this in one second is in a storm. */
const REQUESTS_MAX = 60;

export class QuorumOracle {
  violation: string | undefined;
  takeovers = 0;
  /** From a node's loss to the next answer, where nothing else was wrong. */
  readonly lossesMs: number[] = [];
  readonly #timeline: Timeline;
  readonly #machines: readonly Machine[];
  readonly #trace: (line: () => string) => void;
  readonly #requests = new Map<Machine, { readonly second: number; readonly count: number }>();
  #last: Machine | undefined;

  constructor(timeline: Timeline, machines: readonly Machine[], trace: (line: () => string) => void) {
    this.#timeline = timeline;
    this.#machines = machines;
    this.#trace = trace;
  }

  /** Never two: of ours, or one of ours beside `others` that answer. */
  look(others: readonly string[]): void {
    const answering = this.#machines.filter(({ answers }) => answers);
    const [one] = answering;
    if (one !== undefined && one !== this.#last) {
      this.#last = one;
      this.takeovers += 1;
      this.#trace(() => `${one.voter} answers for the VIP`);
    }
    const names = [...answering.map(({ identity }) => identity), ...others];
    if (one !== undefined && names.length > 1) this.violate(`${names.join(" and ")} answer for the VIP`);
  }

  get isAnswered(): boolean {
    return this.#machines.some(({ answers }) => answers);
  }

  countRequest(machine: Machine): void {
    const second = Math.floor(this.#timeline.nowMs / 1000);
    const last = this.#requests.get(machine);
    const count = last?.second === second ? last.count + 1 : 1;
    this.#requests.set(machine, { second, count });
    if (count > REQUESTS_MAX) this.violate(`${machine.identity} sends more than ${REQUESTS_MAX} requests in a second`);
  }

  countLoss(forMs: number): void {
    this.lossesMs.push(forMs);
  }

  violate(sentence: string): void {
    if (this.violation !== undefined) return;
    this.violation = `${sentence} at ${this.#timeline.nowMs.toFixed(1)} ms`;
    this.#trace(() => `VIOLATION ${sentence}`);
  }
}

/** Counts from the loss of a holder's node to the moment when another answers. */
export class LossWatch {
  readonly #timeline: Timeline;
  readonly #onEnd: (forMs: number) => void;
  #sinceMs: number | undefined;

  constructor(timeline: Timeline, onEnd: (forMs: number) => void) {
    this.#timeline = timeline;
    this.#onEnd = onEnd;
  }

  lost(): void {
    this.#sinceMs = this.#timeline.nowMs;
  }

  answered(): void {
    if (this.#sinceMs !== undefined) this.#onEnd(this.#timeline.nowMs - this.#sinceMs);
    this.#sinceMs = undefined;
  }
}
