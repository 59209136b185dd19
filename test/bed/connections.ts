/** What the connector's records say: connections tried, lost, and the longest gap. No I/O. */

/** "served": the first byte of an answer came. Everything else is a lost connection. */
export type Outcome = "served" | "refused" | "reset" | "timeout" | "unreachable";

export interface Attempt {
  /** Monotonic ms at which the connection was begun. */
  readonly startMs: number;
  readonly outcome: Outcome;
  /** From the beginning to the outcome. */
  readonly tookMs: number;
}

export interface ConnectionReport {
  readonly tried: number;
  readonly lost: number;
  readonly lostBy: Readonly<Partial<Record<Outcome, number>>>;
  /** The longest time from the beginning of a lost connection to the beginning of the next served one. */
  readonly gapMs: number;
  /** The longest time between two beginnings: what happened inside it was not seen. */
  readonly longestBlindMs: number;
}

/** The report over the connections begun in [fromMs, toMs); a gap that is open at the end lasts until the last of them. */
export function reportConnections(
  attempts: readonly Attempt[],
  fromMs = 0,
  toMs = Number.POSITIVE_INFINITY,
): ConnectionReport {
  const chosen = attempts
    .filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
    .sort((left, right) => left.startMs - right.startMs);
  const lost = chosen.filter(({ outcome }) => outcome !== "served");
  const lostBy: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of lost) lostBy[outcome] = (lostBy[outcome] ?? 0) + 1;
  return { tried: chosen.length, lost: lost.length, lostBy, ...stretchesOf(chosen) };
}

function stretchesOf(sorted: readonly Attempt[]): Pick<ConnectionReport, "gapMs" | "longestBlindMs"> {
  let gapMs = 0;
  let longestBlindMs = 0;
  let lostSinceMs: number | undefined;
  let previousMs: number | undefined;
  for (const { startMs, outcome } of sorted) {
    longestBlindMs = Math.max(longestBlindMs, startMs - (previousMs ?? startMs));
    previousMs = startMs;
    if (outcome !== "served") lostSinceMs ??= startMs;
    if (lostSinceMs !== undefined) gapMs = Math.max(gapMs, startMs - lostSinceMs);
    if (outcome === "served") lostSinceMs = undefined;
  }
  return { gapMs, longestBlindMs };
}
