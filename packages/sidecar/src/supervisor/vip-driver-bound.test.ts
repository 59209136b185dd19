import { describe, expect, it } from "vitest";
import { drive } from "../testing/vip-drive.ts";

describe("a deadline that peers' promises set (rule 9)", () => {
  it("is said to be in force only when the kernel has it (R1)", async () => {
    const { clock, gate, loop, driver, tightened, hold } = drive();
    hold(15_000);
    await clock.advance(10);
    const { promise: written, resolve: answer } = Promise.withResolvers<void>();
    const { refresh } = gate;
    gate.refresh = async (...words) => {
      await written;
      return refresh.apply(gate, words);
    };
    const bound = { deadlineMs: clock.nowMs() + 400, leaseDeadlineMs: clock.nowMs() + 15_000, transitions: 1 };
    loop.push(() => driver.tighten(bound, 7));
    await clock.advance(10);
    expect(tightened).toEqual([]);
    answer();
    await clock.advance(1);
    expect(tightened).toEqual([7]);
    await clock.advance(400);
    expect(gate.silences).toBe(true);
  });

  it("opens nothing that has closed: only a confirmed write does (R2)", async () => {
    const { clock, gate, loop, driver, hold } = drive();
    hold(15_000);
    await clock.advance(10);
    const bound = (forMs: number) => ({ deadlineMs: clock.nowMs() + forMs, leaseDeadlineMs: 15_000, transitions: 1 });
    loop.push(() => driver.tighten(bound(100), 7));
    await clock.advance(200);
    // The first finds it closed; the second knows that already.
    for (let time = 0; time < 2; time += 1) {
      loop.push(() => driver.bound(bound(400)));
      await clock.advance(10);
    }
    expect(gate.silences).toBe(true);
    hold(400);
    await clock.advance(10);
    expect(gate.silences).toBe(false);
  });
});
