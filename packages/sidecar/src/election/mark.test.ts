import { describe, expect, test } from "vitest";
import { experienced, heldBy, marked, Solo, watching } from "../testing/solo.ts";
import { MARK_ANNOTATION } from "./lease-record.ts";

const KEY = "kube-system/vcluster-kube-vip";

describe("a mark (rule 2b)", () => {
  test("seen directly after the giver's version by an unbroken watch, it is taken at once", () => {
    const a = watching();
    a.replace(marked(a.lease));
    a.see();
    expect(a.did).toEqual(["take"]);
  });

  test("taking removes it and raises transitions", () => {
    const a = watching();
    a.replace(marked(a.lease));
    a.see();
    const { draft } = a.sent("take");
    expect(draft.annotations).not.toHaveProperty(MARK_ANNOTATION);
    expect(draft.leaseTransitions).toBe(2);
  });

  test("who takes by it is told of its giver, once, and who takes by expiry of nobody", () => {
    const holds = (a: Solo) => a.effects.filter(({ t }) => t === "hold");
    const a = watching();
    a.replace(marked(a.lease));
    a.see();
    a.complete("take");
    expect(holds(a)).toEqual([expect.objectContaining({ giverMac: "mac-of-b" })]);
    a.wait(2_000);
    a.complete("renew");
    expect(holds(a)).toEqual([expect.objectContaining({ giverMac: undefined })]);
    const b = watching();
    b.wait(15_000);
    b.complete("take");
    expect(holds(b)).toEqual([expect.objectContaining({ giverMac: undefined })]);
  });

  test("a new list in between breaks the proof", () => {
    const a = watching();
    a.replace(marked(a.lease));
    a.feed({ t: "watch", event: { t: "broken", reason: "reset" } });
    a.list();
    expect(a.did).toEqual([]);
    expect(a.wait(14_999)).toEqual([]);
  });

  test("a new list right after it breaks the proof that a reserved mark had", () => {
    const a = watching();
    a.replace(marked(a.lease, { to: "c" }));
    a.see();
    a.list();
    expect(a.wait(14_999)).toEqual([]);
  });

  test("shown by a read before the watch shows it, it counts once the watch has come that far", () => {
    const a = watching();
    a.wait(15_000);
    a.feed({ t: "write", number: a.sent("take").number, result: { t: "unknown", reason: "time-out" } });
    a.replace(marked(a.lease));
    a.answerRead();
    expect(a.did).toEqual([]);
    a.see();
    a.wait(500);
    expect(a.did).toContain("take");
  });

  test("a version in between that this watch did not see breaks the proof", () => {
    const a = watching();
    const mark = marked(a.lease);
    a.patch({ renewTime: "unseen" });
    a.replace(mark);
    a.see();
    expect(a.wait(14_999)).toEqual([]);
  });

  test.each([
    ["of another giver", { from: "c" }],
    ["about other transitions", { transitions: 0 }],
    ["about another version", { replaced: "2" }],
  ])("%s it proves nothing", (_what, mark) => {
    const a = watching();
    a.replace(marked(a.lease, mark));
    a.see();
    expect(a.wait(14_999)).toEqual([]);
  });

  test("in a Lease with another uid it proves nothing", () => {
    const a = watching();
    const mark = marked(a.lease);
    a.store.delete(KEY);
    a.create(mark);
    a.see();
    expect(a.wait(14_999)).toEqual([]);
  });

  test("in a Lease whose transitions were changed with it, it proves nothing", () => {
    const a = watching();
    a.replace({ ...marked(a.lease), leaseTransitions: 7 });
    a.see();
    expect(a.wait(14_999)).toEqual([]);
  });

  test("put back from an old copy it proves nothing", () => {
    const a = watching();
    const copy = marked(a.lease);
    a.patch({ renewTime: "later still" });
    a.see();
    a.replace(copy);
    a.see();
    expect(a.wait(14_999)).toEqual([]);
  });

  test.each(["", "no json", "[]", "null", '{"from":"b"}', '{"from":"","to":null,"transitions":1,"replaced":"3"}'])(
    "that says %j is none",
    (text) => {
      const a = watching();
      a.patch({ holderIdentity: "", annotations: { [MARK_ANNOTATION]: text } });
      a.see();
      expect(a.wait(14_999)).toEqual([]);
    },
  );

  test("in a Lease that still names a holder it is none", () => {
    const a = watching();
    a.replace({ ...marked(a.lease), holderIdentity: "b" });
    a.see();
    expect(a.wait(14_999)).toEqual([]);
  });

  test("handed to us it is taken at once", () => {
    const a = watching();
    a.replace(marked(a.lease, { to: "a" }));
    a.see();
    expect(a.did).toEqual(["take"]);
  });

  test("handed to another it is everybody's after 500 ms", () => {
    const a = watching();
    a.replace(marked(a.lease, { to: "c" }));
    a.see();
    expect(a.wait(499)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });
});

describe("a process too young to have watched (rule 2b)", () => {
  /** Begins when the Lease is marked already. */
  function young(): Solo {
    const a = experienced(new Solo());
    a.create(heldBy("b"));
    a.store.advance(3);
    a.replace(marked(a.lease));
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    return a;
  }

  test("asks for the list at this version minus one, exactly, and takes if it shows the giver's", () => {
    const a = young();
    const before = String(Number(a.lease.resourceVersion) - 1);
    expect(a.effects).toContainEqual(expect.objectContaining({ t: "exact-read", resourceVersion: before }));
    a.answerExact(before);
    expect(a.did).toEqual(["take"]);
  });

  test("counts L where the list is refused", () => {
    const a = young();
    a.store.compact(a.store.revision);
    a.answerExact(String(Number(a.lease.resourceVersion) - 1));
    expect(a.wait(14_999)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test("counts L where the list shows another's version", () => {
    const a = experienced(new Solo());
    a.create(heldBy("b"));
    const mark = marked(a.lease);
    a.replace(heldBy("c"));
    a.replace(mark);
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    a.answerExact(String(Number(a.lease.resourceVersion) - 1));
    expect(a.wait(14_999)).toEqual([]);
  });

  test("believes no answer to another question", () => {
    const a = young();
    const { resourceVersion } = a.lease;
    const exact = a.store.listAt(Number(resourceVersion) - 1);
    const lease = exact.t === "listed" ? exact.leases.get(KEY) : undefined;
    if (lease === undefined) throw new Error("the store has forgotten");
    a.feed({ t: "exact-read", resourceVersion: "2", result: { t: "found", lease } });
    expect(a.did).toEqual([]);
  });

  test("asks once, and not at all if it has seen a version before", () => {
    const a = young();
    expect(a.list()).toEqual([]);
    const b = watching();
    b.replace(marked(b.lease));
    b.feed({ t: "watch", event: { t: "broken", reason: "reset" } });
    b.list();
    expect(b.did).toEqual([]);
  });
});
