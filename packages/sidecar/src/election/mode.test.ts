import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LeaseRecord, MODE_ANNOTATION } from "./lease-record.ts";
import { formatMode, modeOf, provenTarget, termIn } from "./mode.ts";

const QUORUM = { mode: "quorum", term: 7, voters: ["a_1", "b_2", "c_3"] } as const;

function record(fields: Partial<LeaseRecord> = {}, text?: string): LeaseRecord {
  return {
    uid: "u",
    resourceVersion: "11",
    holderIdentity: "a_1_x",
    leaseDurationSeconds: 15,
    leaseTransitions: 3,
    acquireTime: undefined,
    renewTime: undefined,
    annotations: text === undefined ? {} : { [MODE_ANNOTATION]: text },
    raw: undefined,
    ...fields,
  };
}

const BOUND = formatMode({ ...QUORUM, holder: "a_1_x", transitions: 3, replaced: "10" });
const BEFORE = record({ resourceVersion: "10" });

describe("the mode of a record", () => {
  test("is what its holder wrote", () => {
    expect(modeOf(record({}, BOUND))).toMatchObject(QUORUM);
  });

  test.each([{ holderIdentity: "kube-vip-node" }, { leaseTransitions: 4 }, { holderIdentity: "" }])(
    "is nothing where it was carried along into a record with %o (R6)",
    (fields) => {
      expect(modeOf(record(fields, BOUND))).toBeUndefined();
      expect(provenTarget(record(fields, BOUND), BEFORE)).toBeUndefined();
    },
  );

  test.each([
    "",
    "quorum",
    "null",
    "[]",
    BOUND.replace('"quorum"', '"fast"'),
    BOUND.replace('"term":7', '"term":"7"'),
    BOUND.replace('"term":7', '"term":-1'),
    BOUND.replace('["a_1","b_2","c_3"]', '["a_1",2]'),
    BOUND.replace('"replaced":"10"', '"replaced":10'),
    `${BOUND.slice(0, -1)},"more":"${"x".repeat(9_000)}"}`,
  ])("is nothing where %j stands there", (text) => {
    expect(modeOf(record({}, text))).toBeUndefined();
  });

  test("has each voter once: one voice twice is no majority", () => {
    const text = BOUND.replace('["a_1","b_2","c_3"]', '["a_1","b_2","b_2"]');
    expect(modeOf(record({}, text))?.voters).toEqual(["a_1", "b_2"]);
  });

  test("is read from any text without throwing", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void modeOf(record({}, text))));
  });

  test("comes back as it was written", () => {
    const identity = fc.string({ minLength: 1, maxLength: 40 });
    const voters = fc.uniqueArray(identity, { maxLength: 7 });
    const term = fc.nat();
    fc.assert(
      fc.property(identity, term, term, voters, (holder, transitions, number, names) => {
        const mode = { mode: "quorum", term: number, voters: names, holder, transitions, replaced: "10" } as const;
        const written = record({ holderIdentity: holder, leaseTransitions: transitions }, formatMode(mode));
        expect(modeOf(written)).toEqual(mode);
      }),
    );
  });
});

describe("what may be taken by the voters' word", () => {
  test("is a record of mode quorum whose predecessor is the one that it replaced", () => {
    expect(provenTarget(record({}, BOUND), BEFORE)).toEqual({
      holderIdentity: "a_1_x",
      leaseTransitions: 3,
      term: 7,
      voters: QUORUM.voters,
    });
  });

  test.each([
    ["nobody knows what was before", undefined],
    ["it replaced another version: an old copy was put back", record({ resourceVersion: "9" })],
    ["it was another Lease's", record({ resourceVersion: "10", uid: "other" })],
    ["it was another holder's", record({ resourceVersion: "10", holderIdentity: "b_2_x" })],
    ["it was another take's", record({ resourceVersion: "10", leaseTransitions: 2 })],
  ])("is nothing where %s", (_why, predecessor) => {
    expect(provenTarget(record({}, BOUND), predecessor)).toBeUndefined();
  });

  test("is nothing in mode lease", () => {
    expect(provenTarget(record({}, BOUND.replace('"quorum"', '"lease"')), BEFORE)).toBeUndefined();
  });
});

test("the term that stands there counts for the next one, whosever it is", () => {
  expect(termIn(record({ holderIdentity: "b_2_x" }, BOUND))).toBe(7);
  expect(termIn(record({}, "nonsense"))).toBe(0);
  expect(termIn(record())).toBe(0);
});
