/** What the ARP sampler's records say: who answered for the VIP, when, and how many at once. No I/O. */

/** Consecutive probes that the same MAC addresses answered. */
export interface AnswerRun {
  /** Sorted; empty: nobody answered. Two or more: two holders. */
  readonly macs: readonly string[];
  /** Monotonic ms at which the first and the last of these probes were sent. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly probes: number;
  /** The longest time between two of these probes; 0 for one probe. */
  readonly longestBlindMs: number;
}

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly macs: readonly string[];
}

export interface ArpReport {
  readonly probes: number;
  /** The most MAC addresses that answered one probe. */
  readonly mostAtOnce: number;
  /** Stretches in which two or more answered the same probe. */
  readonly intervalsOfTwo: readonly Interval[];
  /** First and last answered probe of each MAC, in order of the first. */
  readonly answerers: readonly { readonly mac: string; readonly firstMs: number; readonly lastMs: number }[];
  /** The longest stretch of unanswered probes, sent to sent. */
  readonly longestSilenceMs: number;
  /** The longest time between two probes: what happened inside it was not seen. */
  readonly longestBlindMs: number;
}

/** The report over the runs that overlap [fromMs, toMs]; the default is everything. */
export function reportAnswers(runs: readonly AnswerRun[], fromMs = 0, toMs = Number.POSITIVE_INFINITY): ArpReport {
  const chosen = joined(runs.filter((run) => run.toMs >= fromMs && run.fromMs <= toMs));
  const twos = chosen.filter((run) => run.macs.length > 1);
  const silences = chosen.filter((run) => run.macs.length === 0).map((run) => run.toMs - run.fromMs);
  const blinds = chosen.flatMap((run, index) => {
    const next = chosen[index + 1];
    return [run.longestBlindMs, next === undefined ? 0 : next.fromMs - run.toMs];
  });
  return {
    probes: chosen.reduce((total, run) => total + run.probes, 0),
    mostAtOnce: largest(chosen.map((run) => run.macs.length)),
    intervalsOfTwo: twos.map(({ macs, fromMs: from, toMs: to }) => ({ macs, fromMs: from, toMs: to })),
    answerers: answerersOf(chosen),
    longestSilenceMs: largest(silences),
    longestBlindMs: largest(blinds),
  };
}

/** Monotonic ms of the first probe sent at or after `afterMs` that a MAC other than `mac` answered. */
export function firstOther(runs: readonly AnswerRun[], mac: string, afterMs: number): number | undefined {
  const run = runs.find((each) => each.toMs >= afterMs && each.macs.some((other) => other !== mac));
  return run === undefined ? undefined : Math.max(run.fromMs, afterMs);
}

/** The sampler tells a long run in pieces: they are one again. */
function joined(runs: readonly AnswerRun[]): readonly AnswerRun[] {
  const whole: AnswerRun[] = [];
  for (const run of runs) {
    const last = whole.at(-1);
    if (last?.macs.join() === run.macs.join()) whole[whole.length - 1] = extended(last, run);
    else whole.push(run);
  }
  return whole;
}

/** `run` and what follows it, answered by the same. */
export function extended(run: AnswerRun, next: AnswerRun): AnswerRun {
  return {
    macs: run.macs,
    fromMs: run.fromMs,
    toMs: next.toMs,
    probes: run.probes + next.probes,
    longestBlindMs: Math.max(run.longestBlindMs, next.fromMs - run.toMs, next.longestBlindMs),
  };
}

function answerersOf(runs: readonly AnswerRun[]): ArpReport["answerers"] {
  const seen = new Map<string, { mac: string; firstMs: number; lastMs: number }>();
  for (const run of runs) {
    for (const mac of run.macs) {
      const known = seen.get(mac);
      if (known === undefined) seen.set(mac, { mac, firstMs: run.fromMs, lastMs: run.toMs });
      else known.lastMs = run.toMs;
    }
  }
  return [...seen.values()];
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
