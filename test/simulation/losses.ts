/** How long lost nodes were missed, out of how often each duration in ms came. */

export function lossesInWords(losses: Readonly<Record<string, number>>): string {
  const total = Object.values(losses).reduce((sum, count) => sum + count, 0);
  if (total === 0) return "no node was lost while nothing else was wrong";
  const [p50, p99, p100] = [0.5, 0.99, 1].map((share) => percentileMs(losses, share));
  return `${total} nodes lost while nothing else was wrong: served again after p50 ${p50} ms, p99 ${p99} ms, at most ${p100} ms`;
}

/** NaN where there was none. */
export function percentileMs(losses: Readonly<Record<string, number>>, share: number): number {
  const sorted = Object.entries(losses)
    .map(([ms, count]) => ({ ms: Number(ms), count }))
    .sort((a, b) => a.ms - b.ms);
  const rank = share * sorted.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { ms, count } of sorted) {
    seen += count;
    if (seen >= rank) return ms;
  }
  return Number.NaN;
}
