import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { play } from "./transcript.ts";

const FOLDER = new URL("../../../../../test/scenarios/", import.meta.url);

/** `REWRITE=1 vitest run --project unit transcript` records the output anew. Commit only what you understand. */
const isRewriting = process.env["REWRITE"] === "1";

describe("a scenario comes out as it is written", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
  test.each(files)("%s", (name) => {
    const file = new URL(name, FOLDER);
    const played = play(readFileSync(file, "utf8"));
    if (isRewriting) writeFileSync(file, played);
    expect(played).toBe(readFileSync(file, "utf8"));
    expect(played).not.toContain("TWO HOLDERS");
  });

  test("there are scenarios", () => {
    expect(files.length).toBeGreaterThanOrEqual(13);
  });
});

describe("a script that cannot be played says where and why", () => {
  test.each([
    ["> start a", /line 1.*begins with "> replicas/],
    ["> replicas a\n> dance", /line 2: > dance: unknown command; there are replicas, start/],
    ["> replicas a\n> start b", /no replica is called "b"/],
    ["> replicas a\n> run 15", /"15" is no duration/],
    ["> replicas a\n> operator sing", /cannot sing/],
  ])("%j", (text, expected) => {
    expect(() => play(text)).toThrow(expected);
  });
});
