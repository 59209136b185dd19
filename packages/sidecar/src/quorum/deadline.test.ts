import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLOCK_RATE_ERROR } from "../election/hold-deadline.ts";
import {
  countedPromiseMs,
  extendedMs,
  majorityOf,
  PROMISE_MAX_MS,
  PROMISE_MIN_MS,
  promiseDurationMs,
  quorumHoldMs,
} from "./deadline.ts";

const durations = fc.integer({ min: PROMISE_MIN_MS, max: PROMISE_MAX_MS });

describe("Dq", () => {
  test("ends before the promise does, however the clocks of holder and promiser differ", () => {
    const rates = fc.double({ min: 1 - CLOCK_RATE_ERROR, max: 1 + CLOCK_RATE_ERROR, noNaN: true });
    fc.assert(
      fc.property(durations, rates, rates, (promisedMs, holderRate, promiserRate) => {
        // Rate: what a clock counts in one true millisecond.
        expect(quorumHoldMs(promisedMs) / holderRate).toBeLessThan(promisedMs / promiserRate);
        expect(countedPromiseMs(promisedMs) / holderRate).toBeLessThanOrEqual(promisedMs / promiserRate + 1e-9);
      }),
    );
  });

  test("is 382 ms of the least promise, of which six heartbeats may be lost in a row", () => {
    expect(quorumHoldMs(PROMISE_MIN_MS)).toBeCloseTo((450 * 0.98) / 1.02 - 50);
    expect(quorumHoldMs(PROMISE_MIN_MS)).toBeGreaterThan(6 * 60);
  });
});

describe("Lq", () => {
  test("is the least where timers and answers are quick, and follows them", () => {
    expect(promiseDurationMs({ latenessMs: 0, roundTripMs: 0 })).toBe(PROMISE_MIN_MS);
    expect(promiseDurationMs({ latenessMs: 10, roundTripMs: 20.5 })).toBe(511);
  });

  test("is within its bounds and whole, whatever was measured", () => {
    const measured = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(measured, measured, (latenessMs, roundTripMs) => {
        const durationMs = promiseDurationMs({ latenessMs, roundTripMs });
        expect(Number.isInteger(durationMs)).toBe(true);
        expect(durationMs).toBeGreaterThanOrEqual(PROMISE_MIN_MS);
        expect(durationMs).toBeLessThanOrEqual(PROMISE_MAX_MS);
      }),
    );
  });
});

test("a deadline that lies ahead moves on, never back; one that has passed does not move (R2)", () => {
  expect(extendedMs(1_000, 999, 1_400)).toBe(1_400);
  expect(extendedMs(1_000, 999, 900)).toBe(1_000);
  expect(extendedMs(1_000, 1_000, 1_400)).toBe(1_000);
});

test("two majorities of the same voters have one in common", () => {
  expect([3, 4, 5, 7].map(majorityOf)).toEqual([2, 3, 3, 4]);
  fc.assert(fc.property(fc.integer({ min: 1, max: 99 }), (voters) => 2 * majorityOf(voters) > voters));
});
