/** Milliseconds on a logarithmic axis with a place of its own for zero. Pure. */

export interface LogScale {
  /** Where `ms` is on the axis, kept inside it; below 1 ms is the place for zero. */
  readonly x: (ms: number) => number;
  readonly ticks: readonly { readonly x: number; readonly words: string }[];
}

export interface Axis {
  /** Of the place for zero, and of the axis from 1 ms on. */
  readonly zero: number;
  readonly from: number;
  readonly to: number;
  /** At its end. */
  readonly mostMs: number;
}

export function logScale({ zero, from, to, mostMs }: Axis): LogScale {
  const decades = Math.log10(mostMs);
  const x = (ms: number): number =>
    ms < 1 ? zero : from + ((to - from) * Math.min(Math.log10(ms), decades)) / decades;
  const powers = Array.from({ length: Math.floor(decades) + 1 }, (_, power) => 10 ** power);
  return { x, ticks: [{ x: zero, words: "0" }, ...powers.map((ms) => ({ x: x(ms), words: spoken(ms) }))] };
}

/** As one would say it: 0, 4 ms, 90 ms, 1.2 s, 18 s. */
export function spoken(ms: number): string {
  if (ms <= 0) return "0";
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  return ms < 10_000 && ms % 1_000 !== 0 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 1_000).toFixed(0)} s`;
}
