import fc from "fast-check";
import { expect, test } from "vitest";
import { logScale, spoken } from "./log-scale.ts";

const SCALE = logScale({ zero: 0, from: 20, to: 420, mostMs: 10_000 });

test("zero has a place of its own, and every power of ten is as far from the next", () => {
  expect([0, 1, 10, 100, 1_000, 10_000].map(SCALE.x)).toEqual([0, 20, 120, 220, 320, 420]);
  expect(SCALE.ticks.map(({ words }) => words)).toEqual(["0", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
});

test("longer is never further left, and nothing leaves the axis", () => {
  const duration = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(duration, duration, (one, other) => {
      const [short, long] = [SCALE.x(Math.min(one, other)), SCALE.x(Math.max(one, other))];
      expect(short).toBeLessThanOrEqual(long);
      expect(short).toBeGreaterThanOrEqual(0);
      expect(long).toBeLessThanOrEqual(420);
    }),
  );
});

test.each([
  [0, "0"],
  [2.13, "2.1 ms"],
  [45, "45 ms"],
  [999.4, "999 ms"],
  [1_260, "1.3 s"],
  [3_000, "3 s"],
  [18_820, "19 s"],
])("%d ms is said as %s", (ms, words) => {
  expect(spoken(ms)).toBe(words);
});
