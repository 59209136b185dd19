/** Runs health/reach.ts on a segment: keeps its timer, chooses who is asked. How a question is sent is its owner's. */
import type { IpAddress } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import * as reach from "../health/reach.ts";

export interface SegmentReachOptions {
  readonly gateway: IpAddress | undefined;
  readonly clock: Clock;
  /** Neighbours, the last heard first. */
  readonly neighbours: () => readonly IpAddress[];
  readonly asker: () => reach.Asker;
  /** By broadcast, or to the MAC address that is known. */
  readonly ask: (addresses: readonly IpAddress[], by: "unicast" | "broadcast") => void;
}

/** Of the next question; an answer's time is over when it is over. */
const SLACK_MS = 250;

/** Owns its timer until stop(). */
export class SegmentReach {
  readonly #o: SegmentReachOptions;
  #state: reach.ReachState = reach.OFF;
  #cancelTimer: () => void = () => undefined;
  /** Of those who have been asked on this link. */
  #answered = new Set<IpAddress>();
  #asked: readonly IpAddress[] = [];
  #onChange: (reach: reach.Reach) => void = () => undefined;

  constructor(options: SegmentReachOptions) {
    this.#o = options;
  }

  get reach(): reach.Reach {
    return reach.reachOf(this.#state);
  }

  /** Tells when the segment falls silent, and when it answers again. */
  follow(onChange: (reach: reach.Reach) => void): void {
    this.#onChange = onChange;
  }

  /** On a link that was opened; the first question is asked at fromMs. */
  start(fromMs: number): void {
    this.#answered = new Set();
    const wasSilent = this.reach.t === "silent";
    this.#step({ t: "start", fromMs });
    if (wasSilent) this.#onChange(this.reach);
  }

  /** Somebody answered a question of ours. */
  heard(address: IpAddress): void {
    if (!this.#asked.includes(address)) return;
    this.#answered.add(address);
    this.#step({ t: "answered", nowMs: this.#o.clock.nowMs() });
  }

  stop(): void {
    this.#step({ t: "stop" });
    this.#cancelTimer();
  }

  #step(event: reach.ReachEvent): void {
    const [state, effects] = reach.step(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      switch (effect.t) {
        case "ask":
          this.#ask(effect.by);
          break;
        case "timer":
          this.#arm(effect.atMs);
          break;
        case "changed":
          this.#onChange(effect.reach);
      }
    }
  }

  #ask(by: "unicast" | "broadcast"): void {
    const { gateway, neighbours, ask } = this.#o;
    this.#asked = reach.toAsk(gateway, (address) => this.#answered.has(address), neighbours());
    ask(this.#asked, by);
  }

  #arm(atMs: number | undefined): void {
    const { clock, asker } = this.#o;
    this.#cancelTimer();
    if (atMs === undefined) return;
    const slackMs = reach.isWaiting(this.#state) ? 0 : SLACK_MS;
    const tick = (): void => this.#step({ t: "tick", nowMs: clock.nowMs(), asker: asker() });
    this.#cancelTimer = clock.at(atMs, tick, slackMs);
  }
}
