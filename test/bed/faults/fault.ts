/** What a fault of the matrix is. Knows none of them: each kind has a file of its own, and catalogue.ts has the list. */
import type { Pod } from "../pod.ts";
import type { FaultBed } from "./fault-bed.ts";

/** In [0, 1), seeded by the run. */
export type Random = () => number;

/** Takes the fault away; resolves when it is gone, not when the cluster has recovered from it. */
export type Heal = () => Promise<void>;

export interface Fault {
  /** In an operator's words; unique. */
  readonly name: string;
  /** Whose pod it is done to. */
  readonly victim: "holder" | "standby" | "any";
  /** How long it stays before it is healed: drawn between these. [0, 0]: there is nothing to heal. */
  readonly lastsMs: readonly [least: number, most: number];
  /** Resolves when the fault is there. Everything random is drawn from `random`, so that a seed repeats it. */
  apply(bed: FaultBed, victim: Pod, random: Random): Promise<Heal>;
}

export const NOTHING_TO_HEAL: Heal = () => Promise.resolve();

/** Between the bounds of a fault. */
export function drawn([least, most]: Fault["lastsMs"], random: Random): number {
  return least + (most - least) * random();
}
