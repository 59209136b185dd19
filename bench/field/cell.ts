/** The runs of one event with one tool, put together. No I/O. */
import type { EventId, Run, ToolId } from "./outcome.ts";

/** By nearest rank: each is a value that was measured. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export interface Cell {
  readonly tool: ToolId;
  readonly event: EventId;
  readonly runs: number;
  readonly tried: number;
  readonly lost: number;
  readonly outageMs: Spread;
  readonly twoMs: Spread;
  readonly noneMs: Spread;
  /** Runs at whose end not exactly one other replica served everybody. */
  readonly unhealed: number;
  /** The longest watch, for what never healed. */
  readonly watchedMs: number;
  /** The run in the middle, by outage, lost connections, time of two: for the picture. */
  readonly typical: Run;
}

/** undefined: it was not run. */
export function cellOf(runs: readonly Run[], tool: ToolId, event: EventId): Cell | undefined {
  const own = runs.filter((run) => run.tool === tool && run.event === event);
  const typical = typicalOf(own);
  if (typical === undefined) return undefined;
  return {
    tool,
    event,
    runs: own.length,
    tried: sum(own.map(({ tried }) => tried)),
    lost: sum(own.map(({ lost }) => lost)),
    outageMs: spread(own.map(({ outageMs }) => outageMs)),
    twoMs: spread(own.map(({ twoMs }) => twoMs)),
    noneMs: spread(own.map(({ noneMs }) => noneMs)),
    unhealed: own.filter(({ healed }) => !healed).length,
    watchedMs: Math.max(...own.map(({ watchedMs }) => watchedMs)),
    typical,
  };
}

/** Why a run has not healed, in words that fit a cell: what was so at its end. */
export function troubleOf({ answers, lostStretches, watchedMs }: Run): string {
  const last = answers.at(-1)?.who;
  const still = `still after ${Math.round(watchedMs / 1_000)} s`;
  if (last === "two") return `two answer, ${still}`;
  if (last === "none" || last === undefined) return `nobody answers, ${still}`;
  const isServed = (lostStretches.at(-1)?.toMs ?? 0) < watchedMs;
  if (last === "old") return isServed ? `not moved, ${still}` : `not moved, lost, ${still}`;
  if (!isServed) return `moved, not served, ${still}`;
  // Nothing but the frozen one's own waking ended it.
  return answers.some(({ who }) => who === "two") ? "two answered until it woke" : "not before it woke";
}

function typicalOf(runs: readonly Run[]): Run | undefined {
  const sorted = [...runs].sort(
    (left, right) => left.outageMs - right.outageMs || left.lost - right.lost || left.twoMs - right.twoMs,
  );
  return sorted[Math.ceil(sorted.length / 2) - 1];
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const ranked = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { min: ranked(0), median: ranked(0.5), p95: ranked(0.95), max: ranked(1) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
