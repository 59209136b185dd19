import { describe, expect, test } from "vitest";
import type { LeaseRecord } from "./lease-record.ts";
import * as observed from "./observation.ts";
import { countedDurationMs, isOlder, NOTHING_KNOWN, type Observation } from "./observation.ts";

function version(resourceVersion: number | string, fields: Partial<LeaseRecord> = {}): LeaseRecord {
  return {
    uid: "u1",
    resourceVersion: String(resourceVersion),
    holderIdentity: "b",
    leaseDurationSeconds: 15,
    leaseTransitions: 1,
    acquireTime: undefined,
    renewTime: undefined,
    annotations: {},
    raw: undefined,
    ...fields,
  };
}

function listed(record: LeaseRecord): Observation {
  return observed.afterList(NOTHING_KNOWN, record, 0);
}

describe("the chain of an unbroken watch", () => {
  test("knows the version directly before the current one", () => {
    const known = observed.afterChange(listed(version(5)), version(6), 10);
    expect(known.predecessor?.resourceVersion).toBe("5");
  });

  test("begins anew with each list", () => {
    const known = observed.afterList(observed.afterChange(listed(version(5)), version(6), 10), version(6), 20);
    expect(known.predecessor).toBeUndefined();
  });

  test("does not reach across a break", () => {
    const broken = observed.afterBreak(listed(version(5)));
    expect(observed.afterChange(broken, version(6), 10).predecessor).toBeUndefined();
  });

  test("does not reach across a deletion", () => {
    const gone = observed.afterDeletion(listed(version(5)), version(6), 10);
    expect(observed.afterChange(gone, version(7, { uid: "u2" }), 20).predecessor).toBeUndefined();
  });

  test("is not lengthened by a read: the watch may still show versions in between", () => {
    const read = observed.afterRead(listed(version(5)), version(8), 10);
    expect(read.predecessor).toBeUndefined();
    const between = observed.afterChange(read, version(7), 20);
    expect(between.current).toMatchObject({ resourceVersion: "8" });
    expect(observed.afterChange(between, version(8), 30).predecessor?.resourceVersion).toBe("7");
  });
});

describe("first sight", () => {
  test("a version counts from when it was seen first, by whatever way", () => {
    const known = observed.afterRead(listed(version(5)), version(6), 10);
    expect(observed.afterChange(known, version(6), 30).sinceMs).toBe(10);
  });

  test("the same number under another uid is another version", () => {
    expect(observed.afterList(listed(version(5)), version(5, { uid: "u2" }), 30).sinceMs).toBe(30);
  });

  test("an old answer does not bring an old version back", () => {
    const known = observed.afterRead(listed(version(9)), version(5), 30);
    expect(known).toMatchObject({ sinceMs: 0, current: { resourceVersion: "9" } });
  });

  test("a deletion that a recreation has overtaken removes nothing", () => {
    const recreated = observed.afterRead(listed(version(5)), version(8, { uid: "u2" }), 10);
    expect(observed.afterDeletion(recreated, version(6), 20).current).toMatchObject({ resourceVersion: "8" });
  });
});

describe("the length that counts", () => {
  function after(...steps: readonly [seconds: number, atMs: number][]): Observation {
    let known = NOTHING_KNOWN;
    for (const [index, [leaseDurationSeconds, atMs]] of steps.entries()) {
      known = observed.afterRead(known, version(index + 1, { leaseDurationSeconds }), atMs);
    }
    return known;
  }

  test.each([
    ["the own setting", after([5, 0]), 0, 15_000],
    ["the record's", after([30, 0]), 0, 30_000],
    ["60 s at most", after([3_600, 0]), 0, 60_000],
    ["that of a record replaced 59.9 s ago", after([30, 0], [1, 1_000]), 60_900, 30_000],
    ["no more that of a record replaced 60 s ago", after([30, 0], [1, 1_000]), 61_000, 15_000],
    ["the longest of many", after([20, 0], [40, 1], [30, 2], [1, 3]), 10, 40_000],
  ] as const)("is %s", (_what, known, nowMs, expected) => {
    expect(countedDurationMs(known, 15_000, nowMs)).toBe(expected);
  });

  test("is remembered in a bounded list that keeps the longest", () => {
    const steps = Array.from({ length: 100 }, (_unused, index) => [59 - (index % 45), index] as [number, number]);
    const known = after(...steps);
    expect(known.pastDurations.length).toBeLessThanOrEqual(16);
    expect(countedDurationMs(known, 5_000, 100)).toBe(59_000);
  });
});

describe("age", () => {
  test.each([
    ["9", "10", true],
    ["10", "9", false],
    ["10", "10", false],
    ["9007199254740993", "9007199254740994", true],
    ["opaque", "10", false],
    ["9", "opaque", false],
    ["010", "11", false],
  ])("%s is older than %s: %s", (a, b, expected) => {
    expect(isOlder(version(a), version(b))).toBe(expected);
  });
});
