import { expect, test } from "vitest";
import type { Move } from "../observe/moves.ts";
import { status } from "../observe/status.ts";
import { HOLDER } from "../observe/testing/samples.ts";
import { mergedMoves } from "./merged-moves.ts";

const [A, B] = ["vcluster-0_a_1", "vcluster-1_b_2"];
const MOVE: Move = {
  time: "2026-01-02T03:04:05.000000Z",
  from: A,
  to: B,
  cause: "handed-over",
  reason: null,
  transitions: 4,
  unservedMs: 2,
};

/** What comes of what each of some replicas saw. */
function merged(...seen: readonly (readonly Move[])[]): readonly Move[] {
  return mergedMoves(seen.map((moves) => status({ version: "", time: "", snapshot: HOLDER, moves, troubles: [] })));
}

test("one move that all saw is one, with the giver's reason and the longest gap", () => {
  const giver: Move = { ...MOVE, time: "2026-01-02T03:04:05.001000Z", reason: "stop asked for", unservedMs: 3.5 };
  const taker: Move = { ...MOVE, unservedMs: 5 };
  expect(merged([MOVE], [giver], [taker])).toEqual([{ ...MOVE, reason: "stop asked for", unservedMs: 5 }]);
});

test("a replica that was younger than the giver's hold does not hide who gave", () => {
  expect(merged([{ ...MOVE, from: null, cause: "vacant", unservedMs: null }], [MOVE])).toEqual([MOVE]);
});

test("what is not over for its taker is as long as the others know", () => {
  expect(merged([{ ...MOVE, unservedMs: null }], [MOVE])[0]?.unservedMs).toBe(2);
  expect(merged([{ ...MOVE, unservedMs: null }])[0]?.unservedMs).toBeNull();
});

test("two interruptions of one hold are two, beside the move that began it", () => {
  const again = { ...MOVE, from: B, cause: "interrupted" } as const;
  const [first, second] = ["2026-01-02T03:05:00Z", "2026-01-02T03:06:00Z"].map((time): Move => ({ ...again, time }));
  if (!first || !second) throw new Error("two were made");
  expect(merged([second, first, MOVE], [MOVE])).toEqual([second, first, MOVE]);
});

test("of many the newest sixteen are kept, the newest first", () => {
  const many = Array.from(
    { length: 20 },
    (_, i): Move => ({ ...MOVE, transitions: i, time: `2026-01-02T03:04:${10 + i}Z` }),
  );
  const list = merged(many);
  expect([list.length, list[0]?.transitions, list.at(-1)?.transitions]).toEqual([16, 19, 4]);
});
