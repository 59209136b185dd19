import { expect, test } from "vitest";
import { FAULTS } from "./catalogue.ts";

const faults = Object.values(FAULTS).flat();

test("every fault has a name of its own: a soak's table has one line for each", () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
});

test("how long a fault stays is bounded from both sides", () => {
  expect(faults.filter(({ lastsMs: [least, most] }) => least < 0 || most < least || most > 20_000)).toEqual([]);
});
