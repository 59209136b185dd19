import { expect, test } from "vitest";
import { type AnswerRun, firstOther, reportAnswers } from "./arp-answers.ts";

/** Probes every 2 ms from `fromMs` on. */
function run(fromMs: number, probes: number, ...macs: readonly string[]): AnswerRun {
  return { macs, fromMs, toMs: fromMs + (probes - 1) * 2, probes, longestBlindMs: probes > 1 ? 2 : 0 };
}

const handOver = [run(100, 10, "a"), run(120, 5), run(130, 10, "b")];
const overlap = [run(100, 10, "a"), run(120, 3, "a", "b"), run(126, 10, "b")];

test("one holder after the other is never two at once", () => {
  expect(reportAnswers(handOver)).toEqual({
    probes: 25,
    mostAtOnce: 1,
    intervalsOfTwo: [],
    answerers: [
      { mac: "a", firstMs: 100, lastMs: 118 },
      { mac: "b", firstMs: 130, lastMs: 148 },
    ],
    longestSilenceMs: 8,
    longestBlindMs: 2,
  });
});

test("two that answer one probe are an interval of two", () => {
  const report = reportAnswers(overlap);
  expect(report.mostAtOnce).toBe(2);
  expect(report.intervalsOfTwo).toEqual([{ macs: ["a", "b"], fromMs: 120, toMs: 124 }]);
});

test("a report is of the runs that touch its window", () => {
  expect(reportAnswers(overlap, 126).mostAtOnce).toBe(1);
  expect(reportAnswers(overlap, 0, 119).answerers).toEqual([{ mac: "a", firstMs: 100, lastMs: 118 }]);
});

test("a silence that was told in pieces is one silence, and so is an interval of two", () => {
  expect(reportAnswers([run(100, 25), run(150, 25), run(200, 5, "a")]).longestSilenceMs).toBe(98);
  const twice = [run(100, 25, "a", "b"), run(150, 25, "a", "b")];
  expect(reportAnswers(twice).intervalsOfTwo).toEqual([{ macs: ["a", "b"], fromMs: 100, toMs: 198 }]);
});

test("what was not probed is said to be unseen", () => {
  expect(reportAnswers([run(100, 5, "a"), run(508, 5, "a")]).longestBlindMs).toBe(400);
  expect(reportAnswers([run(100, 5, "a"), run(508, 5, "b")]).longestBlindMs).toBe(400);
});

test("the first answer from another is found, also beside the old holder's", () => {
  expect(firstOther(handOver, "a", 100)).toBe(130);
  expect(firstOther(overlap, "a", 100)).toBe(120);
  expect(firstOther(handOver, "b", 125)).toBeUndefined();
});
