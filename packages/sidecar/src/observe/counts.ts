/**
 * Counters and histograms in memory, bounded whatever is counted: a label's value is one short word, and a metric has
 * at most SERIES_MAX combinations; anything else is counted as "other".
 */
import type { Sample } from "./exposition.ts";

/** The largest set in use is verbs x outcomes: 25. */
const SERIES_MAX = 64;
const WORD_MAX = 48;
const OTHER = "other";

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

export class Counter {
  readonly #labels: readonly string[];
  readonly #series = new Map<string, Series>();

  /** Without labels it begins at 0, so that its first increase is seen as one. */
  constructor(labels: readonly string[]) {
    this.#labels = labels;
    if (labels.length === 0) this.#seriesOf({});
  }

  add(labels: Readonly<Record<string, string>>, amount: number): void {
    this.#seriesOf(this.#labelled((label) => word(labels[label]))).value += amount;
  }

  samples(): readonly Sample[] {
    return [...this.#series.values()];
  }

  #seriesOf(labels: Readonly<Record<string, string>>): Series {
    const key = Object.values(labels).join(" ");
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const others = this.#labelled(() => OTHER);
    const isFull = this.#series.size >= SERIES_MAX - 1;
    if (isFull && key !== Object.values(others).join(" ")) return this.#seriesOf(others);
    const series = { labels, value: 0 };
    this.#series.set(key, series);
    return series;
  }

  #labelled(wordFor: (label: string) => string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#labels.map((label) => [label, wordFor(label)]));
  }
}

export class Histogram {
  readonly #bounds: readonly number[];
  /** One more than bounds: over the last. */
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds Upper bounds, ascending, without +Inf. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** Buckets are cumulative: each counts all that is at most its bound. */
  samples(): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((inBucket, i): Sample => {
      count += inBucket;
      return { suffix: "_bucket", labels: { le: String(this.#bounds[i] ?? "+Inf") }, value: count };
    });
    return [
      ...buckets,
      { suffix: "_sum", labels: {}, value: this.#sum },
      { suffix: "_count", labels: {}, value: count },
    ];
  }
}

/** "stop asked for" is "stop-asked-for"; a longer sentence is no label. */
function word(text = ""): string {
  const joined = text.replace(/[^A-Za-z0-9_]+/g, "-");
  return joined !== "" && joined.length <= WORD_MAX ? joined : OTHER;
}
