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
  readonly effects: number;
  readonly paths: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

export const NO_SCHEDULES: Totals = { schedules: 0, takeovers: 0, effects: 0, paths: {}, violations: [] };

/** Runs the seeds from `first` on; stops at the first violation if asked to. */
export function runSchedules(first: number, count: number, stopAtViolation = false): Totals {
  const paths = new Map<string, number>();
  const violations: Violation[] = [];
  let [schedules, takeovers, effects] = [0, 0, 0];
  for (let seed = first; seed < first + count; seed += 1) {
    const result = runSchedule(seed);
    schedules += 1;
    takeovers += result.takeovers;
    effects += result.effects;
    addCounts(paths, result.paths);
    if (result.violation !== undefined) violations.push({ seed, sentence: result.violation });
    if (stopAtViolation && violations.length > 0) break;
  }
  return { schedules, takeovers, effects, paths: Object.fromEntries(paths), violations };
}

export function addTotals(a: Totals, b: Totals): Totals {
  const paths = new Map(Object.entries(a.paths));
  addCounts(paths, Object.entries(b.paths));
  return {
    schedules: a.schedules + b.schedules,
    takeovers: a.takeovers + b.takeovers,
    effects: a.effects + b.effects,
    paths: Object.fromEntries(paths),
    violations: [...a.violations, ...b.violations],
  };
}
