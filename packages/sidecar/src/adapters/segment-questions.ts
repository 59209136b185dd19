/**
 * Asks the segment who has the VIP: when somebody wants to know, and now and then by itself, so that who wants to know
 * right before a takeover need not wait for an answer. Runs announce/ask-segment.ts; sending is its owner's.
 */
import type { MacAddress } from "@vcluster-kube-vip/routing";
import * as ask from "../announce/ask-segment.ts";
import type { Claim } from "../announce/forms.ts";
import type { Clock } from "../clock.ts";

export interface SegmentQuestionsOptions {
  readonly clock: Clock;
  /** False: it did not go out. */
  readonly send: (frame: Uint8Array) => boolean;
}

/**
 * Between two questions that nobody asked for. A holder finds a stranger by them that only ever answers. Three probes and
 * a verdict wake every replica ten times. With the slack it is 20 s.
 */
const EVERY_MS = 19_500;
const SLACK_MS = 1_000;
/**
 * After somebody else was heard to claim the VIP: who answered before has handed it over, and who wants to know in the
 * next takeover would have to wait for its silence.
 */
const CLAIMED_MS = 1_000;
/** An answer is as good as new for so long: claims that are made meanwhile are heard, and added. */
const FRESH_MS = 22_000;

/** Owns its timers from start() to stop(). */
export class SegmentQuestions {
  readonly #o: SegmentQuestionsOptions;
  #self: Claim | undefined;
  #state: ask.AskState = ask.IDLE;
  #onDecided: (answeredBy: readonly MacAddress[]) => void = () => undefined;
  #isLost = false;
  /** Who answered last, and whom was heard to claim the VIP since. */
  #known: { readonly atMs: number; readonly answeredBy: ReadonlySet<MacAddress> } | undefined;
  #cancelTimer: () => void = () => undefined;
  #cancelNext: () => void = () => undefined;
  /** When it asks by itself next. */
  #nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SegmentQuestionsOptions) {
    this.#o = options;
  }

  /** On a link that was opened: what was known of another does not count. Nothing is asked unless somebody does. */
  start(self: Claim): void {
    this.stop();
    this.#self = self;
  }

  /** Asks by itself too, for the first time at fromMs. */
  askEverySoOften(fromMs: number, slackMs = 0): void {
    const { clock } = this.#o;
    this.#cancelNext();
    this.#nextAtMs = fromMs;
    const next = (): void => {
      this.askEverySoOften(clock.nowMs() + EVERY_MS, SLACK_MS);
      void this.ask();
    };
    this.#cancelNext = clock.at(fromMs, next, slackMs);
  }

  /** Somebody else claims the VIP. */
  heard(mac: MacAddress): void {
    this.#step({ t: "answered", mac });
    if (this.#known === undefined || this.#known.answeredBy.has(mac)) return;
    this.#known = { ...this.#known, answeredBy: new Set([...this.#known.answeredBy, mac]) };
    // Never later than it would: others' claims, however many, put no question off.
    const soonMs = this.#o.clock.nowMs() + CLAIMED_MS;
    if (soonMs < this.#nextAtMs) this.askEverySoOften(soonMs);
  }

  /** Who answered when it was asked last, if that is not long ago and all of them are expected; else asks. */
  expecting(isExpected: (mac: string) => boolean): Promise<readonly MacAddress[]> {
    const known = this.#known;
    if (known === undefined || this.#o.clock.nowMs() - known.atMs > FRESH_MS) return this.ask();
    const answeredBy = [...known.answeredBy];
    return answeredBy.every(isExpected) ? Promise.resolve(answeredBy) : this.ask();
  }

  /** Asks now. Does not resolve where the question did not go out: who asked asks again. */
  ask(): Promise<readonly MacAddress[]> {
    const self = this.#self;
    if (self === undefined) return Promise.resolve([]);
    // A question that is under way is replaced, and answered with the new one.
    const replaced = this.#onDecided;
    return new Promise((resolve) => {
      this.#onDecided = (answeredBy) => {
        replaced(answeredBy);
        resolve(answeredBy);
      };
      this.#isLost = false;
      this.#step({ t: "start", nowMs: this.#o.clock.nowMs(), self });
    });
  }

  stop(): void {
    this.#self = undefined;
    this.#known = undefined;
    this.#nextAtMs = Number.NEGATIVE_INFINITY;
    this.#cancelNext();
    this.#step({ t: "stop" });
  }

  #step(event: ask.AskEvent): void {
    const [state, effects] = ask.step(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (effect.t === "send") this.#isLost ||= !this.#o.send(effect.frame);
      else if (effect.t === "timer") this.#arm(effect.atMs);
      else this.#decided(effect.answeredBy);
    }
  }

  #arm(atMs: number | undefined): void {
    const { clock } = this.#o;
    this.#cancelTimer();
    if (atMs === undefined) return;
    this.#cancelTimer = clock.at(atMs, () => this.#step({ t: "tick", nowMs: clock.nowMs() }));
  }

  #decided(answeredBy: readonly MacAddress[]): void {
    if (this.#isLost) return;
    this.#known = { atMs: this.#o.clock.nowMs(), answeredBy: new Set(answeredBy) };
    const decided = this.#onDecided;
    this.#onDecided = () => undefined;
    decided(answeredBy);
  }
}
