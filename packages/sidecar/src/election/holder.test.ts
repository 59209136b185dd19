import { describe, expect, test } from "vitest";
import { heldBy, holder, marked, type Solo } from "../testing/solo.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import type { WriteResult } from "./lease-lock.ts";
import { MARK_ANNOTATION, WRITE_ANNOTATION } from "./lease-record.ts";

const UNKNOWN: WriteResult = { t: "unknown", reason: "time-out" };
const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });

/** The deadline that the executor was told last. */
function deadlineMs(a: Solo): number {
  const hold = a.effects.findLast((effect) => effect.t === "hold");
  return hold?.t === "hold" ? hold.deadlineMs : Number.NaN;
}

/** Renews at the next retry period; the answer comes `lateMs` after the send. */
function renew(a: Solo, lateMs: number): number {
  a.wait(2_000);
  const sentAtMs = a.nowMs;
  const write = a.sent("renew");
  const result = a.apply(write);
  a.nowMs += lateMs;
  a.answer(write, result);
  return sentAtMs;
}

/** The next renewal is applied, and its answer lost. */
function loseAnswer(a: Solo): number {
  a.wait(2_000);
  const sentAtMs = a.nowMs;
  const write = a.sent("renew");
  a.apply(write);
  a.nowMs += 1_000;
  a.answer(write, UNKNOWN);
  return sentAtMs;
}

describe("the hold's end (rule 1)", () => {
  test("a late answer counts from the send of the renewal", () => {
    const a = holder();
    const sentAtMs = renew(a, 900);
    expect(deadlineMs(a)).toBeCloseTo(sentAtMs + D_MS);
  });

  test("a client-go candidate on the Lease costs the hold one second", () => {
    const a = holder({ recordResolutionMs: 1_000 });
    const sentAtMs = renew(a, 5);
    expect(deadlineMs(a)).toBeCloseTo(sentAtMs + (14_000 * 0.98) / 1.02 - 50);
  });

  test("renewDeadline does not end the hold: it lasts to its own end", () => {
    const a = holder();
    const startMs = a.nowMs;
    for (const atMs of [3_334, 6_667, 10_001, D_MS - 1]) {
      a.wait(startMs + atMs - a.nowMs);
      a.feed({ t: "tick" });
      expect(a.role).toBe("holding");
    }
    a.wait(startMs + D_MS - a.nowMs);
    expect(a.did).toContain("silence: deadline-passed");
    expect(a.nowMs - startMs).toBeCloseTo(D_MS);
  });

  test("requests time out after a third of renewDeadline", () => {
    const a = holder();
    a.wait(2_000);
    expect(a.sent("renew").timeoutMs).toBeCloseTo(10_000 / 3);
  });

  test("an answer that comes after the end of its own hold opens nothing", () => {
    const a = holder();
    a.wait(2_000);
    const write = a.sent("renew");
    const result = a.apply(write);
    a.nowMs += D_MS;
    a.feed({ t: "tick" });
    a.feed({ t: "silenced" });
    a.answer(write, result);
    expect(a.did).not.toContain("hold");
    expect(a.role).toBe("suspended");
  });
});

describe("a refused renewal (rule 3)", () => {
  function refused(): Solo {
    const a = holder();
    a.wait(2_000);
    const write = a.sent("renew");
    a.patch({ renewTime: "edited" });
    a.answer(write, a.apply(write));
    return a;
  }

  test("is looked up before anything else", () => {
    const a = refused();
    expect(a.did).toEqual(["read"]);
    expect(a.role).toBe("holding");
  });

  test("ends the hold when the look-up shows another holder", () => {
    const a = refused();
    a.patch({ holderIdentity: "b" });
    a.answerRead();
    expect(a.did).toContain("silence: other-holder");
  });

  test("ends the hold when the look-up finds no Lease", () => {
    const a = refused();
    a.answerRead({ t: "missing" });
    expect(a.did).toContain("silence: lease-missing");
  });

  test("ends the hold when the look-up is not answered within 300 ms", () => {
    const a = refused();
    a.wait(299);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toContain("silence: lookup-unanswered");
  });

  test("is followed by a renewal of the version that the look-up shows", () => {
    const a = refused();
    const base = a.lease.resourceVersion;
    a.answerRead();
    a.wait(50);
    expect(a.sent("renew").draft.base?.resourceVersion).toBe(base);
    a.complete("renew");
    expect(a.role).toBe("holding");
  });

  test("is not explained by a read that was sent before it", () => {
    const a = holder();
    loseAnswer(a);
    const early = a.state.read;
    expect(early.t).toBe("sent");
    a.wait(50);
    const write = a.sent("renew");
    a.patch({ holderIdentity: "b" });
    a.answer(write, a.apply(write));
    expect(a.did).toEqual(["read"]);
    expect(a.state.read).not.toEqual(early);
  });
});

