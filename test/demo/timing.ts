/** Shorter than the sidecar's own 15/10/2 s, so that the whole story fits into a minute. Seconds. */
export const TIMING = { leaseDuration: 5, renewDeadline: 3, retryPeriod: 1 } as const;
