import { expect, test } from "vitest";
import { HELP, readArguments } from "./arguments.ts";

test.for<readonly [argv: readonly string[], expected: unknown]>([
  [[], { t: "play", api: "embedded" }],
  [["--"], { t: "play", api: "embedded" }],
  [["--api", "real"], { t: "play", api: "real" }],
  [["--api=real"], { t: "play", api: "real" }],
  [["--api=real", "--help"], { t: "help" }],
  [["--api"], { t: "wrong", sentence: 'demo: --api wants "embedded" or "real", not nothing; see --help.' }],
  [["--api=fake"], { t: "wrong", sentence: 'demo: --api wants "embedded" or "real", not fake; see --help.' }],
  [["story"], { t: "wrong", sentence: "demo: unknown option story; see --help." }],
])("%j is read as it is meant", ([argv, expected]) => {
  expect(readArguments(argv)).toEqual(expected);
});

test("the help fits 80 columns", () => {
  for (const line of HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
