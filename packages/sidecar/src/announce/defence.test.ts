import fc from "fast-check";
import { expect, test } from "vitest";
import { type DefenceEffect, type DefenceEvent, type DefenceState, PEACE, step } from "./defence.ts";

/** When a stranger claims the VIP; between, it answers questions or not. */
interface Stranger {
  readonly claimsMs: readonly number[];
  /** Until when it answers probes; -1: never. */
  readonly answersUntilMs: number;
}

/** Plays a stranger; each question is answered 60 ms later. "0 defence": what was announced when. */
function play({ claimsMs, answersUntilMs }: Stranger, untilMs: number) {
  let state: DefenceState = PEACE;
  let timer: number | undefined;
  let askedAtMs: number | undefined;
  const announced: string[] = [];
  let asked = 0;
  const feed = (event: DefenceEvent, nowMs: number): void => {
    let effects: readonly DefenceEffect[];
    [state, effects] = step(state, event);
    for (const effect of effects) {
      if (effect.t === "announce") announced.push(`${nowMs} ${effect.why}`);
      else if (effect.t === "timer") timer = effect.atMs;
      else {
        expect(askedAtMs).toBeUndefined();
        askedAtMs = nowMs;
        asked += 1;
      }
    }
  };
  const claims = [...claimsMs];
  for (let turns = 0; turns < 100_000; turns += 1) {
    const answerAtMs = askedAtMs === undefined ? Number.POSITIVE_INFINITY : askedAtMs + 60;
    const nextMs = Math.min(claims[0] ?? Number.POSITIVE_INFINITY, timer ?? Number.POSITIVE_INFINITY, answerAtMs);
    if (nextMs > untilMs) break;
    if (nextMs === claims[0]) {
      claims.shift();
      feed({ t: "claimed", nowMs: nextMs }, nextMs);
    } else if (nextMs === timer) {
      timer = undefined;
      feed({ t: "tick", nowMs: nextMs }, nextMs);
    } else {
      const heard = claimsMs.some((atMs) => atMs >= nextMs - 60 && atMs <= nextMs);
      askedAtMs = undefined;
      feed({ t: "asked", nowMs: nextMs, isClaimed: nextMs <= answersUntilMs || heard }, nextMs);
    }
  }
  return { announced, asked, state };
}

function every(periodMs: number, fromMs: number, toMs: number): readonly number[] {
  return Array.from({ length: Math.floor((toMs - fromMs) / periodMs) + 1 }, (_, index) => fromMs + index * periodMs);
}

test("a first claim is answered at once", () => {
  expect(play({ claimsMs: [500], answersUntilMs: -1 }, 500).announced).toEqual(["500 defence"]);
});

test("claim upon claim is answered once in 10 s", () => {
  const { announced } = play({ claimsMs: every(100, 0, 35_000), answersUntilMs: 35_000 }, 35_000);
  expect(announced).toEqual(["0 defence", "10000 defence", "20000 defence", "30000 defence"]);
});

test("a stranger that leaves after 3 s is found gone, and said so, within little more than a second", () => {
  const { announced } = play({ claimsMs: every(1000, 0, 3000), answersUntilMs: 3100 }, 60_000);
  expect(announced).toEqual(["0 defence", "4060 stranger-gone"]);
});

test("a stranger that only answers, and never says anything by itself, is asked for once a second until it is gone", () => {
  const { announced, asked } = play({ claimsMs: [0], answersUntilMs: 5500 }, 60_000);
  expect(announced).toEqual(["0 defence", "6360 stranger-gone"]);
  expect(asked).toBe(6);
});

test("one that claims now and then and answers nothing is not answered each time: no fight", () => {
  const { announced } = play({ claimsMs: every(1500, 0, 120_000), answersUntilMs: -1 }, 120_000);
  const perMinute = announced.filter((line) => Number(line.split(" ")[0]) >= 60_000).length;
  expect(perMinute).toBeLessThanOrEqual(8);
});

test("what was defended in the last hold counts in the next one", () => {
  const [defended] = step(PEACE, { t: "claimed", nowMs: 0 });
  const [stopped, effects] = step(defended, { t: "stop" });
  expect(effects).toEqual([{ t: "timer", atMs: undefined }]);
  const [, again] = step(stopped, { t: "claimed", nowMs: 5_000 });
  expect(again.filter(({ t }) => t === "announce")).toEqual([]);
});

test("an answer that comes after the hold is over says nothing", () => {
  const [stopped] = step(PEACE, { t: "stop" });
  expect(step(stopped, { t: "asked", nowMs: 0, isClaimed: false })).toEqual([stopped, []]);
  expect(step(stopped, { t: "tick", nowMs: 0 })).toEqual([stopped, []]);
});

test("whatever is claimed: defended at most once in 10 s, and at most four words in any 5 s", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 400 }),
      fc.integer({ min: -1, max: 200_000 }),
      (claims, answersUntilMs) => {
        const claimsMs = claims.toSorted((a, b) => a - b);
        const words = play({ claimsMs, answersUntilMs }, 300_000).announced.map((line) => line.split(" "));
        const defended = words.filter(([, why]) => why === "defence").map(([atMs]) => Number(atMs));
        for (const [index, atMs] of defended.entries()) {
          if (index > 0) expect(atMs - (defended[index - 1] ?? 0)).toBeGreaterThanOrEqual(10_000);
        }
        const all = words.map(([atMs]) => Number(atMs));
        for (const atMs of all) {
          expect(all.filter((other) => other >= atMs && other < atMs + 5_000).length).toBeLessThanOrEqual(4);
        }
      },
    ),
  );
});
