/** One moment of the story as a value, from what the cast says and the observers saw. How it looks is picture.ts. */
import type { AnswerRun } from "../bed/arp-answers.ts";
import type { Attempt } from "../bed/connections.ts";
import type { Cast } from "./cast.ts";
import type { News } from "./chronicle.ts";
import type { Act } from "./story.ts";

/** Connections begun in one second. */
export interface Second {
  readonly tried: number;
  readonly lost: number;
}

export interface Scene {
  readonly elapsedMs: number;
  readonly act: Pick<Act, "event" | "words"> & { readonly number: number; readonly of: number };
  /** Elapsed ms at which each act began. */
  readonly actsBeganMs: readonly number[];
  readonly replicas: readonly {
    readonly name: string;
    readonly role: string;
    /** Its net1's; undefined: the pod is lost. */
    readonly mac: string | undefined;
    readonly answers: boolean;
  }[];
  readonly holder: string | undefined;
  /** Since the last write to the Lease; undefined: there was none. */
  readonly leaseAgeMs: number | undefined;
  /** From the story's beginning, one second each. */
  readonly worker: readonly Second[];
  readonly client: readonly Second[];
  /** The most MAC addresses that answered one ARP probe, second by second. */
  readonly holders: readonly number[];
  /** Elapsed instead of monotonic times; the newest last. */
  readonly news: readonly News[];
}

/** Answers older than this are no longer news: the sampler asks every 2 ms and tells within 200. */
const ANSWERED_WITHIN_MS = 400;

export function sceneOf(
  cast: Cast,
  at: {
    readonly nowMs: number;
    readonly startMs: number;
    readonly actsBeganAtMs: readonly number[];
    readonly act: Scene["act"];
  },
): Scene {
  const { nowMs, startMs, actsBeganAtMs, act } = at;
  const { arp, worker, client } = cast.observers;
  const { chronicle } = cast;
  const answering = new Set(recent(arp.runs, nowMs).flatMap(({ macs }) => macs));
  return {
    elapsedMs: nowMs - startMs,
    act,
    actsBeganMs: actsBeganAtMs.map((beganAtMs) => beganAtMs - startMs),
    replicas: cast.replicas.map(({ name, mac }) => ({
      name,
      mac,
      role: chronicle.role(name),
      answers: mac !== undefined && answering.has(mac),
    })),
    holder: chronicle.holder,
    leaseAgeMs: chronicle.leaseChangedAtMs === undefined ? undefined : nowMs - chronicle.leaseChangedAtMs,
    worker: connectionsBySecond(worker.attempts, startMs),
    client: connectionsBySecond(client.attempts, startMs),
    holders: holdersBySecond(arp.runs, startMs),
    news: chronicle.news.map((news) => ({ ...news, atMs: news.atMs - startMs })),
  };
}

/** Those begun before `startMs` are left out. */
export function connectionsBySecond(attempts: readonly Attempt[], startMs: number): readonly Second[] {
  const seconds: { tried: number; lost: number }[] = [];
  for (const { startMs: begunAtMs, outcome } of attempts) {
    const index = Math.floor((begunAtMs - startMs) / 1000);
    if (index < 0) continue;
    while (seconds.length <= index) seconds.push({ tried: 0, lost: 0 });
    const second = seconds[index];
    if (second === undefined) continue;
    second.tried += 1;
    if (outcome !== "served") second.lost += 1;
  }
  return seconds;
}

export function holdersBySecond(runs: readonly AnswerRun[], startMs: number): readonly number[] {
  const seconds: number[] = [];
  for (const { macs, fromMs, toMs } of runs) {
    const last = Math.floor((toMs - startMs) / 1000);
    for (let index = Math.max(0, Math.floor((fromMs - startMs) / 1000)); index <= last; index += 1) {
      while (seconds.length <= index) seconds.push(0);
      seconds[index] = Math.max(seconds[index] ?? 0, macs.length);
    }
  }
  return seconds;
}

function recent(runs: readonly AnswerRun[], nowMs: number): readonly AnswerRun[] {
  const first = runs.findLastIndex(({ toMs }) => toMs < nowMs - ANSWERED_WITHIN_MS);
  return runs.slice(first + 1);
}
