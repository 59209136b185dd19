import fc from "fast-check";
import { expect, test } from "vitest";
import type { QuorumPath } from "./port.ts";
import { type Admission, admit, ask, believe, isBelieved, NOBODY, SESSIONS_MAX, type Verdict } from "./replay.ts";

const LIFE = "vc-1_u1_aa";
const NEXT_LIFE = "vc-1_u1_bb";

function asked(state: Admission, identity: string, counter = 1, nowMs = 0, nonce = 5n): Admission {
  return ask(state, { identity, counter, nonce, nowMs })[0];
}

function known(identity: string, counter = 10, nowMs = 0, before: Admission = NOBODY): Admission {
  const [state, isKnown] = believe(asked(before, identity, 1, nowMs), { identity, counter, nowMs, echo: 5n });
  expect(isKnown).toBe(true);
  return state;
}

/** The verdicts on messages of one life, in this order. */
function verdicts(
  heard: readonly (readonly [counter: number, path: QuorumPath])[],
  from = known(LIFE),
): readonly Verdict[] {
  let state = from;
  return heard.map(([counter, path]) => {
    const [next, verdict] = admit(state, { identity: LIFE, counter, path, nowMs: 1 });
    state = next;
    return verdict;
  });
}

test("a message counts once, its copy by the other path is a copy, and all else of it a replay", () => {
  const heard: [number, QuorumPath][] = [
    [11, "segment"],
    [11, "pod-network"],
    [11, "segment"],
    [11, "pod-network"],
  ];
  expect(verdicts(heard)).toEqual(["fresh", "copy", "replay", "replay"]);
});

test("messages count in any order", () => {
  const heard: [number, QuorumPath][] = [
    [13, "segment"],
    [11, "segment"],
    [12, "segment"],
    [11, "segment"],
    [12, "pod-network"],
  ];
  expect(verdicts(heard)).toEqual(["fresh", "fresh", "fresh", "replay", "copy"]);
});

test("what a life sent before it was believed never counts", () => {
  expect(
    verdicts([
      [10, "segment"],
      [9, "segment"],
      [1, "pod-network"],
    ]),
  ).toEqual(["old", "old", "old"]);
});

test("what is behind the window is old, and the last one in it is not", () => {
  expect(
    verdicts([
      [500, "segment"],
      [372, "segment"],
      [373, "segment"],
    ]),
  ).toEqual(["fresh", "old", "fresh"]);
});

test("a leap over the whole window forgets nothing that could count again", () => {
  expect(
    verdicts([
      [11, "segment"],
      [100_000, "segment"],
      [11, "segment"],
      [100_000, "segment"],
    ]),
  ).toEqual(["fresh", "fresh", "old", "replay"]);
});

test("whatever comes, in any order: each counter is fresh at most once, and a copy at most once, by the other path", () => {
  const anyHeard = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom<QuorumPath[]>("segment", "pod-network")),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(anyHeard, (heard) => {
      const came = new Map<number, string[]>();
      for (const [index, verdict] of verdicts(heard).entries()) {
        const [counter, path] = heard[index] ?? [0, "segment"];
        if (verdict === "fresh" || verdict === "copy")
          came.set(counter, [...(came.get(counter) ?? []), `${verdict} ${path}`]);
        else if (verdict === "replay") expect(came.get(counter)).toContainEqual(expect.stringContaining(path));
      }
      for (const [counter, ways] of came) {
        expect(counter).toBeGreaterThan(10);
        expect(ways[0]).toMatch(/^fresh/);
        expect(ways.length).toBeLessThanOrEqual(2);
        if (ways.length === 2) expect(new Set(ways.map((way) => way.split(" ")[1])).size).toBe(2);
      }
    }),
  );
});

test("a life that was never asked, or asked something else, is a stranger", () => {
  expect(admit(NOBODY, { identity: LIFE, counter: 1, path: "segment", nowMs: 0 })[1]).toBe("stranger");
  expect(believe(NOBODY, { identity: LIFE, counter: 1, nowMs: 0, echo: 5n })[1]).toBe(false);
  expect(believe(asked(NOBODY, LIFE), { identity: LIFE, counter: 1, nowMs: 0, echo: 6n })[1]).toBe(false);
  expect(believe(asked(NOBODY, LIFE), { identity: NEXT_LIFE, counter: 1, nowMs: 0, echo: 5n })[1]).toBe(false);
});

test("an echo counts once, and not after 2 s", () => {
  const state = asked(NOBODY, LIFE);
  expect(believe(state, { identity: LIFE, counter: 1, nowMs: 1_999, echo: 5n })[1]).toBe(true);
  expect(believe(state, { identity: LIFE, counter: 1, nowMs: 2_000, echo: 5n })[1]).toBe(false);
  expect(believe(known(LIFE), { identity: LIFE, counter: 99, nowMs: 0, echo: 5n })[1]).toBe(false);
});

test("the next life takes its voter's place, and what is recorded of the earlier one counts no more", () => {
  const state = known(NEXT_LIFE, 3, 5, known(LIFE));
  expect(isBelieved(state, NEXT_LIFE)).toBe(true);
  expect(admit(state, { identity: LIFE, counter: 500, path: "segment", nowMs: 6 })[1]).toBe("stranger");
  expect(admit(state, { identity: NEXT_LIFE, counter: 4, path: "segment", nowMs: 6 })[1]).toBe("fresh");
  // A recorded greeting of the earlier life begins nothing: it is asked, and cannot answer.
  const [, nonce] = ask(state, { identity: LIFE, counter: 500, nonce: 7n, nowMs: 6 });
  expect(nonce).toBe(7n);
  expect(isBelieved(asked(state, LIFE, 500, 6, 7n), NEXT_LIFE)).toBe(true);
});

test("a greeting that is heard again asks for nothing, a newer one for the same nonce, or after 2 s for another", () => {
  const state = asked(NOBODY, LIFE, 4);
  expect(ask(state, { identity: LIFE, counter: 4, nonce: 9n, nowMs: 1 })[1]).toBe("replay");
  expect(ask(state, { identity: LIFE, counter: 3, nonce: 9n, nowMs: 5_000 })[1]).toBe("replay");
  expect(ask(state, { identity: LIFE, counter: 5, nonce: 9n, nowMs: 1_999 })[1]).toBe(5n);
  expect(ask(state, { identity: LIFE, counter: 5, nonce: 9n, nowMs: 2_000 })[1]).toBe(9n);
});

test("a thousand replicas that greet and are believed are remembered up to the bounds, the latest ones", () => {
  let state = NOBODY;
  for (let index = 0; index < 1_000; index += 1) {
    state = known(`vc-${index}_u_aa`, 1, index, state);
    state = asked(state, `other-${index}_u_aa`, 1, index);
  }
  expect(state.sessions.size).toBe(SESSIONS_MAX);
  expect(state.asked.size).toBeLessThanOrEqual(16);
  expect(isBelieved(state, "vc-999_u_aa")).toBe(true);
  expect(isBelieved(state, "vc-0_u_aa")).toBe(false);
});
