import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

test("without options everybody is compared in every event, and ours is measured by itself", () => {
  expect(readArguments([])).toMatchObject({ parts: ["field", "cost"], runs: 12, withIdle: true, write: false });
});

test("tools and events are taken in their own order, whatever was typed", () => {
  const args = readArguments(["--tools", "kube-vip,ours", "--events", "killed,planned"]);
  expect(args).toMatchObject({ tools: ["ours", "kube-vip"], events: ["planned", "killed"] });
});

test("a part that is named is alone", () => {
  expect(readArguments(["--growth"])).toMatchObject({ parts: ["growth"] });
  expect(readArguments(["--help"])).toBe("help");
});

test.each([
  [["--tools", "metallb"], '--tools: "metallb" is none of floor, ours'],
  [["--events", ""], '--events: "" is none of planned'],
  [["--runs", "1.5"], '--runs must be a whole number up to 9999, got "1.5"'],
  [["--minutes", "-1"], "--minutes"],
  [["--fast"], "Unknown option '--fast'"],
])("%j is refused with the option's name", (argv, words) => {
  expect(() => readArguments(argv)).toThrow(words);
});
