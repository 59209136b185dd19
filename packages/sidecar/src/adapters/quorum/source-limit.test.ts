import { expect, test } from "vitest";
import { SourceLimit } from "./source-limit.ts";

/** How many of so many at once are looked at. */
function looked(limit: SourceLimit, count: number, sourceOf: (index: number) => string, nowMs: number): number {
  let allowed = 0;
  for (let index = 0; index < count; index += 1) if (limit.allows(sourceOf(index), nowMs)) allowed += 1;
  return allowed;
}

test("of one stranger's flood 40 are looked at, then 20 a second", () => {
  const limit = new SourceLimit(0);
  expect(looked(limit, 10_000, () => "10.0.0.9", 0)).toBe(40);
  expect(looked(limit, 10_000, () => "10.0.0.9", 1_000)).toBe(20);
});

test("a stranger is heard beside another's flood", () => {
  const limit = new SourceLimit(0);
  looked(limit, 10_000, () => "10.0.0.9", 0);
  expect(limit.allows("10.0.0.10", 0)).toBe(true);
});

test("of a flood from ten thousand addresses 200 are looked at, then 200 a second", () => {
  const limit = new SourceLimit(0);
  expect(looked(limit, 10_000, (index) => `10.0.${index >> 8}.${index & 255}`, 0)).toBe(200);
  expect(looked(limit, 10_000, (index) => `10.1.${index >> 8}.${index & 255}`, 1_000)).toBe(200);
});
