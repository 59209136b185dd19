import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inLanes, roundsOf } from "./lanes.ts";

const root = join(import.meta.dirname, "..");
const files = globSync("test/{kernel,cluster}/**/*.test.ts", { cwd: root });

test("every file runs once: what measures alone, the long ones first, then the others", () => {
  const { alone, beside } = roundsOf(files);
  expect([...alone, ...beside].toSorted()).toEqual(files.toSorted());
  expect(alone.length).toBeGreaterThan(0);
});

test("every file that is named is there", () => {
  const named = roundsOf(["test/kernel/other.test.ts", ...files]);
  const first = named.beside.indexOf("test/cluster/bare.test.ts");
  expect(first).toBeGreaterThan(0);
  expect(named.beside.slice(0, first + 1)).toHaveLength(7);
  expect(named.alone).toHaveLength(9);
});

test("no more jobs than lanes run at once, and the results keep the files' order", async () => {
  let running = 0;
  let most = 0;
  const names = ["a", "b", "c", "d", "e"];
  const results = await inLanes(names, 2, async (name) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return name.toUpperCase();
  });
  expect(results).toEqual(["A", "B", "C", "D", "E"]);
  expect(most).toBe(2);
});
