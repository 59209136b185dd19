import { expect, test } from "vitest";
import { type HolderChangeCause, holderChange } from "./holder-change.ts";
import { type LeaseRecord, MARK_ANNOTATION } from "./lease-record.ts";
import { formatMark } from "./mark.ts";
import { NOTHING_KNOWN, type Observation } from "./observation.ts";

const A = "vcluster-0_uid-a_1";
const RECORD: LeaseRecord = {
  uid: "u",
  resourceVersion: "7",
  holderIdentity: A,
  leaseDurationSeconds: 15,
  leaseTransitions: 3,
  acquireTime: undefined,
  renewTime: undefined,
  annotations: {},
  raw: undefined,
};
const MARK = formatMark({ from: A, to: undefined, transitions: 3, replaced: "6" });
const MARKED: LeaseRecord = { ...RECORD, holderIdentity: "", annotations: { [MARK_ANNOTATION]: MARK } };
const EMPTY: LeaseRecord = { ...RECORD, holderIdentity: "" };
const taken = (holderIdentity: string): LeaseRecord => ({ ...RECORD, holderIdentity, leaseTransitions: 4 });
const named = (holderIdentity: string): LeaseRecord => ({ ...RECORD, holderIdentity });

function known(current: Observation["current"], sinceMs = 100): Observation {
  return { ...NOTHING_KNOWN, current, sinceMs };
}

const CASES: readonly (readonly [
  string,
  Observation["current"],
  Observation["current"],
  HolderChangeCause | undefined,
])[] = [
  ["the same holder renews", RECORD, { ...RECORD, resourceVersion: "8" }, undefined],
  ["a young process reads its first version", undefined, RECORD, "learnt"],
  ["the holder marks", RECORD, MARKED, "handed-over"],
  ["a mark is taken", MARKED, taken("b_b_2"), "handed-over"],
  ["the Lease is emptied", RECORD, EMPTY, "emptied"],
  ["the Lease is deleted", RECORD, "missing", "deleted"],
  ["an empty Lease is taken", EMPTY, taken("b_b_2"), "vacant"],
  ["a missing Lease is restored", "missing", RECORD, "vacant"],
  ["a silent holder's Lease is taken", RECORD, taken("b_b_2"), "not-renewed"],
  ["a new life takes its own pod's Lease after counting", RECORD, taken("vcluster-0_uid-a_2"), "not-renewed"],
  ["a new life of the pod adopts", RECORD, named("vcluster-0_uid-a_2"), "adopted"],
  ["a recreated pod's name is written in", RECORD, named("vcluster-0_uid-b_2"), "renamed"],
  ["an editor writes a name without a pod", named("me"), named("you"), "renamed"],
];

test.each(CASES)("%s: %o", (_what, before, after, cause) => {
  expect(holderChange(known(before), known(after), 350)?.cause).toBe(cause);
});

test("it says for how long the version before was known, and the transitions of the new one", () => {
  expect(holderChange(known(RECORD), known(taken("b_b_2")), 350)).toEqual({
    from: A,
    to: "b_b_2",
    cause: "not-renewed",
    transitions: 4,
    knownForMs: 250,
  });
});
