/** Numbers that a suite measures: their middle, and one line of output that docs can quote. */

/** The middle of `samples`; NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Prints count, least, median and most of `samplesMs`, and gives the median back. */
export function measured(what: string, samplesMs: readonly number[]): number {
  const [least, middle, most] = [Math.min(...samplesMs), median(samplesMs), Math.max(...samplesMs)];
  const digits = (value: number) => value.toFixed(Math.abs(value) < 1 ? 3 : 1);
  process.stdout.write(
    `measured: ${what}: ${samplesMs.length} times, ${digits(least)} / ${digits(middle)} / ${digits(most)} ms (least, median, most)\n`,
  );
  return middle;
}
