import { describe, expect, test } from "vitest";
import { adopting, heldBy, INHERITED_MS, inheritor, marked, OLD_LIFE, Solo } from "../testing/solo.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import { MAC_ANNOTATION, WRITE_ANNOTATION } from "./lease-record.ts";

const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });
const LOST = { t: "unknown", reason: "time-out" } as const;
const AWAY = { t: "failed", status: undefined, reason: "connection refused", retryAfterMs: undefined } as const;

/** What is inherited is given away, for that reason, and this replica is a candidate that may not take yet. */
function expectDisinherited(a: Solo, reason: string): void {
  expect(a.effects).toContainEqual({ t: "disinherit", reason });
  expect(a.role).toBe("waiting");
  expect(a.state.eligible.t).toBe("no");
  expect(a.state.hasTaken).toBe(false);
}

/** Holding on, counted from there. */
function adoptedFrom(sentAtMs: number) {
  const deadlineMs = sentAtMs + D_MS;
  return { t: "hold", deadlineMs, leaseDeadlineMs: deadlineMs, transitions: 4, adopted: true };
}

describe("a life that finds its kernel heard for the VIP (rule 8)", () => {
  test("reads the Lease before it does anything", () => {
    const a = inheritor();
    expect(a.role).toBe("adopting");
    expect(a.did).toEqual(["read"]);
    expect(a.wait(1_000)).toEqual([]);
  });

  test("does not write by what the watch shows alone", () => {
    const a = inheritor();
    a.list();
    expect(a.did).toEqual([]);
  });

  test("makes the Lease its own by compare-and-swap on the version that it read, and changes nothing else", () => {
    const a = inheritor({ annotations: { theirs: "1", [WRITE_ANNOTATION]: "old/7" } });
    a.answerRead();
    const { draft, number } = a.sent("adopt");
    expect(draft).toMatchObject({
      base: a.lease,
      holderIdentity: "a",
      leaseTransitions: 4,
      acquireTime: "long ago",
      annotations: { theirs: "1", [MAC_ANNOTATION]: "mac-of-a", [WRITE_ANNOTATION]: number },
    });
    expect(a.did).toEqual(["adopt"]);
  });

  test("holds on, from the send of the confirmed write, without a word on the wire", () => {
    const a = adopting();
    const sentAtMs = a.nowMs;
    a.nowMs += 20;
    a.complete("adopt");
    expect(a.role).toBe("holding");
    expect(a.effects).toContainEqual(adoptedFrom(sentAtMs));
    expect(a.did).toEqual(["hold"]);
  });

  test("renews like any holder from then on", () => {
    const a = adopting();
    a.complete("adopt");
    a.wait(2_000);
    a.complete("renew");
    expect(a.effects).toContainEqual(expect.objectContaining({ t: "hold", transitions: 4, adopted: false }));
    expect(a.lease).toMatchObject({ holderIdentity: "a", leaseTransitions: 4 });
  });

  test("need not ask the segment later: the life before it did", () => {
    const a = adopting();
    a.complete("adopt");
    expect(a.state.hasTaken).toBe(true);
  });

  test("is told so at the start of a life or not at all", () => {
    const event = { t: "inherited", holderIdentity: OLD_LIFE, untilMs: 200_000, mac: "mac-of-a" } as const;
    const eligible = new Solo();
    eligible.feed({ t: "eligible", mac: "mac-of-a" });
    const disinherited = inheritor();
    disinherited.wait(INHERITED_MS);
    for (const a of [eligible, inheritor(), adopting(), disinherited]) expect(() => a.feed(event)).toThrow(TypeError);
  });

  test("does not move before the Lease is its own", () => {
    const a = adopting();
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    expect(a.notices).toContainEqual({ t: "transfer-refused", reason: "this replica does not hold the VIP" });
  });

  test("that is not fit any more adopts, and hands over in order: silent first, then the mark", () => {
    const a = adopting();
    const write = a.sent("adopt");
    a.feed({ t: "ineligible", reason: "link down" });
    expect(a.did).toEqual([]);
    a.answer(write, a.apply(write));
    expect(a.did).toEqual(["silence: yielding"]);
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });
});

