import type { GateReading } from "@vcluster-kube-vip/routing";
import { expect, test } from "vitest";
import { type Inheritance, inheritanceOf } from "./inheritance.ts";

const WALL_MS = 1_800_000_000_000;
const opening = { holderIdentity: "a_uid_1", untilWallMs: WALL_MS + 3_000, timeoutMs: 3_000 };
const open: GateReading = { t: "open", lease: "ns/ours", opening };

function check(reading: GateReading, expected: Inheritance): void {
  expect(inheritanceOf(reading, { lease: "ns/ours", nowMs: 500, wallTimeMs: WALL_MS })).toEqual(expected);
}

test("a live opening of our Lease is inherited until the earlier of its two ends", () => {
  check(open, { t: "inherited", holderIdentity: "a_uid_1", untilMs: 3_500 });
  const byTimeout = { ...opening, timeoutMs: 1_200 };
  check({ ...open, opening: byTimeout }, { t: "inherited", holderIdentity: "a_uid_1", untilMs: 1_700 });
  const byWall = { ...opening, untilWallMs: WALL_MS + 700 };
  check({ ...open, opening: byWall }, { t: "inherited", holderIdentity: "a_uid_1", untilMs: 1_200 });
});

test("what the wall clock has closed is not inherited", () => {
  check({ ...open, opening: { ...opening, untilWallMs: WALL_MS } }, { t: "none" });
});

test.each<GateReading>([
  { t: "absent" },
  { t: "closed", lease: "ns/ours" },
  { t: "closed", lease: "ns/other" },
  { t: "damaged", what: "its link was made again" },
  { t: "foreign", what: "table arp t" },
])("of a gate that is $t nothing is inherited", (reading) => {
  check(reading, { t: "none" });
});

test.each([WALL_MS + 3_000, WALL_MS - 1])("another Lease's opening is left alone (until %d)", (untilWallMs) => {
  const reading: GateReading = { t: "open", lease: "ns/other", opening: { ...opening, untilWallMs } };
  const { t, ...rest } = inheritanceOf(reading, { lease: "ns/ours", nowMs: 500, wallTimeMs: WALL_MS });
  expect(t).toBe("taken");
  expect(JSON.stringify(rest)).toContain("ns/other");
});
