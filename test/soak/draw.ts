/** What is drawn for each fault of a soak: a seed and an index give one draw, whatever ran before it. No I/O. */
import { Random } from "../../packages/sidecar/src/testing/simulation/random.ts";
import type { Fault } from "../bed/faults/fault.ts";
import type { Timers } from "./timers.ts";

export interface Draw {
  readonly fault: Fault;
  /** Of rest before the fault: it falls anywhere into a renewal's period. */
  readonly phaseMs: number;
  /** How long it stays. */
  readonly lastsMs: number;
  /** For whatever else the fault draws, its victim first. */
  readonly random: () => number;
}

/** Odd, so that neighbouring seeds share no draw of theirs. */
const SEED_STRIDE = 0x9e3779b1;

/** Every fault once, in an order of the round's own, before any comes again. `index` from 0. */
export function drawAt(seed: number, index: number, faults: readonly Fault[], timers: Timers): Draw {
  const round = Math.floor(index / faults.length);
  const fault = shuffled(faults, new Random(mixed(seed, -1 - round)))[index % faults.length];
  if (fault === undefined) throw new RangeError(`nothing to draw at ${index} from ${faults.length} faults`);
  const random = new Random(mixed(seed, index));
  const [least, most] = fault.lastsMs;
  return {
    fault,
    phaseMs: Math.round(random.between(0, timers.retryPeriodMs)),
    // Cubed: short ones, around a renewal or a deadline, are worth more than time spent in long ones.
    lastsMs: Math.round((least + (most - least) * random.next() ** 3) * timers.stretch),
    random: () => random.next(),
  };
}

function mixed(seed: number, index: number): number {
  return Math.imul(seed, SEED_STRIDE) + index;
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
