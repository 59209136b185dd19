import { expect, test } from "vitest";
import type { Outcome, Troubled } from "./outcome.ts";
import { quietRun } from "./quiet-run.ts";
import { soak, TROUBLES_MAX } from "./soak.ts";

function troubled(index: number, message: string): Troubled {
  return { t: "troubled", index, fault: "frozen", phaseMs: 0, lastsMs: 1, message, evidence: [] };
}

/** Runs `count` indices on lanes that answer with `outcomeOf`. */
async function run(
  count: number,
  lanes: number,
  outcomeOf: (index: number) => Outcome,
  { signal = new AbortController().signal, bedsRefused = 0 } = {},
) {
  const outcomes: Outcome[] = [];
  let noBed = 0;
  let [started, closed] = [0, 0];
  await soak({
    startLane: async () => {
      started += 1;
      if (started <= bedsRefused) throw new TypeError("too busy");
      const close = async () => {
        closed += 1;
      };
      return { run: async (index) => outcomeOf(index), close };
    },
    indices: Array.from({ length: count }, (_, index) => index),
    lanes,
    signal,
    onNoBed: () => {
      noBed += 1;
    },
    onOutcome: (outcome) => outcomes.push(outcome),
    lost: (index, error) => troubled(index, String(error)),
  });
  return {
    outcomes,
    started,
    closed,
    noBed,
    indices: outcomes.map(({ index }) => index).sort((left, right) => left - right),
  };
}

test("every index runs once, on whichever lane is free, and every lane is closed", async () => {
  const { indices, started, closed } = await run(20, 3, (index) => quietRun(index));
  expect(indices).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect([started, closed]).toEqual([3, 3]);
});

test("nothing new is begun after a violation", async () => {
  const { indices } = await run(20, 1, (index) => quietRun(index, { violations: index === 4 ? ["two"] : [] }));
  expect(indices).toEqual([0, 1, 2, 3, 4]);
});

test("a bed in trouble is replaced, and so is a lane that is lost", async () => {
  const { outcomes, started } = await run(6, 1, (index) => {
    if (index === 1) return troubled(index, "no rest");
    if (index === 3) throw new TypeError("gone");
    return quietRun(index);
  });
  expect(outcomes.map((outcome) => (outcome.t === "ran" ? "ran" : outcome.message))).toEqual([
    "ran",
    "no rest",
    "ran",
    "TypeError: gone",
    "ran",
    "ran",
  ]);
  expect(started).toBe(3);
});

test("trouble again and again ends the run", async () => {
  const { outcomes } = await run(20, 1, (index) => troubled(index, "no rest"));
  expect(outcomes).toHaveLength(TROUBLES_MAX);
});

test("a bed that cannot be made is tried again, and not for ever", async () => {
  const later = await run(3, 2, (index) => quietRun(index), { bedsRefused: 2 });
  expect([later.indices, later.noBed]).toEqual([[0, 1, 2], 2]);
  const never = await run(3, 2, (index) => quietRun(index), { bedsRefused: 100 });
  expect([never.indices, never.noBed]).toEqual([[], TROUBLES_MAX]);
});

test("told to stop, it drops what it is at", async () => {
  const stop = new AbortController();
  const answer = (index: number): Outcome => {
    if (index === 2) stop.abort();
    return quietRun(index);
  };
  const { indices, closed } = await run(20, 1, answer, { signal: stop.signal });
  expect(indices).toEqual([0, 1]);
  expect(closed).toBeGreaterThan(0);
});
