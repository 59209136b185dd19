import fc from "fast-check";
import { expect, test } from "vitest";
import { exclusiveMs, HOLD_MARGIN_MS, holdDurationMs } from "./hold-deadline.ts";

test.each([
  [15_000, 0, 14_361.76],
  [5_000, 0, 4_753.92],
  [15_000, 1_000, 13_400.98],
  [5_000, 1_000, 3_793.14],
  [60_000, 0, 57_597.06],
])("L %i ms with q %i ms is held for %f ms", (leaseDurationMs, recordResolutionMs, expected) => {
  expect(holdDurationMs({ leaseDurationMs, recordResolutionMs })).toBeCloseTo(expected, 2);
});

test("a holder's slow clock ends the hold before a candidate's fast clock has counted L less q", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3_000, max: 60_000 }),
      fc.constantFrom(0, 1_000),
      fc.double({ min: 0.98, max: 1.02, noNaN: true }),
      fc.double({ min: 0.98, max: 1.02, noNaN: true }),
      (leaseDurationMs, recordResolutionMs, holderRate, candidateRate) => {
        const timing = { leaseDurationMs, recordResolutionMs };
        const heldMs = holdDurationMs(timing) / holderRate;
        const countedMs = (leaseDurationMs - recordResolutionMs) / candidateRate;
        expect(heldMs + HOLD_MARGIN_MS / holderRate).toBeLessThanOrEqual(countedMs + 1e-6);
      },
    ),
  );
});

test("the kernel's second line may stand the margin longer, and no more", () => {
  const timing = { leaseDurationMs: 15_000, recordResolutionMs: 0 };
  expect(exclusiveMs(timing) - holdDurationMs(timing)).toBeCloseTo(HOLD_MARGIN_MS);
});
