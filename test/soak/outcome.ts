/** What is known of one fault of a soak after it, as a line of the results: numbers, and evidence where it went wrong. */

interface Drawn {
  readonly index: number;
  readonly fault: string;
  readonly phaseMs: number;
  readonly lastsMs: number;
}

/** The cluster came to rest again. */
export interface Ran extends Drawn {
  readonly t: "ran";
  readonly victim: string;
  /** Of ours, on whichever side of a cut. */
  readonly mostAtOnce: number;
  readonly msOfTwo: number;
  readonly msOfNone: number;
  /** The longest time from a failed connection of the worker to the next served one. */
  readonly unservedMs: number;
  /** The longest time between two probes of one sampler: what happened inside it was not seen. */
  readonly blindMs: number;
  /** To another pod. */
  readonly moves: number;
  readonly framesOfOthers: number;
  readonly residue: number;
  /** One sentence each. */
  readonly violations: readonly string[];
  /** Only after a violation. */
  readonly evidence: readonly string[];
}

/** The fault could not be made, or the cluster did not come to rest. */
export interface Troubled extends Drawn {
  readonly t: "troubled";
  readonly message: string;
  readonly evidence: readonly string[];
}

export type Outcome = Ran | Troubled;

export function isViolation(outcome: Outcome): outcome is Ran {
  return outcome.t === "ran" && outcome.violations.length > 0;
}
