/** For tests: the outcome of a fault that did no harm. */
import type { Ran } from "./outcome.ts";

export function quietRun(index: number, changes: Partial<Ran> = {}): Ran {
  return {
    t: "ran",
    index,
    fault: "frozen",
    phaseMs: 0,
    lastsMs: 1,
    victim: "vcluster-0",
    mostAtOnce: 1,
    msOfTwo: 0,
    msOfNone: 0,
    unservedMs: 0,
    blindMs: 4,
    moves: 1,
    framesOfOthers: 0,
    residue: 0,
    violations: [],
    evidence: [],
    ...changes,
  };
}
