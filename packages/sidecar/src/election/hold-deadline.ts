/**
 * How long a holder may keep the VIP (rule 1). The one place where the lease's length becomes a deadline.
 * Pure arithmetic: who counts from when is the caller's matter, and it is always the *send* time of the write.
 */

/** rho: what a monotonic clock may run fast or slow against another's. An assumption, printed in the docs. */
export const CLOCK_RATE_ERROR = 0.02;

/** Kept free for the work between the deadline and silence: a late timer, a netlink call. */
export const HOLD_MARGIN_MS = 50;

/** A candidate counts no lease longer than this; also the upper bound of the setting. */
export const LEASE_DURATION_MAX_MS = 60_000;

export interface LeaseTiming {
  /** L, 3000..60000. Twin: client-go LeaseDuration, kube-vip vip_leaseduration. */
  readonly leaseDurationMs: number;
  /** q, 0 or 1000: what a client-go candidate may round away, its record has one second's resolution. */
  readonly recordResolutionMs: number;
}

/**
 * The time after the send of a confirmed renewal by which nobody's clock can have counted L:
 * (L - q)(1 - rho)/(1 + rho). The holder's clock may be slow and the candidate's fast, each by rho.
 */
export function exclusiveMs(timing: LeaseTiming): number {
  const countedMs = timing.leaseDurationMs - timing.recordResolutionMs;
  return (countedMs * (1 - CLOCK_RATE_ERROR)) / (1 + CLOCK_RATE_ERROR);
}

/** D: the hold ends this long after the send of the last confirmed renewal, and nowhere earlier by a timer. */
export function holdDurationMs(timing: LeaseTiming): number {
  return exclusiveMs(timing) - HOLD_MARGIN_MS;
}
