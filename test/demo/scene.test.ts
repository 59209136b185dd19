import { expect, test } from "vitest";
import { connectionsBySecond, holdersBySecond } from "./scene.ts";

test("connections fall into the second in which they began, those before the story nowhere", () => {
  const begun = [900, 1_000, 1_999, 2_000, 4_500];
  const attempts = begun.map(
    (startMs) => ({ startMs, outcome: startMs === 1_999 ? "reset" : "served", tookMs: 1 }) as const,
  );
  expect(connectionsBySecond(attempts, 1_000)).toEqual([
    { tried: 2, lost: 1 },
    { tried: 1, lost: 0 },
    { tried: 0, lost: 0 },
    { tried: 1, lost: 0 },
  ]);
});

test("a run of ARP answers counts in every second it touches", () => {
  const run = (macs: readonly string[], fromMs: number, toMs: number) => ({
    macs,
    fromMs,
    toMs,
    probes: 1,
    longestBlindMs: 0,
  });
  const runs = [run(["a"], 500, 2_500), run(["a", "b"], 2_502, 2_600), run([], 3_000, 3_999)];
  expect(holdersBySecond(runs, 1_000)).toEqual([1, 2, 0]);
});
