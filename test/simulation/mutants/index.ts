/** All mutants, in the order of the rules. */
import { ADOPTING } from "./adopting.ts";
import { COUNTING } from "./counting.ts";
import { FENCE } from "./fence.ts";
import { LOSING } from "./losing.ts";
import { MOVING } from "./moving.ts";
import type { Mutant } from "./mutant.ts";
import { QUORUM } from "./quorum.ts";
import { TAKING } from "./taking.ts";
import { WRITING } from "./writing.ts";

export type { DirectedTest, Mutant } from "./mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  ...COUNTING,
  ...TAKING,
  ...LOSING,
  ...WRITING,
  ...FENCE,
  ...ADOPTING,
  ...MOVING,
  ...QUORUM,
];
