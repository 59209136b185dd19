/**
 * How many Events may be written: a burst and then one every half minute, and of repeats one for each five minutes, with
 * their count. Pure: when it is asked is its caller's matter. An Event costs etcd as much as a renewal does.
 */
import type { EventDraft } from "./event.ts";

/** An Event as it is to be written. */
export interface EventSeries extends EventDraft {
  /** RFC 3339. */
  readonly firstTime: string;
  readonly lastTime: string;
  /** How often it happened, 1 or more. */
  readonly count: number;
}

/** A flapping VIP is known from as many. */
export const BURST_MAX = 20;
export const REFILL_MS = 30_000;
export const REPEAT_MS = 300_000;
/** Each is a note with addresses in it: more different ones than that are not followed for repeats. */
const SERIES_MAX = 64;

interface Following {
  readonly series: EventSeries;
  readonly untilMs: number;
}

export class EventBudget {
  readonly #following = new Map<string, Following>();
  #tokens = BURST_MAX;
  #refilledAtMs = 0;

  /** "repeat": counted, and told by due() later. "over": there are too many, and it is lost. */
  offer(draft: EventDraft, nowMs: number, time: string): EventSeries | "repeat" | "over" {
    const key = `${draft.reason} ${draft.note}`;
    const following = this.#following.get(key);
    if (following !== undefined) {
      const series = { ...following.series, lastTime: time, count: following.series.count + 1 };
      this.#following.set(key, { ...following, series });
      return "repeat";
    }
    if (!this.#spend(nowMs)) return "over";
    const series: EventSeries = { ...draft, firstTime: time, lastTime: time, count: 1 };
    if (this.#following.size < SERIES_MAX) this.#following.set(key, { series, untilMs: nowMs + REPEAT_MS });
    return series;
  }

  /** The repeats whose five minutes are over. They cost nothing: there is one for each that was paid for. */
  due(nowMs: number): readonly EventSeries[] {
    const over = [...this.#following].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [key] of over) this.#following.delete(key);
    return over.map(([, { series }]) => series).filter(({ count }) => count > 1);
  }

  /** When due() is to be called next. */
  get wakeMs(): number | undefined {
    const [oldest] = this.#following.values();
    return oldest?.untilMs;
  }

  #spend(nowMs: number): boolean {
    const refills = Math.floor((nowMs - this.#refilledAtMs) / REFILL_MS);
    this.#tokens = Math.min(BURST_MAX, this.#tokens + refills);
    this.#refilledAtMs += refills * REFILL_MS;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
