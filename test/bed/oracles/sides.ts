/**
 * What the samplers on all sides of a cut saw, put together: how many of ours answered at one instant, and how long
 * nobody did. Two answers from two sides are two, though no one probe met both. No I/O.
 */
import type { AnswerRun } from "../arp-answers.ts";

export interface Interval {
  readonly macs: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SidesReport {
  /** The most of ours that answered at one instant, on whichever side. */
  readonly mostAtOnce: number;
  readonly twos: readonly Interval[];
  /** A single probe that two answered counts as one period. */
  readonly msOfTwo: number;
  readonly msOfNone: number;
  readonly longestNoneMs: number;
  /** In which somebody who is none of ours answered. */
  readonly msOfStrangers: number;
  /** The longest time between two probes of a side: what happened inside it was not seen. */
  readonly longestBlindMs: number;
}

export interface SidesOptions {
  readonly periodMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isStranger: (mac: string) => boolean;
}

export function reportSides(sides: readonly (readonly AnswerRun[])[], options: SidesOptions): SidesReport {
  const { periodMs, isStranger } = options;
  const clipped = sides.map((runs) => runs.flatMap((run) => within(run, options)));
  const ours = clipped.map((runs) => intervalsOf(runs, (mac) => !isStranger(mac)));
  const strangers = clipped.flatMap((runs) => intervalsOf(runs, isStranger));
  const twos = joined([...ours.flat().filter(({ macs }) => macs.length > 1), ...acrossSides(ours)]);
  const gaps = gapsOf(clipped, ours.flat(), options);
  return {
    mostAtOnce: Math.max(0, ...ours.flat().map(({ macs }) => macs.length), ...twos.map(({ macs }) => macs.length)),
    twos,
    msOfTwo: total(twos.map(({ fromMs, toMs }) => Math.max(periodMs, toMs - fromMs))),
    msOfNone: total(gaps),
    longestNoneMs: Math.max(0, ...gaps),
    msOfStrangers: total(joined(strangers).map(({ fromMs, toMs }) => Math.max(periodMs, toMs - fromMs))),
    longestBlindMs: Math.max(0, ...clipped.map(longestBlindMs)),
  };
}

function within(run: AnswerRun, { fromMs, toMs }: SidesOptions): readonly AnswerRun[] {
  if (run.toMs < fromMs || run.fromMs > toMs) return [];
  return [{ ...run, fromMs: Math.max(run.fromMs, fromMs), toMs: Math.min(run.toMs, toMs) }];
}

function intervalsOf(runs: readonly AnswerRun[], counts: (mac: string) => boolean): readonly Interval[] {
  return runs.flatMap(({ macs, fromMs, toMs }) => {
    const counted = macs.filter(counts);
    return counted.length === 0 ? [] : [{ macs: counted, fromMs, toMs }];
  });
}

/** Where an interval of one side overlaps one of another side that names somebody else. */
function acrossSides(sides: readonly (readonly Interval[])[]): readonly Interval[] {
  return sides.flatMap((side, index) => sides.slice(index + 1).flatMap((other) => overlaps(side, other)));
}

/** Both are in the order of time: one pass. */
function overlaps(left: readonly Interval[], right: readonly Interval[]): readonly Interval[] {
  const found: Interval[] = [];
  let [l, r] = [0, 0];
  for (;;) {
    const [one, two] = [left[l], right[r]];
    if (one === undefined || two === undefined) return found;
    const [fromMs, toMs] = [Math.max(one.fromMs, two.fromMs), Math.min(one.toMs, two.toMs)];
    const macs = [...new Set([...one.macs, ...two.macs])].sort();
    if (fromMs <= toMs && macs.length > 1) found.push({ macs, fromMs, toMs });
    if (one.toMs < two.toMs) l += 1;
    else r += 1;
  }
}

/** In the order of time, those that touch made one. */
function joined(intervals: readonly Interval[]): readonly Interval[] {
  const whole: Interval[] = [];
  for (const interval of [...intervals].sort((left, right) => left.fromMs - right.fromMs)) {
    const last = whole.at(-1);
    if (last === undefined || interval.fromMs > last.toMs) whole.push(interval);
    else {
      const macs = [...new Set([...last.macs, ...interval.macs])].sort();
      whole[whole.length - 1] = { macs, fromMs: last.fromMs, toMs: Math.max(last.toMs, interval.toMs) };
    }
  }
  return whole;
}

/** A probe that was sent late is not silence. */
const LATE_MS = 3;

/**
 * Lengths of the stretches in which nobody of ours answered. A stretch counts only if a side that is answered at all
 * asked in it in vain: what nobody probed is blindness, not silence. Records come in pieces, one period apart, and sides
 * take turns: a single unanswered probe is not told from that.
 */
function gapsOf(sides: readonly (readonly AnswerRun[])[], ours: readonly Interval[], options: SidesOptions) {
  const { fromMs, toMs, periodMs, isStranger } = options;
  const isOurs = ({ macs }: AnswerRun) => macs.some((mac) => !isStranger(mac));
  const inVain = sides.filter((runs) => runs.some(isOurs)).flatMap((runs) => runs.filter((run) => !isOurs(run)));
  const edges = [{ toMs: fromMs, fromMs }, ...joined(ours), { fromMs: toMs, toMs }];
  return edges.flatMap((edge, index) => {
    const nextMs = edges[index + 1]?.fromMs ?? edge.toMs;
    const asked = ours.length === 0 || inVain.some((run) => run.fromMs < nextMs && run.toMs > edge.toMs);
    return asked && nextMs - edge.toMs > 2 * periodMs + LATE_MS ? [nextMs - edge.toMs] : [];
  });
}

function longestBlindMs(runs: readonly AnswerRun[]): number {
  return runs.reduce((most, run, index) => {
    const next = runs[index + 1];
    return Math.max(most, run.longestBlindMs, next === undefined ? 0 : next.fromMs - run.toMs);
  }, 0);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
