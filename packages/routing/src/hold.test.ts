import fc from "fast-check";
import { expect, test } from "vitest";
import { grantOf, type Hold, NO_PERMIT, validSecondsOf, validSecondsOutliving } from "./hold.ts";
import { MemoryClock } from "./testing/index.ts";

const clock = new MemoryClock();
const hold: Hold = {
  holderIdentity: "a",
  deadlineMs: clock.nowMs() + 4_754.9,
  exclusiveUntilMs: clock.nowMs() + 4_804.9,
};

test("what is granted is worked out from what is left of the hold, rounded down", () => {
  expect(grantOf({ hold: () => hold, clock })).toEqual({
    atMs: clock.nowMs(),
    opening: { holderIdentity: "a", untilWallMs: clock.wallTimeMs() + 4_754, timeoutMs: 4_754 },
    validSeconds: 3,
  });
});

test.each([
  ["without a hold", NO_PERMIT],
  ["at the deadline", { hold: () => ({ ...hold, deadlineMs: clock.nowMs() }), clock }],
  [
    "within a millisecond of it, which the kernel cannot count",
    { hold: () => ({ ...hold, deadlineMs: clock.nowMs() + 0.9 }), clock },
  ],
])("nothing is granted %s", (_, permit) => {
  expect(grantOf(permit)).toBeUndefined();
});

test("a process stopped between its two looks at the clocks opens for less, never for longer", () => {
  const stopped = new MemoryClock();
  const honest = grantOf({ hold: () => hold, clock: stopped });
  const wallTimeMs = () => {
    const wallMs = stopped.wallTimeMs();
    stopped.pass(1_000);
    return wallMs;
  };
  const nowMs = () => {
    const atMs = stopped.nowMs();
    stopped.pass(1_000);
    return atMs;
  };
  const late = grantOf({ hold: () => hold, clock: { wallTimeMs, nowMs } });
  expect(late?.opening.untilWallMs).toBe((honest?.opening.untilWallMs ?? 0) - 1_000);
  expect(late?.opening.timeoutMs).toBe((honest?.opening.timeoutMs ?? 0) - 1_000);
});

test.each([
  [2_249, undefined],
  [2_250, 1],
  [3_249, 1],
  [3_250, 2],
  [0, undefined],
  [-5_000, undefined],
])("of %d ms an address may last %s s", (leftMs, seconds) => {
  expect(validSecondsOf(leftMs)).toBe(seconds);
});

test("an address is gone before anybody else may hold, though the kernel takes it away 1.25 s late", () => {
  fc.assert(
    fc.property(fc.double({ min: -10_000, max: 60_000, noNaN: true }), (leftMs) => {
      const seconds = validSecondsOf(leftMs);
      if (seconds === undefined) return leftMs < 2_250;
      return Number.isInteger(seconds) && seconds >= 1 && seconds * 1_000 + 1_250 <= leftMs;
    }),
  );
});

test.each([
  [0, 1],
  [750, 1],
  [751, 2],
  [2_000, 3],
])("to be there for %d ms, though the kernel may be 0.25 s early, an address lasts %d s", (durationMs, seconds) => {
  expect(validSecondsOutliving(durationMs)).toBe(seconds);
});