describe("an adoption whose answer is lost", () => {
  test("is waited for: one at a time", () => {
    const a = adopting();
    expect(a.wait(3_000)).toEqual([]);
  });

  test("is confirmed by its number in a consistent read, from its own send (rule 4)", () => {
    const a = adopting();
    const write = a.sent("adopt");
    const sentAtMs = a.nowMs;
    a.apply(write);
    a.nowMs += 3_000;
    a.answer(write, LOST);
    expect(a.did).toEqual(["read"]);
    a.answerRead();
    expect(a.effects).toContainEqual(adoptedFrom(sentAtMs));
  });

  test("is not confirmed by the watch, which only asks for that read", () => {
    const a = adopting();
    a.apply(a.sent("adopt"));
    a.see();
    expect(a.did).toEqual(["read"]);
    a.answerRead();
    expect(a.did).toEqual(["hold"]);
  });

  test("is sent again under a new number where the read does not show it", () => {
    const a = adopting();
    const first = a.sent("adopt");
    a.nowMs += 3_000;
    a.answer(first, LOST);
    a.answerRead();
    a.wait(50);
    const second = a.sent("adopt");
    expect(second.number).not.toBe(first.number);
    expect(second.draft.base?.resourceVersion).toBe(first.draft.base?.resourceVersion);
  });

  test("and lands after all is confirmed by the first number when the second is refused", () => {
    const a = adopting();
    const first = a.sent("adopt");
    const sentAtMs = a.nowMs;
    a.nowMs += 3_000;
    a.answer(first, LOST);
    a.answerRead();
    a.wait(50);
    const second = a.sent("adopt");
    a.apply(first);
    a.answer(second, a.apply(second));
    a.answerRead();
    expect(a.effects).toContainEqual(adoptedFrom(sentAtMs));
  });

  test("and whose version another hand edited is written again on that version", () => {
    const a = adopting();
    const write = a.sent("adopt");
    a.apply(write);
    a.replace(heldBy("a", { leaseTransitions: 4 }));
    a.answer(write, LOST);
    a.answerRead();
    a.wait(500);
    expect(a.sent("adopt").draft.base?.resourceVersion).toBe(a.lease.resourceVersion);
  });

  test.each([
    ["a refused one is tried again after a quarter of the retry period", undefined, 500],
    ["not before Retry-After", 1_500, 1_500],
  ])("%s", (_what, retryAfterMs, afterMs) => {
    const a = adopting();
    a.answer(a.sent("adopt"), { t: "refused", status: 429, reason: "busy", retryAfterMs });
    expect(a.did).toEqual(["read"]);
    a.answerRead();
    a.wait(afterMs - 1);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["adopt"]);
  });
});

describe("a version that came before the adoption", () => {
  test("the dead process's renewal that lands late is read, and adopted instead", () => {
    const a = adopting();
    const write = a.sent("adopt");
    a.patch({ renewTime: "late", annotations: { [WRITE_ANNOTATION]: "old/8" } });
    a.answer(write, a.apply(write));
    expect(a.did).toEqual(["read"]);
    a.answerRead();
    a.wait(50);
    expect(a.sent("adopt").draft.base?.resourceVersion).toBe(a.lease.resourceVersion);
    a.complete("adopt");
    expect(a.role).toBe("holding");
  });

  test("shown by the watch after the read, is read itself before it is built on", () => {
    const a = inheritor();
    const read = a.lease;
    a.patch({ renewTime: "late" });
    a.see();
    a.answerRead({ t: "found", lease: read });
    expect(a.did).toEqual(["read"]);
    a.answerRead();
    expect(a.sent("adopt").draft.base?.resourceVersion).toBe(a.lease.resourceVersion);
  });

  test("an older one in the watch changes nothing", () => {
    const a = inheritor();
    const old = a.lease;
    a.patch({ renewTime: "late" });
    a.answerRead();
    a.feed({ t: "watch", event: { t: "changed", lease: old } });
    expect(a.did).toEqual([]);
    expect(a.role).toBe("adopting");
  });

  test("again and again ends in giving up, not in a war", () => {
    const a = adopting();
    let adoptions = 1;
    for (; a.role === "adopting" && adoptions < 100; adoptions += 1) {
      const write = a.sent("adopt");
      a.patch({ renewTime: `edit ${adoptions}` });
      a.answer(write, a.apply(write));
      if (a.role === "adopting") a.answerRead();
      if (a.role === "adopting") a.wait(50);
    }
    expect(a.role).toBe("waiting");
    expect(adoptions).toBeLessThanOrEqual(10);
  });

  test("an old copy that names the life before is adopted like any version of it, until the opening lapses", () => {
    const a = adopting();
    const write = a.sent("adopt");
    a.apply(write);
    a.replace(heldBy(OLD_LIFE, { leaseTransitions: 2 }));
    a.answer(write, LOST);
    a.answerRead();
    a.wait(500);
    expect(a.sent("adopt").draft.leaseTransitions).toBe(2);
  });

  test("an old copy that comes after the adoption was confirmed is another holder", () => {
    const a = adopting();
    a.complete("adopt");
    a.replace(heldBy(OLD_LIFE, { leaseTransitions: 4 }));
    a.see();
    expect(a.did).toEqual(["silence: other-holder"]);
    expect(a.role).toBe("waiting");
  });
});

