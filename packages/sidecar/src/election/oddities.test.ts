import { describe, expect, test } from "vitest";
import { experienced, heldBy, holder, marked, Solo, standby, watching } from "../testing/solo.ts";
import { LEASE_TRANSITIONS_MAX, MARK_ANNOTATION } from "./lease-record.ts";

/** Of others, as large as Kubernetes lets them grow, near enough. */
const LARGE = { "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(200_000) };

describe("an absurd duration", () => {
  test.each([
    ["none", 0, 15],
    ["negative", -15, 15],
    ["short", 1, 15],
    ["longer", 30, 30],
    ["ten years", 315_360_000, 60],
    ["no number", Number.NaN, 15],
  ])("%s: counted at no less than the own setting and no more than 60 s, and said", (_what, said, countedSeconds) => {
    const a = new Solo();
    a.create(heldBy("b", { leaseDurationSeconds: said }));
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    expect(a.notices).toEqual([{ t: "duration-differs", recordSeconds: said, ownSeconds: 15, countedSeconds }]);
    experienced(a).wait(countedSeconds * 1000 - 1);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.sent("take").draft.leaseDurationSeconds).toBe(15);
  });

  test.each([0, -15, 1, 315_360_000])("%s s in the own Lease moves no deadline, and is put right at once", (said) => {
    const a = holder();
    const deadlineMs = a.state.openUntilMs;
    a.nowMs += 100;
    a.patch({ leaseDurationSeconds: said });
    a.see();
    expect(a.did).toEqual(["renew"]);
    expect(a.state.openUntilMs).toBe(deadlineMs);
    a.complete("renew");
    expect(a.lease.leaseDurationSeconds).toBe(15);
  });

  test("is said once, not with every version that has it", () => {
    const a = standby({}, { leaseDurationSeconds: 0 });
    for (const renewTime of ["1", "2", "3"]) {
      a.patch({ renewTime });
      a.see();
      expect(a.notices).toEqual([]);
    }
  });
});

describe("an absurd time", () => {
  test.each(["2999-01-01T00:00:00.000000Z", "0001-01-01T00:00:00.000000Z", "noon"])(
    "%s as renewTime neither ends nor lengthens a hold, and is overwritten",
    (renewTime) => {
      const a = holder();
      a.nowMs += 100;
      a.patch({ renewTime });
      a.see();
      expect(a.did).toEqual(["renew"]);
      a.complete("renew");
      expect(a.lease.renewTime).not.toBe(renewTime);
      expect(a.role).toBe("holding");
    },
  );
});

describe("transitions by hand", () => {
  test.each([
    ["lowered", 0],
    ["negative", -7],
  ])("%s: said, put back by the holder, and no sign of another", (_what, to) => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ leaseTransitions: to });
    a.see();
    expect(a.notices).toEqual([{ t: "transitions-edited", from: 2, to }]);
    expect(a.role).toBe("holding");
    expect(a.sent("renew").draft.leaseTransitions).toBe(2);
  });

  test("negative in the first version: said, and taken at 1", () => {
    const a = new Solo();
    a.create(heldBy("b", { leaseTransitions: -7 }));
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    expect(a.notices).toEqual([{ t: "transitions-edited", from: undefined, to: -7 }]);
    experienced(a).wait(15_000);
    expect(a.sent("take").draft.leaseTransitions).toBe(1);
  });

  test("as large as the API takes: said, and not raised beyond, which would be refused for ever", () => {
    const a = standby();
    a.patch({ leaseTransitions: LEASE_TRANSITIONS_MAX });
    a.see();
    expect(a.notices).toEqual([{ t: "transitions-edited", from: 1, to: LEASE_TRANSITIONS_MAX }]);
    experienced(a).wait(15_000);
    expect(a.sent("take").draft.leaseTransitions).toBe(LEASE_TRANSITIONS_MAX);
    a.complete("take");
    expect(a.notices).toEqual([]);
    expect(a.role).toBe("holding");
  });

  test("raised: nothing to say, and kept", () => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ leaseTransitions: 1_000 });
    a.see();
    expect(a.notices).toEqual([]);
    expect(a.sent("renew").draft.leaseTransitions).toBe(1_000);
  });

  test("lower in a recreated Lease are those of another Lease", () => {
    const a = standby({}, { leaseTransitions: 9 });
    a.store.delete("kube-system/vcluster-kube-vip");
    a.create(heldBy("b"));
    a.list();
    expect(a.notices).toEqual([]);
  });
});

describe("an oversized Lease", () => {
  test("200 kB of annotations of others: said once, and carried along by every write", () => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ annotations: { ...a.lease.annotations, ...LARGE } });
    a.see();
    expect(a.notices).toEqual([{ t: "lease-oversized", what: "annotations", characters: expect.any(Number) }]);
    a.complete("renew");
    expect(a.lease.annotations).toMatchObject(LARGE);
    expect(a.notices).toEqual([]);
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    a.feed({ t: "silenced" });
    expect(a.sent("mark").draft.annotations).toMatchObject(LARGE);
  });

  test("a holderIdentity of 10 kB: said, and counted like any other", () => {
    const a = new Solo();
    a.create(heldBy("x".repeat(10_000)));
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    expect(a.notices).toEqual([{ t: "lease-oversized", what: "holderIdentity", characters: 10_000 }]);
    experienced(a).wait(15_000);
    expect(a.did).toEqual(["take"]);
  });

  test("200 kB where the mark would be: no mark, whatever it says, and counted", () => {
    const a = watching();
    const { annotations, ...content } = marked(a.lease);
    a.replace({ ...content, annotations: { [MARK_ANNOTATION]: annotations[MARK_ANNOTATION] + " ".repeat(200_000) } });
    a.see();
    expect(a.notices.map(({ t }) => t)).toEqual(["lease-oversized", "counting-vacant"]);
    expect(a.did).toEqual([]);
    a.wait(15_000);
    expect(a.did).toEqual(["take"]);
  });
});
