/** docs/model/quorum.pml: all of its states, and that each of its rules is needed. Needs spin and gcc. */
import { expect, test } from "vitest";
import { search, spinObstacle, WHOLE, WITHOUT } from "./model.ts";

const obstacle = spinObstacle();
const skip = obstacle !== undefined;
const because = skip ? `: ${obstacle}` : "";

test.skipIf(skip)(`no two gates are open in any state, with ${WHOLE.name}${because}`, async () => {
  const { counterExample, states } = await search(WHOLE, false);
  expect(counterExample).toEqual([]);
  // A model in which hardly anything can happen proves nothing.
  expect(states).toBeGreaterThan(200_000);
});

test.skipIf(skip).each(WITHOUT)(`two gates are open without $name${because}`, async (model) => {
  const { counterExample } = await search(model, true);
  expect(counterExample.filter((line) => /^the gate of \d is open/.test(line)).length).toBeGreaterThanOrEqual(2);
});