describe("what is inherited is given away", () => {
  test.each([
    ["the lease names another", (a: Solo) => a.patch({ holderIdentity: "b" })],
    ["the lease is vacant", (a: Solo) => a.patch({ holderIdentity: "" })],
    ["the lease is vacant", (a: Solo) => a.replace(marked(a.lease))],
    ["the lease is missing", (a: Solo) => void a.store.delete("kube-system/vcluster-kube-vip")],
  ])("%s (%#)", (reason, another) => {
    const read = inheritor();
    another(read);
    read.answerRead();
    expectDisinherited(read, reason);
    expect(read.did).toEqual(["disinherit"]);

    const watched = adopting();
    const write = watched.sent("adopt");
    const result = watched.apply(write);
    another(watched);
    watched.list();
    expectDisinherited(watched, reason);
    // The write was applied, and its answer comes after what came after it.
    watched.answer(write, result);
    expect(watched.did).toEqual([]);
    expect(watched.role).toBe("waiting");
  });

  test("when the watch has shown another already before it was told", () => {
    const a = new Solo();
    a.create(heldBy("b"));
    a.list();
    a.feed({ t: "inherited", holderIdentity: OLD_LIFE, untilMs: a.nowMs + INHERITED_MS, mac: "mac-of-a" });
    expectDisinherited(a, "the lease names another");
    expect(a.did).toEqual(["disinherit"]);
  });

  test("when the adoption finds no Lease", () => {
    const a = adopting();
    a.store.delete("kube-system/vcluster-kube-vip");
    a.complete("adopt");
    expectDisinherited(a, "the lease is missing");
  });

  test("when the Lease was recreated before our eyes, though it names the life before", () => {
    const a = adopting();
    a.store.delete("kube-system/vcluster-kube-vip");
    a.create(heldBy(OLD_LIFE));
    a.list();
    expectDisinherited(a, "the lease was recreated");
  });

  test("when the API stays away until the opening lapses, and not a moment before", () => {
    const a = inheritor();
    for (let spentMs = 0; spentMs < INHERITED_MS - 100; spentMs += 100) {
      a.answerRead(AWAY);
      expect(a.did).toEqual([]);
      a.wait(100);
      expect(a.did).toEqual(["read"]);
    }
    expect(a.wait(99)).toEqual([]);
    a.wait(1);
    expectDisinherited(a, "the opening has lapsed");
    expect(a.did).toEqual(["disinherit"]);
  });

  test("when it has lapsed before it was told", () => {
    const a = new Solo();
    a.feed({ t: "inherited", holderIdentity: OLD_LIFE, untilMs: a.nowMs, mac: "mac-of-a" });
    expectDisinherited(a, "the opening has lapsed");
  });

  test("by a process that was frozen over its end, before it looks at the answer", () => {
    const a = adopting();
    const write = a.sent("adopt");
    const result = a.apply(write);
    a.nowMs += INHERITED_MS;
    a.answer(write, result);
    expect(a.did[0]).toBe("disinherit");
    expect(a.did).not.toContain("hold");
  });

  test("when it is to stop: the Lease is not its own to give up, and the others count it", () => {
    const a = adopting();
    a.feed({ t: "stop" });
    expect(a.did).toEqual(["disinherit"]);
    expect(a.role).toBe("stopped");
  });
});

describe("after what was inherited is given away", () => {
  function disinherited(): Solo {
    const a = inheritor();
    a.wait(INHERITED_MS);
    a.answerRead();
    return a;
  }

  test("nothing is taken before this replica is said to be fit again", () => {
    const a = disinherited();
    expect(a.wait(60_000)).toEqual([]);
  });

  test("the life before counts like any other holder, and the segment is asked before the first take", () => {
    const a = disinherited();
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.wait(14_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["ask-segment"]);
    a.feed({ t: "segment", answeredBy: [] });
    expect(a.sent("take").draft.leaseTransitions).toBe(5);
  });

  test("an adoption that turns out to be applied is handed on, silent first", () => {
    const a = adopting();
    const write = a.sent("adopt");
    const result = a.apply(write);
    a.wait(INHERITED_MS);
    a.answer(write, result);
    expect(a.did).toEqual(["silence: yielding"]);
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });

  test("or held afresh, if this replica is fit by then", () => {
    const a = adopting();
    const write = a.sent("adopt");
    const result = a.apply(write);
    a.wait(INHERITED_MS);
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.answer(write, result);
    expect(a.effects).toContainEqual(expect.objectContaining({ t: "hold", adopted: false }));
  });
});

describe("a life that inherits nothing", () => {
  test("counts the Lease of a pod of its own name like any other's: a recreated pod has no open gate", () => {
    const a = new Solo({ identity: "vc-0_uid-2_nonce" });
    a.create(heldBy("vc-0_uid-1_nonce"));
    a.feed({ t: "eligible", mac: "mac-of-a" });
    a.list();
    expect(a.wait(14_999)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["ask-segment"]);
  });
});
