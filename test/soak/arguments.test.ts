import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

test("what is not said has a default", () => {
  expect(readArguments([])).toMatchObject({ seed: 1, first: 0, count: 50, lanes: 1, timers: "5/3/1" });
});

test("a replay is one draw on one lane", () => {
  expect(readArguments(["--seed", "7", "--only", "42", "--lanes", "4"])).toMatchObject({
    seed: 7,
    first: 42,
    count: 1,
    lanes: 1,
  });
});

test.each([
  ["--faults", "many"],
  ["--faults", "-1"],
  ["--seed", "1e3"],
  ["--timers", "1/1/1"],
  ["--unknown", "1"],
])("%s %s is refused by name", (option, value) => {
  expect(() => readArguments([`${option}=${value}`])).toThrow(option);
});
