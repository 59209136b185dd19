import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { microTime, SystemClock } from "./clock.ts";

const DAY_MS = 24 * 3600 * 1000;

describe("the system's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function calledAfter(delayMs: number) {
    const clock = new SystemClock();
    const startMs = clock.nowMs();
    const calledAtMs: number[] = [];
    const cancel = clock.at(startMs + delayMs, () => calledAtMs.push(clock.nowMs() - startMs));
    return { calledAtMs, cancel };
  }

  it("calls back once, at the moment asked for", () => {
    const { calledAtMs } = calledAfter(250);
    vi.advanceTimersByTime(249);
    expect(calledAtMs).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(calledAtMs).toEqual([250]);
  });

  it("waits for the beat where there is slack for it, and then for others that have some, too", () => {
    const clock = new SystemClock();
    const startMs = clock.nowMs();
    const called: (readonly [string, number])[] = [];
    const at = (name: string, delayMs: number, slackMs: number): void =>
      void clock.at(startMs + delayMs, () => called.push([name, clock.nowMs() - startMs]), slackMs);
    at("early", 930, 50);
    at("question", 960, 50);
    at("look", 990, 50);
    at("exact", 970, 0);
    vi.advanceTimersByTime(1100);
    expect(called).toEqual([
      ["early", 930],
      ["exact", 970],
      ["question", 1000],
      ["look", 1000],
    ]);
  });

  it("is never early for a fraction of a millisecond", () => {
    const { calledAtMs } = calledAfter(0.4);
    vi.advanceTimersByTime(5);
    expect(calledAtMs).toEqual([1]);
  });

  it("asks again when the timer comes before the monotonic clock is there", () => {
    const { calledAtMs } = calledAfter(10);
    // libuv's habit: its milliseconds run ahead of the clock that is compared with.
    const early = vi.spyOn(process.hrtime, "bigint");
    const real = process.hrtime.bigint();
    early.mockReturnValueOnce(real + 9_500_000n);
    vi.advanceTimersByTime(10);
    expect(calledAtMs).toEqual([]);
    early.mockRestore();
    vi.advanceTimersByTime(10);
    expect(calledAtMs).toHaveLength(1);
  });

  it("waits longer than a 32-bit timer can", () => {
    const { calledAtMs } = calledAfter(30 * DAY_MS);
    vi.advanceTimersByTime(29 * DAY_MS);
    expect(calledAtMs).toEqual([]);
    vi.advanceTimersByTime(DAY_MS);
    expect(calledAtMs).toEqual([30 * DAY_MS]);
  });

  it("calls back in a later turn for a moment that has passed", () => {
    const { calledAtMs } = calledAfter(-1000);
    expect(calledAtMs).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(calledAtMs).toHaveLength(1);
  });

  it("does not call back once cancelled, also between two of its timers", () => {
    const { calledAtMs, cancel } = calledAfter(30 * DAY_MS);
    vi.advanceTimersByTime(26 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(30 * DAY_MS);
    expect(calledAtMs).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the monotonic clock", () => {
  it("is the kernel's own, in milliseconds with fractions", () => {
    const before = process.hrtime.bigint();
    const nowMs = new SystemClock().nowMs();
    const after = process.hrtime.bigint();
    expect(nowMs).toBeGreaterThanOrEqual(Number(before) / 1e6);
    expect(nowMs).toBeLessThanOrEqual(Number(after) / 1e6);
  });
});

describe("a MicroTime", () => {
  it.each([
    [0, "1970-01-01T00:00:00.000000Z"],
    [1_767_323_045_678, "2026-01-02T03:04:05.678000Z"],
    [1_767_323_045_678.25, "2026-01-02T03:04:05.678250Z"],
    [1_767_323_045_999.9998, "2026-01-02T03:04:05.999999Z"],
  ])("of %d ms is %s", (wallTimeMs, expected) => {
    expect(microTime(wallTimeMs)).toBe(expected);
  });
});
