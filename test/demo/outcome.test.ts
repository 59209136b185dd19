import { expect, test } from "vitest";
import type { AnswerRun } from "../bed/arp-answers.ts";
import type { Attempt } from "../bed/connections.ts";
import { outcomeOf, type Records } from "./outcome.ts";

const ACTS = [
  { event: "first", fromMs: 0, toMs: 2_000 },
  { event: "second", fromMs: 2_000, toMs: 4_000 },
];

/** A connection every 10 ms, lost in [fromMs, toMs). */
function attempts(fromMs: number, toMs: number): readonly Attempt[] {
  return Array.from({ length: 400 }, (_, index) => ({
    startMs: index * 10,
    outcome: index * 10 >= fromMs && index * 10 < toMs ? "timeout" : "served",
    tookMs: 1,
  }));
}

function answers(
  ...runs: readonly (readonly [macs: readonly string[], fromMs: number, toMs: number])[]
): readonly AnswerRun[] {
  return runs.map(([macs, fromMs, toMs]) => ({ macs, fromMs, toMs, probes: 10, longestBlindMs: 2 }));
}

function check(records: Partial<Records>, storyLength = 2) {
  const all = { arp: answers([["a"], 0, 4_000]), worker: attempts(0, 0), client: attempts(0, 0), ...records };
  return outcomeOf(ACTS, all, storyLength);
}

test("connections count for the act they were begun in, and the longer gap of the two sides counts", () => {
  const { rows, failures } = check({ worker: attempts(2_500, 2_600), client: attempts(2_500, 2_540) });
  expect(rows).toEqual([
    { event: "first", tried: 400, lost: 0, gapMs: 0, mostHolders: 1 },
    { event: "second", tried: 400, lost: 14, gapMs: 100, mostHolders: 1 },
  ]);
  expect(failures).toEqual([]);
});

test("a VIP that the client cannot reach at the end is a failure", () => {
  expect(check({ client: attempts(2_500, 4_000) }).failures).toEqual(["The VIP ended unreachable from the client."]);
});

test("a side that tried nothing has not reached the VIP", () => {
  expect(check({ worker: [] }).failures).toEqual(["The VIP ended unreachable from the worker."]);
});

test("two replicas that answered for the VIP once are a failure, with both named", () => {
  const arp = answers([["a"], 0, 1_000], [["a", "b"], 1_002, 1_010], [["b"], 1_012, 4_000]);
  const { rows, failures } = check({ arp });
  expect(rows.map(({ mostHolders }) => mostHolders)).toEqual([2, 1]);
  expect(failures).toEqual(['Two replicas answered for the VIP during "first": a and b, for 8 ms.']);
});

test("a story that was not played to its end is a failure", () => {
  expect(check({}, 6).failures).toEqual(["Only 2 of 6 acts were played."]);
});
