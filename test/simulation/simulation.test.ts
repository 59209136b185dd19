import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { PATHS } from "../../packages/sidecar/src/testing/simulation/coverage.ts";
import { QUORUM_PATHS_GONE } from "../../packages/sidecar/src/testing/simulation/quorum/paths.ts";
import { WORLDS, type WorldName } from "../../packages/sidecar/src/testing/simulation/schedules.ts";
import { percentileMs } from "./losses.ts";
import { runInParallel } from "./parallel.ts";

const SCHEDULES = 20_000;

/** Runs them all; a violation fails with its transcript. */
async function expectNeverTwo(world: WorldName, paths: readonly string[]) {
  const workers = Math.min(availableParallelism(), 8);
  const totals = await runInParallel({ world, first: 1, count: SCHEDULES, workers });
  const [violation] = totals.violations;
  if (violation !== undefined) {
    const { transcript } = await WORLDS[world](violation.seed, true);
    expect.fail([`seed ${violation.seed}: ${violation.sentence}`, ...transcript].join("\n"));
  }
  expect(totals.schedules).toBe(SCHEDULES);
  // A run that does not go everywhere proves nothing about where it did not go.
  expect(paths.filter((path) => !totals.paths[path])).toEqual([]);
  return totals;
}

test(`no two replicas answer for the VIP at once in ${SCHEDULES} schedules`, async () => {
  await expectNeverTwo("lease", PATHS);
});

test(`nor in ${SCHEDULES} schedules of the quorum, which serves again soon after a node is lost`, async () => {
  const { losses } = await expectNeverTwo("quorum", QUORUM_PATHS_GONE);
  expect(percentileMs(losses, 0.5)).toBeLessThanOrEqual(700);
  expect(percentileMs(losses, 0.99)).toBeLessThanOrEqual(1_500);
});

test.each(["lease", "quorum"] as const)(
  "a seed of the %s is one schedule, on every run, whatever runs beside it",
  async (world) => {
    const runSchedule = WORLDS[world];
    const [beside] = await Promise.all([runSchedule(7, true), runSchedule(8, true)]);
    expect(await runSchedule(7, true)).toEqual(beside);
  },
);
