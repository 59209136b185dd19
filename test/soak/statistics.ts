/** Outcomes of a soak, put together by fault. No I/O. */
import type { Outcome, Ran } from "./outcome.ts";

export interface FaultStatistics {
  readonly fault: string;
  readonly runs: number;
  readonly mostAtOnce: number;
  readonly msOfTwo: number;
  readonly msOfNone: Spread;
  readonly framesOfOthers: number;
  readonly residue: number;
}

export interface Spread {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** In the order of `faults`; those that did not run are left out. */
export function statisticsOf(outcomes: readonly Outcome[], faults: readonly string[]): readonly FaultStatistics[] {
  const ran = outcomes.filter((outcome): outcome is Ran => outcome.t === "ran");
  return faults.flatMap((fault) => {
    const runs = ran.filter((outcome) => outcome.fault === fault);
    return runs.length === 0 ? [] : [statistics(fault, runs)];
  });
}

function statistics(fault: string, runs: readonly Ran[]): FaultStatistics {
  return {
    fault,
    runs: runs.length,
    mostAtOnce: Math.max(...runs.map(({ mostAtOnce }) => mostAtOnce)),
    msOfTwo: sum(runs.map(({ msOfTwo }) => msOfTwo)),
    msOfNone: spread(runs.map(({ msOfNone }) => msOfNone)),
    framesOfOthers: sum(runs.map(({ framesOfOthers }) => framesOfOthers)),
    residue: sum(runs.map(({ residue }) => residue)),
  };
}

/** By nearest rank: each is a value that was measured. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const ranked = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { median: ranked(0.5), p95: ranked(0.95), max: ranked(1) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
