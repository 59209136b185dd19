import { expect, test } from "vitest";
import { FAULTS } from "../bed/faults/catalogue.ts";
import { drawAt } from "./draw.ts";
import { TIMERS, type Timers } from "./timers.ts";

const faults = Object.values(FAULTS).flat();
const fast = TIMERS["5/3/1"];

function draws(seed: number, count: number, timers: Timers = fast) {
  return Array.from({ length: count }, (_, index) => drawAt(seed, index, faults, timers));
}

test("a seed and an index give the same draw again, alone as in the whole sequence", () => {
  const plain = ({ fault, phaseMs, lastsMs, random }: ReturnType<typeof drawAt>) =>
    [fault.name, phaseMs, lastsMs, random(), random()].join();
  const whole = draws(7, 200).map(plain);
  expect(plain(drawAt(7, 123, faults, fast))).toBe(whole[123]);
  expect(new Set(whole).size).toBe(200);
});

test("every round has every fault once, in an order of its own", () => {
  const names = draws(1, 3 * faults.length).map(({ fault }) => fault.name);
  const rounds = [0, 1, 2].map((round) => names.slice(round * faults.length, (round + 1) * faults.length));
  for (const round of rounds) expect(new Set(round).size).toBe(faults.length);
  expect(new Set(rounds.map((round) => round.join())).size).toBe(3);
});

test("another seed is another sequence", () => {
  const names = (seed: number) => draws(seed, faults.length).map(({ fault }) => fault.name);
  expect(names(1)).not.toEqual(names(2));
});

test.each(Object.entries(TIMERS))(
  "at %s every duration is within the fault's bounds, and most are short",
  (_, timers) => {
    const shares = draws(3, 10 * faults.length, timers).flatMap(
      ({
        fault: {
          lastsMs: [least, most],
        },
        lastsMs,
      }) => (most === least ? [] : [(lastsMs / timers.stretch - least) / (most - least)]),
    );
    expect(Math.min(...shares)).toBeGreaterThan(-0.001);
    expect(Math.max(...shares)).toBeLessThan(1.001);
    expect(shares.filter((share) => share < 0.5).length).toBeGreaterThan(shares.length / 2);
    expect(shares.filter((share) => share > 0.8).length).toBeGreaterThan(0);
  },
);
