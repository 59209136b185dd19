/**
 * Where every Happening goes: to the log, the metrics and the recent past. And where the pages come from. Opens no
 * socket and no file: lines go to a function, pages are fetched by adapters/http.
 */
import type { Clock } from "../clock.ts";
import type { Happening, Snapshot } from "./happening.ts";
import { type LogLine, logLine } from "./log-line.ts";
import { Metrics } from "./metrics.ts";
import { healthPage, metricsPage, type Pages, readyPage, statusPage } from "./pages.ts";
import { Recent } from "./recent.ts";
import { Repetition } from "./repetition.ts";
import { status, statusText } from "./status.ts";

export interface ObserverParts {
  readonly version: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly write: (line: LogLine) => void;
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
  readonly #recent = new Recent();
  readonly #repetition = new Repetition();

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#metrics = new Metrics(parts.version);
  }

  /** `nowMs`: when it happened, own monotonic clock. */
  tell(happening: Happening, nowMs = this.#parts.clock.nowMs()): void {
    this.#metrics.record(happening);
    this.#recent.record(happening, this.#parts.wallTime());
    const line = logLine(happening);
    const isRepeat = this.#repetition.isRepeat(happening, nowMs);
    this.#parts.write(isRepeat ? { ...line, level: "debug" } : line);
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
    const { moves, troubles } = this.#recent;
    const { version, wallTime } = this.#parts;
    return statusText(status({ version, time: wallTime(), snapshot, moves, troubles }));
  }
}
