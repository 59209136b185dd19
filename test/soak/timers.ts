/** The two timings that a soak runs with, in an operator's words: lease duration / renew deadline / retry period, in s. */
import { FAST_LEASE } from "../bed/virtual-cluster.ts";

export interface Timers {
  /** Environment of every sidecar. */
  readonly env: Readonly<Record<string, string>>;
  readonly retryPeriodMs: number;
  /** The catalogue's durations are for 5/3/1: how much longer they are here, so that the same deadlines pass in them. */
  readonly stretch: number;
}

export const TIMERS = {
  "5/3/1": { env: FAST_LEASE, retryPeriodMs: 1_000, stretch: 1 },
  "15/10/2": { env: {}, retryPeriodMs: 2_000, stretch: 3 },
} as const satisfies Readonly<Record<string, Timers>>;

export type TimersName = keyof typeof TIMERS;

export function isTimersName(text: string): text is TimersName {
  return Object.hasOwn(TIMERS, text);
}
