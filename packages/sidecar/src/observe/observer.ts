/**
 * Where every Happening goes: to the log, the metrics, the recent past and, where it is worth one, into an Event. And
 * where the pages come from. Opens no socket and no file: lines go to a function, pages are fetched by adapters/http.
 */
import type { Clock } from "../clock.ts";
import { type EventDraft, eventOf } from "./event.ts";
import type { Happening, Snapshot } from "./happening.ts";
import { isRoutine, type LogLine, logLine } from "./log-line.ts";
import { Metrics } from "./metrics.ts";
import { Moves } from "./moves.ts";
import { healthPage, metricsPage, type Pages, readyPage, statusPage } from "./pages.ts";
import { Repetition } from "./repetition.ts";
import { status, statusText } from "./status.ts";
import { Troubles } from "./troubles.ts";

export interface ObserverParts {
  readonly version: string;
  /** This replica's, as in the Lease. */
  readonly identity: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly write: (line: LogLine) => void;
  /** Whether lines at debug are written: making one of each routine happening is the greater part of its cost. */
  readonly isDebug: boolean;
  /** The moment as RFC 3339, for people. */
  readonly wallTime: () => string;
}

/** What the pages ask of the supervisor. */
export interface Observed {
  readonly snapshot: () => Snapshot;
  /** Since the supervisor's loop last turned. */
  readonly loopAgeMs: () => number;
}

export class Observer {
  readonly #parts: ObserverParts;
  readonly #metrics: Metrics;
  readonly #moves: Moves;
  readonly #troubles = new Troubles();
  readonly #repetition = new Repetition();
  #recordEvent: (draft: EventDraft) => void = () => undefined;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#metrics = new Metrics(parts.version);
    this.#moves = new Moves(parts.identity);
  }

  /** `nowMs`: when it happened, own monotonic clock. */
  tell(happening: Happening, nowMs = this.#parts.clock.nowMs()): void {
    const { identity, isDebug, wallTime, write } = this.#parts;
    this.#metrics.record(happening);
    if (isRoutine(happening) && !isDebug) return;
    const time = wallTime();
    this.#moves.record(happening, nowMs, time);
    this.#troubles.record(happening, time);
    const event = eventOf(happening, { identity, newest: this.#moves.list[0] });
    if (event !== undefined) this.#recordEvent(event);
    const line = logLine(happening);
    const isRepeat = this.#repetition.isRepeat(happening, nowMs);
    write(isRepeat ? { ...line, level: "debug" } : line);
  }

  /** Where Kubernetes Events go, once there is an API to write them to. */
  recordEventsBy(recordEvent: (draft: EventDraft) => void): void {
    this.#recordEvent = recordEvent;
  }

  pages({ snapshot, loopAgeMs }: Observed): Pages {
    return {
      "/healthz": () => healthPage(loopAgeMs()),
      "/readyz": () => {
        const { ready, reason } = snapshot();
        return readyPage(ready, reason);
      },
      "/metrics": () => metricsPage(this.#metrics.render(snapshot())),
      "/status": () => statusPage(this.#status(snapshot())),
    };
  }

  #status(snapshot: Snapshot): string {
    const { version, wallTime } = this.#parts;
    const [moves, troubles] = [this.#moves.list, this.#troubles.list];
    return statusText(status({ version, time: wallTime(), snapshot, moves, troubles }));
  }
}
