/** What health is judged by, in memory: an API server and a Pod as a test says, and peers whose pages are always asked. */
import type { Clock } from "../clock.ts";
import type { ProbeResult } from "../health/own-server.ts";
import { type PeerStatus, parsePeerStatus } from "../health/report.ts";
import type { HealthNews, HealthSources, OwnPod, PeerSource } from "../health/sources.ts";
import type { Snapshot } from "../observe/happening.ts";
import { status, statusText } from "../observe/status.ts";

/** Nothing is known and nobody is there. */
export const UNKNOWN_HEALTH: HealthSources = {
  start: () => undefined,
  peers: { follow: () => undefined, ask: async () => [] },
  close: () => undefined,
};

const LOOK_EVERY_MS = 900;
const LOOK_AGAIN_MS = 450;
const FOLLOW_EVERY_MS = 8500;

export interface MemoryHealthOptions {
  readonly clock: Clock;
  /** Of the other replicas that live. */
  readonly peers: () => readonly Snapshot[];
}

export class MemoryHealth implements HealthSources {
  readonly #o: MemoryHealthOptions;
  #news: HealthNews | undefined;
  #server: ProbeResult | undefined;
  #pod: OwnPod = { leaving: undefined, revision: undefined, updateRevision: undefined };
  #closed = false;
  #cancelLook: () => void = () => undefined;
  #cancelFollow: () => void = () => undefined;
  /** How often the peers were asked, but for following them. */
  asked = 0;
  /** How long one of them takes to answer when it is asked; for following them they all answer at once. */
  answerAfterMs = 0;

  constructor(options: MemoryHealthOptions) {
    this.#o = options;
  }

  /** What every look at the own API server finds from now on, at once and again and again. */
  set server(result: ProbeResult) {
    this.#server = result;
    this.#cancelLook();
    this.#look();
  }

  set pod(pod: Partial<OwnPod>) {
    this.#pod = { ...this.#pod, ...pod };
    this.#news?.onPod(this.#pod);
  }

  start(news: HealthNews): void {
    this.#news = news;
    news.onPod(this.#pod);
    this.#look();
  }

  readonly peers: PeerSource = {
    follow: (onKnown) => {
      this.#cancelFollow();
      if (onKnown !== undefined) this.#follow(onKnown);
    },
    ask: async () => {
      this.asked += 1;
      await this.#answered();
      return this.#statuses();
    },
  };

  close(): void {
    this.#closed = true;
    this.#cancelLook();
    this.#cancelFollow();
  }

  #look(): void {
    const { clock } = this.#o;
    if (this.#closed || this.#news === undefined || this.#server === undefined) return;
    this.#news.onProbe(this.#server, clock.nowMs());
    const waitMs = this.#server.t === "ready" ? LOOK_EVERY_MS : LOOK_AGAIN_MS;
    this.#cancelLook = clock.at(clock.nowMs() + waitMs, () => this.#look());
  }

  #answered(): Promise<void> {
    const { clock } = this.#o;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.answerAfterMs === 0) resolve();
    else clock.at(clock.nowMs() + this.answerAfterMs, resolve);
    return promise;
  }

  #follow(onKnown: (peers: readonly PeerStatus[]) => void): void {
    const { clock } = this.#o;
    this.#cancelFollow = clock.at(clock.nowMs() + FOLLOW_EVERY_MS, () => this.#follow(onKnown));
    onKnown(this.#statuses());
  }

  #statuses(): readonly PeerStatus[] {
    const nowMs = this.#o.clock.nowMs();
    return this.#o.peers().flatMap((snapshot) => {
      const text = statusText(status({ version: "0", time: "", snapshot, moves: [], troubles: [] }));
      const peer = parsePeerStatus(text, { askedAtMs: nowMs, answeredAtMs: nowMs });
      return peer === undefined ? [] : [peer];
    });
  }
}