describe("putting the Lease back (rule 2)", () => {
  test("emptied: back at once, before the own deadline", () => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ holderIdentity: "" });
    a.see();
    const sentAtMs = a.nowMs;
    a.complete("restore");
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["hold"]);
    expect(deadlineMs(a)).toBeCloseTo(sentAtMs + D_MS);
    expect(a.lease.holderIdentity).toBe("a");
  });

  test("deleted: created vacant and unmarked, then taken by compare-and-swap", () => {
    const a = holder();
    a.nowMs += 100;
    a.delete();
    const create = a.sent("create");
    expect(create.draft).toMatchObject({ base: undefined, holderIdentity: "", leaseTransitions: 0 });
    expect(create.draft.annotations).not.toHaveProperty(MARK_ANNOTATION);
    a.answer(create, a.apply(create));
    const created = a.lease.resourceVersion;
    expect(a.did).toContain("restore");
    expect(a.sent("restore").draft.base?.resourceVersion).toBe(created);
  });

  test("recreated from an old copy: taken by compare-and-swap, transitions not lowered", () => {
    const a = holder();
    const transitions = a.lease.leaseTransitions;
    a.store.delete("kube-system/vcluster-kube-vip");
    a.nowMs += 100;
    a.create(heldBy("a", { leaseTransitions: 0 }));
    a.see();
    expect(a.sent("restore").draft.leaseTransitions).toBe(transitions + 1);
  });

  test("shortened: renewed at once with the own length", () => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ leaseDurationSeconds: 1 });
    a.see();
    expect(a.sent("renew").draft.leaseDurationSeconds).toBe(15);
    expect(a.role).toBe("holding");
  });

  test("after the own deadline it is put back no more", () => {
    const a = holder();
    a.wait(D_MS);
    a.patch({ holderIdentity: "" });
    a.see();
    expect(a.did).toEqual([]);
    expect(a.role).toBe("waiting");
  });

  test("a foreign name is left for L, whoever's hand it was", () => {
    const a = holder();
    a.patch({ holderIdentity: "somebody-else" });
    a.see();
    a.feed({ t: "silenced" });
    expect(a.wait(14_999).filter((effect) => effect.t === "write")).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
  });

  test("a foreign name is left for L, even if an old copy with an unanswered number of ours comes back", () => {
    const a = holder();
    a.wait(2_000);
    a.apply(a.sent("renew"));
    const { uid: _uid, resourceVersion: _version, ...copy } = a.lease;
    a.patch({ holderIdentity: "somebody-else" });
    a.see();
    a.feed({ t: "silenced" });
    a.replace(copy);
    a.see();
    if (a.state.read.t === "sent") a.answerRead();
    expect(a.role).toBe("waiting");
    expect(a.wait(14_999).filter((effect) => effect.t === "write")).toEqual([]);
  });

  test("a renewal sent before the Lease was emptied opens nothing when its answer comes", () => {
    const a = holder();
    a.wait(2_000);
    const write = a.sent("renew");
    const result = a.apply(write);
    a.patch({ holderIdentity: "" });
    a.see();
    a.feed({ t: "silenced" });
    a.answer(write, result);
    expect(a.did).not.toContain("hold");
    expect(a.role).toBe("suspended");
  });
});

describe("past the own deadline (rule 3)", () => {
  test("the version of the last confirmed write may be renewed, and the hold is back at once", () => {
    const a = holder();
    const version = a.lease.resourceVersion;
    a.wait(D_MS);
    a.feed({ t: "silenced" });
    const writes = a.state.pending.filter((write) => write.inFlight);
    for (const write of writes) a.feed({ t: "write", number: write.number, result: UNKNOWN });
    a.wait(2_000);
    expect(a.sent("renew").draft.base?.resourceVersion).toBe(version);
    a.complete("renew");
    expect(a.did).toContain("hold");
  });

  test("on any other version it is a candidate like the others", () => {
    const a = holder();
    a.wait(D_MS);
    a.feed({ t: "silenced" });
    a.patch({ renewTime: "edited" });
    a.see();
    expect(a.role).toBe("waiting");
    const seenAtMs = a.nowMs;
    a.wait(14_999);
    expect(a.did).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["take"]);
    expect(a.nowMs - seenAtMs).toBe(15_000);
  });
});

