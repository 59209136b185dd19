import { describe, expect, test } from "vitest";
import { experienced, heldBy, Solo, standby, watching } from "../testing/solo.ts";
import { MAC_ANNOTATION, MARK_ANNOTATION } from "./lease-record.ts";

describe("expiry (rule 2a)", () => {
  test("a standby does not take a lease renewed in time", () => {
    const a = experienced(standby());
    for (let renewal = 0; renewal < 10; renewal += 1) {
      expect(a.wait(14_999)).toEqual([]);
      a.patch({ renewTime: `renewal ${renewal}` });
      a.see();
    }
    expect(a.role).toBe("waiting");
  });

  test("a version that stands for L on the own clock is taken, by compare-and-swap on it", () => {
    const a = experienced(standby());
    a.wait(14_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.sent("take").draft.base?.resourceVersion).toBe(a.lease.resourceVersion);
  });

  test("renewTime is never looked at: an old one shortens nothing, one ahead lengthens nothing", () => {
    for (const renewTime of ["1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"]) {
      const a = experienced(standby({}, { renewTime }));
      a.wait(14_999);
      expect(a.did).toEqual([]);
      a.wait(1);
      expect(a.did).toEqual(["take"]);
    }
  });

  test("the same version listed again does not begin the count anew", () => {
    const a = experienced(standby());
    a.wait(10_000);
    a.feed({ t: "watch", event: { t: "broken", reason: "reset" } });
    a.list();
    a.wait(5_000);
    expect(a.did).toEqual(["take"]);
  });

  test("a dead watch neither takes nor delays by itself", () => {
    const a = experienced(standby());
    a.feed({ t: "watch", event: { t: "broken", reason: "reset" } });
    a.wait(14_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test("a record longer than the own setting is counted at its own length, and warned about", () => {
    const a = experienced(standby({}, { leaseDurationSeconds: 30 }));
    expect(a.state.warnedDurationSeconds).toBe(30);
    a.wait(29_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test("a length of the last 60 s counts though the record was shortened", () => {
    const a = experienced(standby({}, { leaseDurationSeconds: 30 }));
    a.patch({ leaseDurationSeconds: 1 });
    a.see();
    a.wait(29_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test("no record makes anybody wait longer than 60 s", () => {
    const a = experienced(standby({}, { leaseDurationSeconds: 3_600 }));
    a.wait(59_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test.each([0, -5, Number.NaN])("a record that says %f s is counted at the own setting", (leaseDurationSeconds) => {
    const a = experienced(standby({}, { leaseDurationSeconds }));
    a.wait(14_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test.each([
    ["emptied", { holderIdentity: "" }],
    ["renamed", { holderIdentity: "somebody-else" }],
    ["shortened", { leaseDurationSeconds: 1 }],
  ])("%s by another hand is no proof: it is held for another L", (_what, fields) => {
    const a = watching();
    a.wait(10_000);
    a.patch(fields);
    a.see();
    a.wait(14_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test("who is not fit does not take", () => {
    const a = experienced(standby());
    a.feed({ t: "ineligible", reason: "link down" });
    expect(a.wait(60_000)).toEqual([]);
    a.feed({ t: "eligible", mac: "mac-of-a" });
    expect(a.did).toEqual(["take"]);
  });
});

describe("no Lease (rule 2a)", () => {
  test("it is created vacant and unmarked, and that version is counted like any other", () => {
    const a = new Solo();
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    expect(a.sent("create").draft).toMatchObject({ holderIdentity: "", base: undefined });
    expect(a.sent("create").draft.annotations).not.toHaveProperty(MARK_ANNOTATION);
    a.complete("create");
    expect(a.notices).toEqual([{ t: "counting-vacant", waitMs: 15_000 }]);
    expect(a.wait(14_999)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["ask-segment"]);
  });

  test.each([
    ["where its namespace is missing too, it is tried again after a quarter of the retry period", 404, undefined, 500],
    ["where it may not be created, it is tried again after the retry period", 403, undefined, 2_000],
    ["not before Retry-After", 429, 2_500, 2_500],
  ])("%s", (_what, status, retryAfterMs, afterMs) => {
    const a = new Solo();
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    a.answer(a.sent("create"), { t: "refused", status, reason: "refused", retryAfterMs });
    a.wait(afterMs - 1);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["create"]);
  });

  test("a recreated Lease is counted from its first sight, whatever was counted before", () => {
    const a = watching();
    a.wait(14_000);
    a.delete();
    a.create(heldBy("b"));
    a.see();
    a.wait(14_999);
    expect(a.did).not.toContain("take");
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });
});

describe("the first take of a life (rule 2)", () => {
  function asking(fields: Parameters<typeof standby>[1] = {}): Solo {
    const a = standby({}, fields);
    a.wait(15_000);
    return a;
  }

  test("asks the segment first", () => {
    expect(asking().did).toEqual(["ask-segment"]);
  });

  test("goes on when nobody answers", () => {
    const a = asking();
    a.feed({ t: "segment", answeredBy: [] });
    expect(a.did).toEqual(["take"]);
  });

  test("goes on when the Lease's last holder answers", () => {
    const a = asking();
    a.feed({ t: "segment", answeredBy: ["mac-of-b"] });
    expect(a.did).toEqual(["take"]);
  });

  test("is forbidden by an answer from anybody else, and tried again later", () => {
    const a = asking();
    a.feed({ t: "segment", answeredBy: ["mac-of-b", "mac-of-x"] });
    expect(a.did).toEqual([]);
    expect(a.notices).toEqual([{ t: "segment-answered", by: ["mac-of-x"] }]);
    a.wait(2_000);
    expect(a.did).toEqual(["ask-segment"]);
  });

  test("is forbidden by any answer where the Lease names no last holder", () => {
    const a = asking({ annotations: {} });
    a.feed({ t: "segment", answeredBy: ["mac-of-b"] });
    expect(a.did).toEqual([]);
  });

  test("is given up when the Lease was renewed meanwhile", () => {
    const a = asking();
    a.patch({ renewTime: "just in time" });
    a.see();
    a.feed({ t: "segment", answeredBy: [] });
    expect(a.did).toEqual([]);
    expect(a.role).toBe("waiting");
  });

  test("asks again when the answer does not come, or comes too late", () => {
    const a = asking();
    a.nowMs += 5_000;
    a.feed({ t: "segment", answeredBy: [] });
    expect(a.did).toEqual(["ask-segment"]);
  });

  test("is the only one that asks", () => {
    const a = asking();
    a.feed({ t: "segment", answeredBy: [] });
    a.complete("take");
    a.patch({ holderIdentity: "b" });
    a.see();
    a.feed({ t: "silenced" });
    a.wait(15_000);
    expect(a.did).toEqual(["take"]);
  });
});

describe("what a take writes", () => {
  test("our name and MAC, one transition more, and everything that others put there", () => {
    const a = experienced(standby({}, { annotations: { "example.com/note": "kept", [MAC_ANNOTATION]: "mac-of-b" } }));
    a.wait(15_000);
    const { draft } = a.sent("take");
    expect(draft).toMatchObject({ holderIdentity: "a", leaseTransitions: 2, leaseDurationSeconds: 15 });
    expect(draft.annotations).toMatchObject({ "example.com/note": "kept", [MAC_ANNOTATION]: "mac-of-a" });
    expect(draft.base?.raw).toBe(a.lease.raw);
  });

  test("a lost race costs nothing but the wait for the winner", () => {
    const a = experienced(standby());
    a.wait(15_000);
    const take = a.sent("take");
    a.patch({ holderIdentity: "c" });
    a.answer(take, a.apply(take));
    a.answerRead();
    expect(a.role).toBe("waiting");
    expect(a.wait(14_999)).toEqual([]);
  });

  test("a take that is seen before its answer is read only where the answer is late", () => {
    const a = watching();
    a.wait(15_000);
    a.apply(a.sent("take"));
    a.see();
    a.wait(49);
    expect(a.state.read.t).toBe("none");
    a.wait(1);
    a.answerRead();
    expect(a.role).toBe("holding");
  });

  test("a lost answer to a take is found by its number", () => {
    const a = experienced(standby());
    a.wait(15_000);
    const take = a.sent("take");
    a.apply(take);
    a.nowMs += 100;
    a.answer(take, { t: "unknown", reason: "time-out" });
    a.answerRead();
    expect(a.role).toBe("holding");
    expect(a.did).toContain("hold");
  });
});
