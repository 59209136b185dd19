/**
 * A rule of holding, taken out of the source by an edit of its text. Nothing of this is in the source itself:
 * load-mutant.ts applies an edit while the file is loaded. Every mutant must be caught.
 */
import type { WorldName } from "../../../packages/sidecar/src/testing/simulation/schedules.ts";

export interface Mutant {
  /** What is missing, in the words of DESIGN section 3. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** In which world's schedules it is to be caught; the Lease's, where nothing is said. */
  readonly world?: WorldName;
  /** Seeds of the simulation within which it must be caught; or the test that catches what no schedule can. */
  readonly caughtBy: { readonly t: "simulation"; readonly withinSchedules: number } | DirectedTest;
}

interface Edit {
  /** In packages/. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface DirectedTest {
  readonly t: "test";
  /** In packages/. */
  readonly file: string;
  /** The test's own name. */
  readonly name: string;
}

export function simulation(withinSchedules: number): Mutant["caughtBy"] {
  return { t: "simulation", withinSchedules };
}

export function test(file: string, name: string): Mutant["caughtBy"] {
  return { t: "test", file, name };
}
