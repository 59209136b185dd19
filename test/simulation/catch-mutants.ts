/** Catches many mutants, some at a time: each runs in a process of its own. */
import { catchMutant, type Verdict } from "./catch-mutant.ts";

/** Calls back for each as soon as it is known; resolves when all are. */
export async function catchMutants(
  indices: readonly number[],
  atOnce: number,
  onVerdict: (index: number, verdict: Verdict) => void,
): Promise<void> {
  const left = indices.values();
  const catchSome = async () => {
    // The iterator is shared: each mutant is taken once.
    for (const index of left) onVerdict(index, await catchMutant(index));
  };
  await Promise.all(Array.from({ length: atOnce }, catchSome));
}
