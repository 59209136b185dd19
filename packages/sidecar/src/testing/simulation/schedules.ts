/** Many schedules, added up. */
import { addCounts } from "./coverage.ts";
import { runQuorumSchedule } from "./quorum/world.ts";
import type { ScheduleResult } from "./schedule-result.ts";
import { runSchedule } from "./world.ts";

export type WorldName = "lease" | "quorum";

type RunSchedule = (seed: number, withTranscript?: boolean) => Promise<ScheduleResult>;

export const WORLDS: Readonly<Record<WorldName, RunSchedule>> = { lease: runSchedule, quorum: runQuorumSchedule };

interface Violation {
  readonly seed: number;
  readonly sentence: string;
}

export interface Totals {
  readonly schedules: number;
  readonly takeovers: number;
  readonly paths: Readonly<Record<string, number>>;
  /** How long lost nodes were missed: how often each, in steps of LOSS_STEP_MS. */
  readonly losses: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

const LOSS_STEP_MS = 10;

export const NO_SCHEDULES: Totals = { schedules: 0, takeovers: 0, paths: {}, losses: {}, violations: [] };

/** Run side by side, so that the turns of the event loop that they wait for are shared: a quarter of the time. */
const SIDE_BY_SIDE = 10;

/** Runs the seeds from `first` on; stops soon after a violation if asked to. */
export async function runSchedules(
  world: WorldName,
  first: number,
  count: number,
  stopAtViolation = false,
): Promise<Totals> {
  const losses = new Map<string, number>();
  const paths = new Map<string, number>();
  const violations: Violation[] = [];
  let [schedules, takeovers] = [0, 0];
  for (let seed = first; seed < first + count; seed += SIDE_BY_SIDE) {
    const seeds = Array.from({ length: Math.min(SIDE_BY_SIDE, first + count - seed) }, (_, index) => seed + index);
    for (const result of await Promise.all(seeds.map((one) => WORLDS[world](one)))) {
      schedules += 1;
      takeovers += result.takeovers;
      addCounts(paths, result.paths);
      addCounts(
        losses,
        result.lossesMs.map((ms) => [String(Math.ceil(ms / LOSS_STEP_MS) * LOSS_STEP_MS), 1] as const),
      );
      if (result.violation !== undefined) violations.push({ seed: result.seed, sentence: result.violation });
    }
    if (stopAtViolation && violations.length > 0) break;
  }
  return {
    schedules,
    takeovers,
    paths: Object.fromEntries(paths),
    losses: Object.fromEntries(losses),
    violations,
  };
}

export function addTotals(a: Totals, b: Totals): Totals {
  const paths = new Map(Object.entries(a.paths));
  addCounts(paths, Object.entries(b.paths));
  const losses = new Map(Object.entries(a.losses));
  addCounts(losses, Object.entries(b.losses));
  return {
    schedules: a.schedules + b.schedules,
    takeovers: a.takeovers + b.takeovers,
    paths: Object.fromEntries(paths),
    losses: Object.fromEntries(losses),
    violations: [...a.violations, ...b.violations],
  };
}
