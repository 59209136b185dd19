import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { Loop, type LoopOptions } from "./loop.ts";

function loopWith(options: Partial<LoopOptions> = {}): { loop: Loop; clock: VirtualClock; ran: string[] } {
  const clock = new VirtualClock();
  const ran: string[] = [];
  const loop = new Loop({
    clock,
    nextWakeMs: () => undefined,
    onTick: () => ran.push("tick"),
    onOverflow: () => ran.push("overflow"),
    ...options,
  });
  return { loop, clock, ran };
}

describe("the loop", () => {
  it("runs what a task pushes after it, not inside it", () => {
    const { loop, ran } = loopWith();
    loop.push(() => {
      loop.push(() => ran.push("second"));
      ran.push("first");
    });
    expect(ran).toEqual(["first", "second"]);
  });

  it("ticks when somebody wants it, and not before", async () => {
    const wanted = [100];
    const { loop, clock, ran } = loopWith({ nextWakeMs: () => wanted.pop() });
    loop.push(() => undefined);
    await clock.advance(99);
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect(ran).toEqual(["tick"]);
  });

  it("does not lose a tick that is due to a task that comes just before it", async () => {
    const clock = new VirtualClock();
    const nextWakeMs = () => (clock.nowMs() < 100 ? 100 : undefined);
    const { loop, ran } = loopWith({ clock, nextWakeMs, onTick: () => ran.push("tick") });
    clock.at(100, () => loop.push(() => ran.push("task")));
    loop.push(() => undefined);
    await clock.advance(1_000);
    expect(ran).toEqual(["task", "tick"]);
  });

  it("turns though nothing is due, so that an idle replica does not look stuck", async () => {
    const { loop, clock } = loopWith();
    loop.push(() => undefined);
    await clock.advance(300_000);
    expect(clock.nowMs() - loop.lastTurnMs).toBeLessThanOrEqual(30_000);
  });

  it("throws a flood away and says so once", () => {
    const { loop, ran } = loopWith();
    loop.push(() => {
      for (let task = 0; task < 4097; task += 1) loop.push(() => ran.push("task"));
    });
    expect(ran).toEqual(["overflow", "task"]);
  });

  it("goes on after a task that threw", () => {
    const { loop, ran } = loopWith();
    expect(() =>
      loop.push(() => {
        throw new Error("a mistake of ours");
      }),
    ).toThrow("a mistake of ours");
    loop.push(() => ran.push("next"));
    expect(ran).toEqual(["next"]);
  });

  it("does nothing any more once it is closed", async () => {
    const { loop, clock, ran } = loopWith({ nextWakeMs: () => 100 });
    loop.push(() => undefined);
    loop.close();
    loop.push(() => ran.push("late"));
    await clock.advance(60_000);
    expect(ran).toEqual([]);
  });
});
