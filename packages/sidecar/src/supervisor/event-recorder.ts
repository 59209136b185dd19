/**
 * Takes Events to the API, one after the other, each tried once: nobody waits for it, and what does not fit is counted
 * and lost. Off for the rest of this life where the API forbids it.
 */
import type { Clock } from "../clock.ts";
import type { EventDraft, RecordOutcome } from "../observe/event.ts";
import { EventBudget, type EventSeries } from "../observe/event-budget.ts";
import type { Happening } from "../observe/happening.ts";

export interface EventRecorderOptions {
  readonly clock: Clock;
  /** RFC 3339 with six fraction digits. */
  readonly wallTime: () => string;
  /** One try; settles within a few seconds and never rejects. */
  readonly record: (event: EventSeries) => Promise<RecordOutcome>;
  readonly tell: (happening: Happening) => void;
}

const WAITING_MAX = 16;
/** Over the announcements that a takeover begins with: the process has better to do then than a TLS handshake. */
const DELAY_MS = 250;

export class EventRecorder {
  readonly #o: EventRecorderOptions;
  readonly #budget = new EventBudget();
  readonly #waiting: EventSeries[] = [];
  #cancelSending: (() => void) | undefined;
  #cancelDue: (() => void) | undefined;
  #sending = false;
  #off = false;

  constructor(options: EventRecorderOptions) {
    this.#o = options;
  }

  /** Returns at once. */
  offer(draft: EventDraft): void {
    if (this.#off) return;
    const { clock, wallTime, tell } = this.#o;
    const offered = this.#budget.offer(draft, clock.nowMs(), wallTime());
    if (offered === "over") tell({ t: "event", outcome: "over-budget" });
    else if (offered !== "repeat") this.#enqueue(offered);
    this.#armDue();
  }

  /** What waits is lost. */
  close(): void {
    this.#off = true;
    this.#waiting.length = 0;
    this.#cancelSending?.();
    this.#cancelDue?.();
  }

  #enqueue(event: EventSeries): void {
    const { clock, tell } = this.#o;
    if (this.#waiting.length >= WAITING_MAX) return tell({ t: "event", outcome: "lost" });
    this.#waiting.push(event);
    if (this.#sending || this.#cancelSending !== undefined) return;
    this.#cancelSending = clock.at(clock.nowMs() + DELAY_MS, () => {
      this.#cancelSending = undefined;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#sending = true;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const outcome = await this.#o.record(event);
      if (this.#off) break;
      this.#o.tell({ t: "event", outcome });
      if (outcome === "forbidden") this.close();
    }
    this.#sending = false;
  }

  #armDue(): void {
    const { clock } = this.#o;
    const { wakeMs } = this.#budget;
    if (this.#cancelDue !== undefined || wakeMs === undefined || this.#off) return;
    this.#cancelDue = clock.at(wakeMs, () => {
      this.#cancelDue = undefined;
      for (const event of this.#budget.due(clock.nowMs())) this.#enqueue(event);
      this.#armDue();
    });
  }
}
