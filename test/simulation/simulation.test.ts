import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { PATHS } from "../../packages/sidecar/src/testing/simulation/coverage.ts";
import { runSchedule } from "../../packages/sidecar/src/testing/simulation/world.ts";
import { runInParallel } from "./parallel.ts";

const SCHEDULES = 20_000;

test(`no two replicas answer for the VIP at once in ${SCHEDULES} schedules`, async () => {
  const workers = Math.min(availableParallelism(), 8);
  const { violations, schedules, paths } = await runInParallel({ world: "lease", first: 1, count: SCHEDULES, workers });
  const [violation] = violations;
  if (violation !== undefined) {
    const { transcript } = await runSchedule(violation.seed, true);
    expect.fail([`seed ${violation.seed}: ${violation.sentence}`, ...transcript].join("\n"));
  }
  expect(schedules).toBe(SCHEDULES);
  // A run that does not go everywhere proves nothing about where it did not go.
  expect(PATHS.filter((path) => !paths[path])).toEqual([]);
});

test("a seed is one schedule, on every run, whatever runs beside it", async () => {
  const [beside] = await Promise.all([runSchedule(7, true), runSchedule(8, true)]);
  expect(await runSchedule(7, true)).toEqual(beside);
});
