import { expect, test } from "vitest";
import type { AnswerRun } from "../arp-answers.ts";
import { reportSides, type SidesReport } from "./sides.ts";

/** Probes every 2 ms from `fromMs` to `toMs`. */
function run(fromMs: number, toMs: number, ...macs: readonly string[]): AnswerRun {
  return { macs, fromMs, toMs, probes: (toMs - fromMs) / 2 + 1, longestBlindMs: toMs > fromMs ? 2 : 0 };
}

function check(sides: readonly (readonly AnswerRun[])[], expected: Partial<SidesReport>): void {
  const options = { periodMs: 2, fromMs: 100, toMs: 200, isStranger: (mac: string) => mac.startsWith("stranger") };
  expect(reportSides(sides, options)).toMatchObject(expected);
}

test("one holder after the other is never two, and what lies between is silence", () => {
  check([[run(100, 140, "a"), run(142, 158), run(160, 200, "b")]], {
    mostAtOnce: 1,
    msOfTwo: 0,
    msOfNone: 20,
    longestNoneMs: 20,
    longestBlindMs: 2,
  });
});

test("two that answer on one side are two for as long as they did", () => {
  check([[run(100, 140, "a"), run(142, 152, "a", "b"), run(154, 200, "b")]], {
    mostAtOnce: 2,
    msOfTwo: 10,
    twos: [{ macs: ["a", "b"], fromMs: 142, toMs: 152 }],
  });
});

test("a single probe that two answered counts as a period", () => {
  check([[run(100, 148, "a"), run(150, 150, "a", "b"), run(152, 200, "a")]], { mostAtOnce: 2, msOfTwo: 2 });
});

test("two that answer on two sides of a cut at the same time are two", () => {
  check(
    [
      [run(100, 160, "a"), run(162, 200)],
      [run(100, 139), run(141, 199, "b")],
    ],
    {
      mostAtOnce: 2,
      msOfTwo: 19,
      msOfNone: 0,
    },
  );
});

test("one that is heard on both sides, or moves from one to the other, is one", () => {
  check([[run(100, 200, "a")], [run(101, 199, "a")]], { mostAtOnce: 1, msOfTwo: 0, msOfNone: 0 });
  check(
    [
      [run(100, 150, "a"), run(152, 200)],
      [run(101, 151), run(153, 199, "a")],
    ],
    { mostAtOnce: 1, msOfNone: 0 },
  );
});

test("a stranger is counted apart", () => {
  check([[run(100, 150, "a"), run(152, 170, "a", "stranger"), run(172, 200, "a")]], {
    mostAtOnce: 1,
    msOfTwo: 0,
    msOfStrangers: 18,
  });
});

test("runs that were told in pieces make no silence", () => {
  check([[run(100, 150, "a"), run(152, 200, "a")]], { msOfNone: 0 });
});

test("what nobody probed is said to be unseen", () => {
  check([[run(100, 120, "a"), run(180, 200, "a")]], { longestBlindMs: 60 });
});
