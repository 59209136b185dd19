/**
 * The metrics: counters from Happenings, gauges from the Snapshot, text for /metrics. Written by hand because a client
 * library costs more memory than everything else here together (docs/decisions).
 */
import { Counter, Histogram } from "./counts.ts";
import { exposition, type Sample } from "./exposition.ts";
import type { Happening, Snapshot } from "./happening.ts";
import {
  type CounterKey,
  type GaugeKey,
  type HistogramKey,
  type LabelsOf,
  METRICS,
  type MetricDefinition,
} from "./metric-names.ts";

export class Metrics {
  readonly #version: string;
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();

  constructor(version: string) {
    this.#version = version;
    for (const [key, definition] of Object.entries<MetricDefinition>(METRICS)) {
      if (definition.type === "counter") this.#counters.set(key, new Counter(definition.labels));
      if (definition.type === "histogram") this.#histograms.set(key, new Histogram(definition.bucketsSeconds ?? []));
    }
  }

  record(happening: Happening): void {
    switch (happening.t) {
      case "transition":
        if (happening.machine === "election" && happening.from === "holding") {
          this.#count("holdsEnded", { reason: happening.reason });
        }
        return this.#count("transitions", { machine: happening.machine, to: happening.to });
      case "notice":
        return this.#count("notices", { notice: happening.notice.t });
      case "problem":
      case "recovered":
      case "fence":
        // What is wrong now is the snapshot's to say.
        return;
      case "trouble":
        return this.#count("troubles", { where: happening.where, code: happening.code });
      case "lease-request":
        if (happening.verb !== "watch") this.#observe("leaseRequestDuration", happening.durationMs);
        return this.#count("leaseRequests", { verb: happening.verb, outcome: happening.outcome });
      case "lease-write":
        return this.#count("leaseWrites", { purpose: happening.purpose, result: happening.result });
      case "holder-changed":
        return this.#count("holderChanges", {});
      case "took":
        this.#observe("wonToFirstFrame", happening.wonToFirstFrameMs);
        return this.#count("takeovers", {});
      case "silenced":
        this.#observe("silencing", happening.tookMs);
        return this.#count("silences", {});
      case "frames-sent":
        return this.#count("framesSent", { form: happening.form }, happening.count);
      case "acknowledged":
        return this.#count("acknowledgements", {});
      case "conflict":
        return this.#count("conflicts", {});
      case "restored":
        return this.#count("restored", {});
      case "swept":
        return this.#count("swept", {});
      case "event":
        return this.#count("events", { outcome: happening.outcome });
      default:
        return assertNever(happening);
    }
  }

  /** The whole page, in the order of METRICS; ends with a line feed. */
  render(snapshot: Snapshot): string {
    const gauges = this.#gauges(snapshot);
    const families = Object.entries<MetricDefinition>(METRICS).map(([key, definition]) => {
      const counted = this.#counters.get(key) ?? this.#histograms.get(key);
      return exposition(definition, counted?.samples() ?? gauges[key as GaugeKey]);
    });
    return families.join("");
  }

  #gauges(snapshot: Snapshot): Readonly<Record<GaugeKey, readonly Sample[]>> {
    const { fenceLevel } = snapshot;
    const problems = (severity: string) => snapshot.problems.filter((problem) => problem.severity === severity).length;
    return {
      buildInfo: [{ labels: { version: this.#version }, value: 1 }],
      isHolder: gauge(snapshot.deadlineInMs !== undefined),
      ready: gauge(snapshot.ready),
      linkUp: gauge(snapshot.linkUp),
      health: [{ labels: { verdict: snapshot.health.verdict }, value: 1 }],
      fenceLevel: fenceLevel === undefined ? [] : [{ labels: { level: fenceLevel }, value: 1 }],
      deadline: gauge(inSeconds(snapshot.deadlineInMs)),
      leaseAge: gauge(inSeconds(snapshot.leaseAgeMs)),
      leaseTransitions: gauge(snapshot.leaseTransitions),
      mode: [{ labels: { mode: snapshot.mode }, value: 1 }],
      movesInWindow: gauge(snapshot.movesInWindow),
      acknowledgedNeighbours: gauge(snapshot.acknowledgedBy.length),
      unacknowledgedNeighbours: gauge(snapshot.unacknowledgedBy.length),
      configProblems: ["error", "warning"].map((severity) => ({ labels: { severity }, value: problems(severity) })),
    };
  }

  #count<K extends CounterKey>(key: K, labels: LabelsOf<K>, amount = 1): void {
    this.#counters.get(key)?.add(labels, amount);
  }

  #observe(key: HistogramKey, durationMs: number): void {
    this.#histograms.get(key)?.observe(durationMs / 1000);
  }
}

/** What is not known has no sample. */
function gauge(value: number | boolean | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value: Number(value) }];
}

function inSeconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : durationMs / 1000;
}

function assertNever(value: never): never {
  throw new TypeError(`metrics: impossible value ${JSON.stringify(value)}`);
}
