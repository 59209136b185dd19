/** The last so many measurements of something, and what nearly all of them stay under. Forgets by count, not by time. */

/** At 60 ms a heartbeat this is some four seconds of one peer. */
const SAMPLES_MAX = 64;
/** The worst one in twenty is left to the margin: a single late timer is no reason to change the mode. */
const SHARE = 0.95;

export type Measured = readonly number[];

export function measure(samples: Measured, sampleMs: number): Measured {
  return [...samples, Math.max(sampleMs, 0)].slice(-SAMPLES_MAX);
}

/** 0 where nothing was measured. */
export function mostly(samples: Measured): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * SHARE) - 1] ?? 0;
}
