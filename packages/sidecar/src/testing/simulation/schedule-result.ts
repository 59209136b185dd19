/** What came of one schedule, in whichever world. */
export interface ScheduleResult {
  readonly seed: number;
  /** What went wrong, in words; undefined if nothing did. */
  readonly violation: string | undefined;
  readonly takeovers: number;
  /** How often each path was gone (coverage.ts). */
  readonly paths: ReadonlyMap<string, number>;
  /** From the loss of a holder's node to the next answer, where nothing else was wrong and the mode was in use. */
  readonly lossesMs: readonly number[];
  /** The last lines, if asked for. */
  readonly transcript: readonly string[];
}
