/** Many schedules, added up. */
import { addCounts } from "./coverage.ts";
import { runSchedule } from "./world.ts";

interface Violation {
  readonly seed: number;
  readonly sentence: string;
}

export interface Totals {
  readonly schedules: number;
  readonly takeovers: number;
  readonly paths: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

export const NO_SCHEDULES: Totals = { schedules: 0, takeovers: 0, paths: {}, violations: [] };

/** Run side by side, so that the turns of the event loop that they wait for are shared: a quarter of the time. */
const SIDE_BY_SIDE = 10;

/** Runs the seeds from `first` on; stops soon after a violation if asked to. */
export async function runSchedules(first: number, count: number, stopAtViolation = false): Promise<Totals> {
  const paths = new Map<string, number>();
  const violations: Violation[] = [];
  let [schedules, takeovers] = [0, 0];
  for (let seed = first; seed < first + count; seed += SIDE_BY_SIDE) {
    const seeds = Array.from({ length: Math.min(SIDE_BY_SIDE, first + count - seed) }, (_, index) => seed + index);
    for (const result of await Promise.all(seeds.map((one) => runSchedule(one)))) {
      schedules += 1;
      takeovers += result.takeovers;
      addCounts(paths, result.paths);
      if (result.violation !== undefined) violations.push({ seed: result.seed, sentence: result.violation });
    }
    if (stopAtViolation && violations.length > 0) break;
  }
  return { schedules, takeovers, paths: Object.fromEntries(paths), violations };
}

export function addTotals(a: Totals, b: Totals): Totals {
  const paths = new Map(Object.entries(a.paths));
  addCounts(paths, Object.entries(b.paths));
  return {
    schedules: a.schedules + b.schedules,
    takeovers: a.takeovers + b.takeovers,
    paths: Object.fromEntries(paths),
    violations: [...a.violations, ...b.violations],
  };
}