describe("lost answers (rule 4)", () => {
  test("every write carries a fresh number", () => {
    const a = holder();
    const numbers = new Set<string | undefined>();
    for (let write = 0; write < 5; write += 1) {
      renew(a, 5);
      numbers.add(a.lease.annotations[WRITE_ANNOTATION]);
    }
    expect(numbers.size).toBe(5);
  });

  test("an unanswered write moves no deadline", () => {
    const a = holder();
    loseAnswer(a);
    expect(a.did).toEqual(["read"]);
  });

  test("its number in a consistent read confirms it, counted from its send", () => {
    const a = holder();
    const sentAtMs = loseAnswer(a);
    a.nowMs += 10;
    a.answerRead();
    expect(deadlineMs(a)).toBeCloseTo(sentAtMs + D_MS);
  });

  test("its number in a watch confirms nothing", () => {
    const a = holder();
    loseAnswer(a);
    a.see();
    expect(a.did).not.toContain("hold");
  });

  test("another number in a consistent read confirms nothing", () => {
    const a = holder();
    loseAnswer(a);
    a.patch({ annotations: { ...a.lease.annotations, [WRITE_ANNOTATION]: "b/9" } });
    a.answerRead();
    expect(a.did).not.toContain("hold");
  });

  test("its number is of no use after its own deadline", () => {
    const a = holder();
    a.wait(2_000);
    const write = a.sent("renew");
    a.apply(write);
    a.answer(write, UNKNOWN);
    a.nowMs += D_MS;
    a.answerRead();
    expect(a.did).not.toContain("hold");
  });

  test("its number in a Lease that names nobody is not asked for again and again", () => {
    const a = holder();
    loseAnswer(a);
    a.patch({ holderIdentity: "" });
    a.answerRead();
    a.feed({ t: "silenced" });
    expect(a.did.filter((what) => what === "read")).toEqual([]);
  });

  test("the number of a create confirms no hold, whatever name another hand wrote beside it", () => {
    const a = holder();
    a.nowMs += 100;
    a.delete();
    const create = a.sent("create");
    a.apply(create);
    a.patch({ holderIdentity: "a" });
    a.answer(create, UNKNOWN);
    a.feed({ t: "silenced" });
    if (a.state.read.t === "sent") a.answerRead();
    expect(a.did).not.toContain("hold");
  });

  test("an answer that carries another number than was written confirms nothing", () => {
    const a = holder();
    a.wait(2_000);
    const write = a.sent("renew");
    a.answer(write, { t: "written", lease: a.lease });
    expect(a.did).toEqual(["read"]);
  });

  test("Retry-After is respected", () => {
    const a = holder();
    a.wait(2_000);
    a.answer(a.sent("renew"), { t: "refused", status: 429, reason: "busy", retryAfterMs: 5_000 });
    expect(a.wait(4_999)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["renew"]);
  });
});

describe("the order of opening and closing", () => {
  test("nothing opens while a silence is unanswered", () => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ holderIdentity: "" });
    a.see();
    a.complete("restore");
    expect(a.role).toBe("holding");
    expect(a.did).not.toContain("hold");
    a.feed({ t: "silenced" });
    expect(a.did).toContain("hold");
  });

  test("a mark waits for a silence that covers everything opened before it", () => {
    const a = holder();
    a.nowMs += 100;
    a.patch({ holderIdentity: "" });
    a.see();
    a.complete("restore");
    a.feed({ t: "stop" });
    expect(a.did).toEqual([]);
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });

  test("a take that is confirmed after the replica became unfit is given back unopened", () => {
    const a = holder();
    a.patch({ ...marked(a.lease, { from: "b", replaced: "0" }), holderIdentity: "b" });
    a.see();
    a.feed({ t: "silenced" });
    a.wait(15_000);
    const take = a.sent("take");
    a.feed({ t: "ineligible", reason: "link down" });
    a.answer(take, a.apply(take));
    expect(a.did).not.toContain("hold");
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });
});
