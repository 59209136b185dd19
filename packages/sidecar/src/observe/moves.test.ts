import { describe, expect, it } from "vitest";
import type { HolderChange } from "../election/holder-change.ts";
import type { Happening } from "./happening.ts";
import { type Move, Moves } from "./moves.ts";

const [A, B] = ["vcluster-0_a_1", "vcluster-1_b_2"];
const MS_IN = { handOver: 3, lease: 15_000 };

function changed(cause: HolderChange["cause"], change: Partial<HolderChange>): Happening {
  return { t: "holder-changed", from: undefined, to: undefined, transitions: 4, knownForMs: 900, ...change, cause };
}

const ended = (reason: string): Happening => ({
  t: "transition",
  machine: "election",
  from: "holding",
  to: "yielding",
  reason,
});
const silenced: Happening = { t: "silenced", tookMs: 1 };
const took: Happening = { t: "took", transitions: 4, wonToFirstFrameMs: 1 };

/** What `identity` remembers of happenings at their times. */
function remembered(identity: string, told: readonly (readonly [atMs: number, Happening])[]): readonly Move[] {
  const moves = new Moves(identity);
  for (const [atMs, happening] of told) moves.record(happening, atMs, `at ${atMs}`);
  return moves.list;
}

function check(
  identity: string,
  told: readonly (readonly [number, Happening])[],
  expected: readonly Partial<Move>[],
): void {
  expect(remembered(identity, told)).toEqual(expected.map((move) => expect.objectContaining(move)));
}

const HAND_OVER = [
  [1_001, changed("handed-over", { from: A })],
  [1_001 + MS_IN.handOver, changed("handed-over", { to: B })],
] as const;

describe("a hand-over", () => {
  const move = { from: A, to: B, cause: "handed-over", transitions: 4 } as const;

  it("is unserved for the giver from its own silence on, and has its reason", () => {
    const giving = [
      [1_000, ended("stop asked for")],
      [1_000.5, silenced],
    ] as const;
    check(A, [...giving, ...HAND_OVER], [{ ...move, reason: "stop asked for", unservedMs: 3.5, time: "at 1004" }]);
  });

  it("is not over for the taker before its first frame", () => {
    check(B, HAND_OVER, [{ ...move, reason: null, unservedMs: null }]);
    check(B, [...HAND_OVER, [1_006, took]], [{ ...move, unservedMs: 5, time: "at 1004" }]);
  });

  it("is for anybody else unserved from the mark to the new name", () => {
    check("vcluster-2_c_3", HAND_OVER, [{ ...move, reason: null, unservedMs: 3 }]);
  });
});

describe("a take from a holder that did not renew", () => {
  const taken = [20_000, changed("not-renewed", { from: A, to: B, knownForMs: MS_IN.lease })] as const;

  it("is unserved since the last renewal that was seen", () => {
    check(B, [taken, [20_002, took]], [{ from: A, to: B, cause: "not-renewed", unservedMs: 15_002 }]);
  });

  it("counts for the old holder from its own silence, where it fell silent before", () => {
    const gone = [
      [18_000, ended("deadline-passed")],
      [18_001, silenced],
    ] as const;
    check(A, [...gone, taken], [{ cause: "not-renewed", reason: "deadline-passed", unservedMs: 1_999 }]);
  });
});

describe("what the Lease shows otherwise", () => {
  it("is no move where this replica only learns who holds", () => {
    check(B, [[1, changed("learnt", { to: A })]], []);
  });

  it("is a first take out of nobody's hands, of which nothing is known before", () => {
    check(
      A,
      [
        [1, changed("vacant", { to: A })],
        [2, took],
      ],
      [{ from: null, to: A, cause: "vacant", unservedMs: null }],
    );
  });

  it("is another hand's doing that the holder mended", () => {
    const told = [
      [100, silenced],
      [101, changed("deleted", { from: A })],
      [150, changed("vacant", { to: A })],
      [152, took],
    ] as const;
    check(A, told, [{ from: A, to: A, cause: "deleted", unservedMs: 52 }]);
  });

  it("is served on without a gap when a new life of the pod adopts", () => {
    check(B, [[9, changed("adopted", { from: A, to: B })]], [{ cause: "adopted", unservedMs: 0 }]);
  });
});

describe("an interruption", () => {
  it("is a hold that ended and came back with nobody else between", () => {
    const told = [
      [1, changed("vacant", { to: A })],
      [2, took],
      [50_000, ended("deadline-passed")],
      [50_001, silenced],
      [58_001, took],
    ] as const;
    const back = { from: A, to: A, cause: "interrupted", reason: "deadline-passed", unservedMs: 8_000 } as const;
    check(A, told, [back, { cause: "vacant" }]);
  });

  it("is a gate that closed before the renewal came", () => {
    const lapsed: Happening = { t: "transition", machine: "vip", from: "held", to: "lapsed", reason: "has run out" };
    check(
      A,
      [
        [10, lapsed],
        [40, took],
      ],
      [{ cause: "interrupted", reason: "has run out", unservedMs: 30 }],
    );
  });
});

it("is remembered sixteen times, the newest first", () => {
  const told = Array.from({ length: 20 }, (_, i) => [i, changed("renamed", { from: A, to: `${i}` })] as const);
  const list = remembered(B, told);
  expect([list.length, list[0]?.to, list.at(-1)?.to]).toEqual([16, "19", "4"]);
});
