import { expect, test } from "vitest";
import { lossesInWords, percentileMs } from "./losses.ts";

const LOSSES = { "480": 98, "520": 1, "4000": 1 };

test("half of the losses, nearly all, and the worst", () => {
  expect([0.5, 0.98, 0.99, 1].map((share) => percentileMs(LOSSES, share))).toEqual([480, 480, 520, 4_000]);
  expect(lossesInWords(LOSSES)).toMatch(/^100 nodes lost .* p50 480 ms, p99 520 ms, at most 4000 ms$/);
});

test("no loss is no number", () => {
  expect(percentileMs({}, 0.5)).toBeNaN();
  expect(lossesInWords({})).toMatch(/^no node was lost/);
});
