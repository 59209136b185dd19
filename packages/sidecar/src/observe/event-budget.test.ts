import { describe, expect, it } from "vitest";
import type { EventDraft } from "./event.ts";
import { BURST_MAX, EventBudget, REFILL_MS, REPEAT_MS } from "./event-budget.ts";

function draft(note: string): EventDraft {
  return { reason: "VipConflict", note };
}

/** How many of `count` different ones, one every `everyMs`, may be written. */
function writable(count: number, everyMs: number): number {
  const budget = new EventBudget();
  const offered = Array.from({ length: count }, (_, i) => budget.offer(draft(`${i}`), i * everyMs, "now"));
  return offered.filter((one) => typeof one === "object").length;
}

describe("different Events", () => {
  it("are written at once, up to a burst", () => {
    expect(writable(BURST_MAX, 0)).toBe(BURST_MAX);
    expect(writable(1_000, 0)).toBe(BURST_MAX);
  });

  it("are written no faster than the refill in the long run: 140 in the first hour of a flood", () => {
    expect(writable(3_600, 1_000)).toBe(BURST_MAX + Math.floor(3_599_000 / REFILL_MS));
  });

  it("have no more than a burst after a silence of a day", () => {
    const budget = new EventBudget();
    const atMs = 86_400_000;
    const offered = Array.from({ length: 100 }, (_, i) => budget.offer(draft(`${i}`), atMs, "now"));
    expect(offered.filter((one) => one !== "over")).toHaveLength(BURST_MAX);
  });
});

describe("the same Event again", () => {
  it("is counted, and told once with its count when five minutes are over", () => {
    const budget = new EventBudget();
    expect(budget.offer(draft("a"), 0, "t0")).toEqual({ ...draft("a"), firstTime: "t0", lastTime: "t0", count: 1 });
    for (let i = 1; i <= 100; i += 1) expect(budget.offer(draft("a"), i, `t${i}`)).toBe("repeat");
    expect(budget.due(REPEAT_MS - 1)).toEqual([]);
    expect(budget.wakeMs).toBe(REPEAT_MS);
    expect(budget.due(REPEAT_MS)).toEqual([{ ...draft("a"), firstTime: "t0", lastTime: "t100", count: 101 }]);
    expect(budget.wakeMs).toBeUndefined();
  });

  it("is a new one after that", () => {
    const budget = new EventBudget();
    budget.offer(draft("a"), 0, "t0");
    expect(budget.due(REPEAT_MS)).toEqual([]);
    expect(budget.offer(draft("a"), REPEAT_MS, "t1")).toMatchObject({ firstTime: "t1", count: 1 });
  });

  it("costs the burst nothing", () => {
    const budget = new EventBudget();
    for (let i = 0; i < 1_000; i += 1) budget.offer(draft("a"), 0, "t");
    expect(budget.offer(draft("b"), 0, "t")).toMatchObject({ count: 1 });
  });
});
