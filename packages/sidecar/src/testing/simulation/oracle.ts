/**
 * What must hold in every schedule, looked at whenever something may have begun to answer: between two such moments
 * answers only end (a deadline, a lifetime), so nothing is missed in between.
 */
import type { Happening } from "../../observe/happening.ts";
import type { Pod } from "./pod.ts";
import type { Timeline } from "./timeline.ts";

/** A pod that sends more requests than this in one second is in a storm. */
const REQUESTS_MAX = 60;
/** A process that wakes up finds what it has to take away, and takes it away in less than that. */
const TIDY_MS = 1000;

export class Oracle {
  /** The first thing that went wrong, in words. */
  violation: string | undefined;
  takeovers = 0;
  readonly #timeline: Timeline;
  readonly #pods: readonly Pod[];
  readonly #trace: (line: () => string) => void;
  readonly #requests = new Map<Pod, { readonly second: number; readonly count: number }>();
  readonly #moves = new Map<string, number>();
  /** Those that are giving the VIP up and have not said so in the Lease. */
  readonly #yielding = new Set<string>();
  #lastAnswering: Pod | undefined;

  constructor(timeline: Timeline, pods: readonly Pod[], trace: (line: () => string) => void) {
    this.#timeline = timeline;
    this.#pods = pods;
    this.#trace = trace;
  }

  /** Never two: of ours, or one of ours beside `others` that answer. */
  look(others: readonly string[]): void {
    const answering = this.#pods.filter((pod) => pod.namespace.answers);
    const [one] = answering;
    if (one !== undefined && one !== this.#lastAnswering) {
      this.#lastAnswering = one;
      this.takeovers += 1;
      this.#trace(() => `${one.name}${one.uid} answers for the VIP`);
    }
    const names = [...answering.map((pod) => pod.identity), ...others];
    if (one !== undefined && names.length > 1) this.violate(`${names.join(" and ")} answer for the VIP`);
  }

  countRequest(pod: Pod): void {
    const second = Math.floor(this.#timeline.nowMs / 1000);
    const last = this.#requests.get(pod);
    const count = last?.second === second ? last.count + 1 : 1;
    this.#requests.set(pod, { second, count });
    if (count > REQUESTS_MAX) this.violate(`${pod.identity} sends more than ${REQUESTS_MAX} requests in a second`);
  }

  get isAnswered(): boolean {
    return this.#pods.some((pod) => pod.namespace.answers);
  }

  /** All faults are over: the VIP is answered for, and nobody keeps an address that is not his. */
  async atEnd(calmForMs: number): Promise<void> {
    if (!this.isAnswered) this.violate(`nobody answers for the VIP though no fault began for ${calmForMs / 1000} s`);
    for (const pod of this.#pods) {
      const addresses = await pod.namespace.vipAddresses();
      const expected = pod.namespace.answers ? 1 : 0;
      if (pod.awakeForMs >= TIDY_MS && addresses.length > expected)
        this.violate(`${pod.identity} has an address left over`);
    }
  }

  /**
   * Rule 10: so often at most may one process move the VIP by itself within the window, which no schedule outlasts. A
   * stop is no such move, nor a hold that was not given up after all: it is moved by the mark.
   */
  countMoves({ identity }: Pod, happening: Happening, movesMax: number): void {
    if (happening.t === "transition" && happening.machine === "election") {
      if (happening.to === "yielding" && happening.reason !== "stop asked for") this.#yielding.add(identity);
      else this.#yielding.delete(identity);
    }
    const isMarked = happening.t === "lease-write" && happening.purpose === "mark";
    if (!isMarked || !this.#yielding.delete(identity)) return;
    const moves = (this.#moves.get(identity) ?? 0) + 1;
    this.#moves.set(identity, moves);
    if (moves > movesMax) this.violate(`${identity} moves the VIP ${moves} times`);
  }

  violate(sentence: string): void {
    if (this.violation !== undefined) return;
    this.violation = `${sentence} at ${this.#timeline.nowMs.toFixed(1)} ms`;
    this.#trace(() => `VIOLATION ${sentence}`);
  }
}
