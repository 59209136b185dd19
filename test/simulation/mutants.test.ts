import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import type { Verdict } from "./catch-mutant.ts";
import { catchMutants } from "./catch-mutants.ts";
import { mutate } from "./load-mutant.ts";
import { MUTANTS } from "./mutants/index.ts";

const PACKAGES = new URL("../../packages/", import.meta.url);

describe("a rule that is taken out is noticed", () => {
  const verdicts = new Map<number, Verdict>();
  beforeAll(async () => {
    const all = [...MUTANTS.keys()];
    await catchMutants(all, availableParallelism(), (index, verdict) => verdicts.set(index, verdict));
  });

  test.each(MUTANTS.map((mutant, index) => [mutant.name, index] as const))("%s", (_name, index) => {
    expect(verdicts.get(index)).toMatchObject({ caught: true });
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
        expect(readFileSync(new URL(file, PACKAGES), "utf8").split(find)).toHaveLength(2);
      }
    }
  });
});
