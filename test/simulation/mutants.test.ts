import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { catchMutant } from "./catch-mutant.ts";
import { mutate } from "./load-mutant.ts";
import { MUTANTS } from "./mutants.ts";

const ELECTION = new URL("../../packages/sidecar/src/election/", import.meta.url);

describe("a rule that is taken out is noticed", () => {
  test.each(MUTANTS.map((mutant, index) => [mutant.name, index] as const))("%s", async (_name, index) => {
    const { caught, how } = await catchMutant(index);
    expect(caught, how).toBe(true);
  });
});

describe("an edit", () => {
  const mutant = {
    name: "",
    edits: [{ file: "moves.ts", find: "no such text", replace: "" }],
    caughtBy: { t: "simulation", withinSchedules: 1 },
  } as const;

  test("that no longer fits the source is an error", () => {
    expect(() => mutate("text", "moves.ts", mutant)).toThrow(/0 places like "no such text", expected one/);
  });

  test("of another file changes nothing", () => {
    expect(mutate("text", "mark.ts", mutant)).toBe("text");
  });

  test("that was written down changes the source it names", () => {
    for (const { edits } of MUTANTS) {
      for (const { file, find, replace } of edits) {
        expect(find).not.toBe(replace);
        expect(readFileSync(new URL(file, ELECTION), "utf8").split(find)).toHaveLength(2);
      }
    }
  });
});
