/**
 * The port to time. Durations and deadlines are counted on the monotonic clock only; wall time is printed, and given to
 * the kernel as the gate's second deadline.
 */
export interface Clock {
  /** Milliseconds of CLOCK_MONOTONIC, fractional; stops while a guest is paused, never goes back. */
  nowMs(): number;
  /** Milliseconds since the epoch, for records that people read and for the gate. May be set at any time, both ways. */
  wallTimeMs(): number;
  /**
   * Calls back once, not before atMs; the returned function cancels. With slack it may come up to so much later, in the
   * same wake as others that have some: a process that has slept is slow for its first millisecond, whatever it does.
   */
  at(atMs: number, callback: () => void, slackMs?: number): () => void;
}
