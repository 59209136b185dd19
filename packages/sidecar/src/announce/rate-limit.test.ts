import fc from "fast-check";
import { expect, test } from "vitest";
import { ANSWERED, fullBucket, spend } from "./rate-limit.ts";

/** How many of `count` requests are looked at that come at these distances. */
function looked(gapsMs: readonly number[]): number {
  let [bucket, nowMs, count] = [fullBucket(ANSWERED, 1_000), 1_000, 0];
  for (const gapMs of gapsMs) {
    nowMs += gapMs;
    const [next, isLookedAt] = spend(ANSWERED, bucket, nowMs);
    bucket = next;
    if (isLookedAt) count += 1;
  }
  return count;
}

function every(gapMs: number, forMs: number): number[] {
  return Array.from({ length: forMs / gapMs }, () => gapMs);
}

test("500 requests a second, as an observer asks, are all looked at", () => {
  expect(looked(every(2, 10_000))).toBe(5_000);
});

test("of a storm of 10,000 a second 2,000 are looked at, and no more than 500 at once", () => {
  expect(looked(every(0.1, 10_000))).toBeCloseTo(10 * ANSWERED.perSecondMax + ANSWERED.burstMax, -1);
  expect(looked(Array.from({ length: 10_000 }, () => 0))).toBe(ANSWERED.burstMax);
});

test("in no stretch of time are more looked at than the limit says, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 3_000 }), (gapsMs) => {
      const lastedMs = gapsMs.reduce((sum, gapMs) => sum + gapMs, 0);
      expect(looked(gapsMs)).toBeLessThanOrEqual(ANSWERED.burstMax + (lastedMs * ANSWERED.perSecondMax) / 1_000 + 1);
    }),
  );
});

test("a clock that stands still or goes back gives nothing", () => {
  const [empty] = [...Array(ANSWERED.burstMax)].reduce(([bucket]) => spend(ANSWERED, bucket, 1_000), [
    fullBucket(ANSWERED, 1_000),
  ] as const);
  expect(spend(ANSWERED, empty, 1_000)[1]).toBe(false);
  expect(spend(ANSWERED, empty, 0)[1]).toBe(false);
});
