/**
 * Time from the kernel: CLOCK_MONOTONIC for durations and deadlines, the wall clock for what people read. The only
 * file that asks for it.
 */
import type { Clock } from "../clock.ts";

/** setTimeout takes a signed 32-bit number of milliseconds; anything over it fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** What has slack meets once a second. */
const BEAT_MS = 1000;

export class SystemClock implements Clock {
  /** Of the beat: every process has its own, or a thousand on one host would wake together. */
  readonly #phaseMs = this.nowMs() % BEAT_MS;

  /** Since the machine started, not the process: the number is the same for every process of the host. */
  nowMs(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  wallTimeMs(): number {
    return Date.now();
  }

  at(earliestMs: number, callback: () => void, slackMs = 0): () => void {
    const atMs = this.#onBeat(earliestMs, slackMs);
    const arm = (): NodeJS.Timeout => {
      const leftMs = Math.ceil(atMs - this.nowMs());
      return setTimeout(fire, Math.min(Math.max(leftMs, 0), TIMER_MAX_MS));
    };
    // libuv counts whole milliseconds from the start of the loop's turn: a timer may fire up to 1 ms early.
    const fire = () => {
      if (this.nowMs() < atMs) timer = arm();
      else callback();
    };
    let timer = arm();
    return () => clearTimeout(timer);
  }

  #onBeat(atMs: number, slackMs: number): number {
    const beatMs = Math.ceil((atMs - this.#phaseMs) / BEAT_MS) * BEAT_MS + this.#phaseMs;
    return beatMs - atMs <= slackMs ? beatMs : atMs;
  }
}

/** Kubernetes' MicroTime: RFC 3339 in UTC with six fraction digits, "2026-01-02T03:04:05.678000Z". */
export function microTime(wallTimeMs: number): string {
  const wholeMs = Math.floor(wallTimeMs);
  const micros = Math.floor((wallTimeMs - wholeMs) * 1000);
  return new Date(wholeMs).toISOString().replace("Z", `${String(micros).padStart(3, "0")}Z`);
}
