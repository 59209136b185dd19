import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leaseObject, parseLease } from "./lease-object.ts";

const OBJECT = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: {
    name: "vcluster-kube-vip",
    namespace: "kube-system",
    uid: "6e6e1c3c-0a7e-4c5e-9a4e-0d6f0a4ad5f0",
    resourceVersion: "1021",
    labels: { team: "x" },
    annotations: { "vcluster-kube-vip/write": "7", theirs: "1" },
    managedFields: [{ manager: "kubectl" }],
  },
  spec: {
    holderIdentity: "vc-0_uid_nonce",
    leaseDurationSeconds: 15,
    leaseTransitions: 3,
    acquireTime: "2026-11-22T06:00:00.000001Z",
    renewTime: "2026-11-22T06:00:10.500000Z",
    strategy: "OldestEmulationVersion",
  },
};

function parsed(object: unknown) {
  const lease = parseLease(object);
  if (lease === undefined) throw new Error("no Lease");
  return lease;
}

describe("reading", () => {
  test("a Lease of the API becomes the election's record", () => {
    expect(parsed(OBJECT)).toEqual({
      uid: OBJECT.metadata.uid,
      resourceVersion: "1021",
      holderIdentity: "vc-0_uid_nonce",
      leaseDurationSeconds: 15,
      leaseTransitions: 3,
      acquireTime: "2026-11-22T06:00:00.000001Z",
      renewTime: "2026-11-22T06:00:10.500000Z",
      annotations: { "vcluster-kube-vip/write": "7", theirs: "1" },
      raw: OBJECT,
    });
  });

  test("one without spec is vacant, of no duration", () => {
    const { spec: _, ...bare } = OBJECT;
    expect(parsed(bare)).toMatchObject({
      holderIdentity: "",
      leaseDurationSeconds: 0,
      leaseTransitions: 0,
      renewTime: undefined,
    });
  });

  test("fields of the wrong type read as absent", () => {
    const absurd = {
      ...OBJECT,
      spec: { holderIdentity: 7, leaseDurationSeconds: "15", leaseTransitions: null, renewTime: [] },
    };
    expect(parsed(absurd)).toMatchObject({
      holderIdentity: "",
      leaseDurationSeconds: 0,
      leaseTransitions: 0,
      renewTime: undefined,
    });
    expect(parsed({ ...OBJECT, metadata: { ...OBJECT.metadata, annotations: ["x"] } }).annotations).toEqual({});
  });

  test.each([
    [{ leaseDurationSeconds: 0, leaseTransitions: -3 }],
    [{ leaseDurationSeconds: -15, leaseTransitions: 0 }],
    [{ leaseDurationSeconds: 315_360_000, leaseTransitions: 2 ** 31 - 1 }],
  ])("absurd numbers are read as they are: %j", (numbers) => {
    expect(parsed({ ...OBJECT, spec: { ...OBJECT.spec, ...numbers } })).toMatchObject(numbers);
  });

  test.each([
    [1e300, 2 ** 31 - 1],
    [-1e300, 1 - 2 ** 31],
    [1.9, 1],
  ])("transitions of %d, which the API would not take back, are read as %d", (said, read) => {
    const object = { ...OBJECT, spec: { ...OBJECT.spec, leaseTransitions: said } };
    expect(parsed(object).leaseTransitions).toBe(read);
  });

  test("an annotation called __proto__ is one like any other", () => {
    const object = JSON.parse(JSON.stringify(OBJECT).replace('"theirs"', '"__proto__"'));
    expect(Object.keys(parsed(object).annotations)).toContain("__proto__");
  });

  test("what has no uid or resourceVersion is no Lease of the API", () => {
    for (const value of [
      undefined,
      null,
      7,
      "x",
      [],
      {},
      { metadata: { uid: "x" } },
      { metadata: { resourceVersion: "1" } },
    ]) {
      expect(parseLease(value)).toBeUndefined();
    }
  });

  test("no JSON makes it throw", () => {
    const spec = fc.record({ metadata: fc.anything(), spec: fc.anything() }, { requiredKeys: [] });
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), spec), (value) => void parseLease(value)));
  });
});

describe("writing", () => {
  test("a draft that changes nothing writes the Lease that was read", () => {
    const lease = parsed(OBJECT);
    const draft = { ...lease, base: lease };
    expect(leaseObject(draft, "kube-system", "vcluster-kube-vip")).toEqual(OBJECT);
  });

  test("200 kB of annotations of others are in every write", () => {
    const large = {
      "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(100_000),
      more: "y".repeat(100_000),
    };
    const lease = parsed({ ...OBJECT, metadata: { ...OBJECT.metadata, annotations: large } });
    const draft = { ...lease, base: lease, annotations: { ...lease.annotations, "vcluster-kube-vip/write": "8" } };
    const written = JSON.parse(JSON.stringify(leaseObject(draft, "kube-system", "vcluster-kube-vip")));
    expect(written.metadata.annotations).toEqual({ ...large, "vcluster-kube-vip/write": "8" });
  });

  test("annotations and times that the draft does not have are gone from the JSON", () => {
    const lease = parsed(OBJECT);
    const draft = { ...lease, base: lease, holderIdentity: "", renewTime: undefined, annotations: { theirs: "1" } };
    const written = JSON.parse(JSON.stringify(leaseObject(draft, "kube-system", "vcluster-kube-vip")));
    expect(written.metadata.annotations).toEqual({ theirs: "1" });
    expect(Object.keys(written.spec)).not.toContain("renewTime");
    expect(written.spec.holderIdentity).toBe("");
  });

  test("times have six fraction digits", () => {
    const times: readonly (readonly [string, string])[] = [
      ["2026-11-22T06:00:00Z", "2026-11-22T06:00:00.000000Z"],
      ["2026-11-22T06:00:00.123Z", "2026-11-22T06:00:00.123000Z"],
      ["2026-11-22T06:00:00.123456789Z", "2026-11-22T06:00:00.123456Z"],
    ];
    for (const [given, expected] of times) {
      const draft = { ...parsed(OBJECT), base: undefined, renewTime: given };
      expect(leaseObject(draft, "n", "l")).toMatchObject({ spec: { renewTime: expected } });
    }
  });
});
