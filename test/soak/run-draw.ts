/** One draw on a bed, and its outcome. Nothing that goes wrong in it is thrown: it is an outcome. */
import type { FaultBed } from "../bed/faults/fault-bed.ts";
import { runFault } from "../bed/faults/run-fault.ts";
import { violationsIn } from "../bed/faults/violations.ts";
import type { Draw } from "./draw.ts";
import { evidenceOf } from "./evidence.ts";
import type { Outcome } from "./outcome.ts";

export async function runDraw(bed: FaultBed, index: number, draw: Draw): Promise<Outcome> {
  const { fault, phaseMs, lastsMs, random } = draw;
  const drawn = { index, fault: fault.name, phaseMs, lastsMs };
  try {
    const { victim, seen } = await runFault(bed, fault, { random, phaseMs, lastsMs });
    const violations = violationsIn(seen);
    return {
      t: "ran",
      ...drawn,
      victim,
      mostAtOnce: seen.mostAtOnce,
      msOfTwo: seen.msOfTwo,
      msOfNone: seen.msOfNone,
      unservedMs: seen.connectGapMs,
      blindMs: seen.longestBlindMs,
      moves: seen.moves,
      framesOfOthers: seen.framesOfOthers?.length ?? 0,
      residue: seen.residue.length,
      violations,
      evidence: violations.length === 0 ? [] : await evidenceOf(bed),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { t: "troubled", ...drawn, message, evidence: await evidenceOf(bed) };
  }
}
