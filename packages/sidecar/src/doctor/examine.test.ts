import { expect, test } from "vitest";
import type { Check } from "./check.ts";
import { examine } from "./examine.ts";
import { exitStatus, fault, ok } from "./finding.ts";

const NEVER = new Promise<never>(() => undefined);
const well: Check<object> = { name: "well", examine: async () => [ok("it is there")] };
const hanging: Check<object> = { name: "hanging", examine: () => NEVER };
const broken: Check<object> = { name: "broken", examine: () => Promise.reject(new TypeError("no such file")) };
const ill: Check<object> = {
  name: "ill",
  examine: async () => [fault("RULE_MISSING", "one"), fault("ROUTE_MISSING", "two")],
};

test("findings stand in the order of the checks, whichever answers first", async () => {
  const slow: Check<object> = { name: "slow", examine: () => well.examine({}).then(() => [ok("late")]) };
  const findings = await examine([slow, ill, well], {}, NEVER);
  expect(findings.map(({ check, sentence }) => [check, sentence])).toEqual([
    ["slow", "late"],
    ["ill", "one"],
    ["ill", "two"],
    ["well", "it is there"],
  ]);
});

test("a check that hangs is unknown when it is late, and takes nothing from the others", async () => {
  const late = Promise.withResolvers<void>();
  const examined = examine([hanging, well], {}, late.promise);
  await well.examine({});
  late.resolve();
  expect((await examined).map(({ check, t }) => [check, t])).toEqual([
    ["hanging", "unknown"],
    ["well", "ok"],
  ]);
});

test("a look that fails is unknown, with its words", async () => {
  expect(await examine([broken], {}, NEVER)).toEqual([
    { t: "unknown", check: "broken", sentence: "cannot be said: no such file" },
  ]);
});

test("only an error makes the status 1", async () => {
  const statusOf = async (...checks: readonly Check<object>[]) => exitStatus(await examine(checks, {}, NEVER));
  const warned: Check<object> = { name: "warned", examine: async () => [fault("LEASE_VACANT", "nobody")] };
  expect(await statusOf(well, broken, warned)).toBe(0);
  expect(await statusOf(well, ill)).toBe(1);
});
