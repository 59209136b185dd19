import { describe, expect, test } from "vitest";
import { heldBy, holder, marking, type Solo, standby } from "../testing/solo.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import type { WriteResult } from "./lease-lock.ts";
import { MARK_ANNOTATION } from "./lease-record.ts";
import { markOf } from "./mark.ts";

const UNKNOWN: WriteResult = { t: "unknown", reason: "time-out" };
const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });

describe("giving up on purpose", () => {
  test("silent first, the mark only when nobody is answered here any more", () => {
    const a = holder();
    a.feed({ t: "transfer", to: "b", readyPeers: 1 });
    expect(a.did).toEqual(["silence: yielding"]);
    expect(a.wait(1_000)).toEqual([]);
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });

  test("the mark names giver, receiver, transitions and the version it replaces", () => {
    const a = holder();
    const { resourceVersion, leaseTransitions } = a.lease;
    a.feed({ t: "transfer", to: "b", readyPeers: 1 });
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.lease.holderIdentity).toBe("");
    expect(a.lease.leaseTransitions).toBe(leaseTransitions);
    expect(markOf(a.lease)).toEqual({ from: "a", to: "b", transitions: leaseTransitions, replaced: resourceVersion });
  });

  test("a version that another hand edited and that names us is the one it replaces", () => {
    const a = holder();
    a.feed({ t: "stop" });
    a.patch({ renewTime: "edited" });
    a.see();
    const { resourceVersion } = a.lease;
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(markOf(a.lease)?.replaced).toBe(resourceVersion);
  });

  test("without silence in time there is no mark", () => {
    const a = holder();
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    expect(a.wait(D_MS).filter((effect) => effect.t === "write" && effect.purpose === "mark")).toEqual([]);
    expect(a.role).toBe("suspended");
  });
});

describe("a mark that was sent (rule 4)", () => {
  test("voids every earlier deadline: a renewal confirmed afterwards opens nothing", () => {
    const a = holder();
    a.wait(2_000);
    const renewal = a.sent("renew");
    const result = a.apply(renewal);
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    a.answer(renewal, result);
    expect(a.did).not.toContain("hold");
    expect(a.role).toBe("yielding");
  });

  test("is built on that renewal then, and written", () => {
    const a = holder();
    a.wait(2_000);
    const renewal = a.sent("renew");
    const result = a.apply(renewal);
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    const mark = a.sent("mark");
    a.answer(mark, a.apply(mark));
    a.answer(renewal, result);
    a.answerRead();
    a.complete("mark");
    expect(a.lease.holderIdentity).toBe("");
    expect(a.role).toBe("stopped");
  });

  test("finds that renewal by its number where the answer is lost", () => {
    const a = holder();
    a.wait(2_000);
    const renewal = a.sent("renew");
    a.apply(renewal);
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    const mark = a.sent("mark");
    a.answer(mark, a.apply(mark));
    a.answerRead();
    a.complete("mark");
    expect(a.role).toBe("stopped");
    expect(a.lease.holderIdentity).toBe("");
  });

  test("is not rebased on a number once it may have been applied itself", () => {
    const a = holder();
    a.wait(2_000);
    const renewal = a.sent("renew");
    a.apply(renewal);
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    a.feed({ t: "silenced" });
    const base = a.sent("mark").draft.base?.resourceVersion;
    a.answer(a.sent("mark"), UNKNOWN);
    a.answerRead();
    a.wait(200);
    expect(a.sent("mark").draft.base?.resourceVersion).toBe(base);
  });

  test("its number found by a read gives no right to resume", () => {
    const a = marking();
    const mark = a.sent("mark");
    a.apply(mark);
    a.answer(mark, UNKNOWN);
    a.answerRead();
    expect(a.role).toBe("waiting");
    expect(a.wait(14_999).filter((effect) => effect.t === "write")).toEqual([]);
  });

  test("an old copy with the number of a renewal gives no right to resume", () => {
    const a = holder();
    a.wait(2_000);
    const renewal = a.sent("renew");
    a.apply(renewal);
    const { uid: _uid, resourceVersion: _version, ...copy } = a.lease;
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    a.feed({ t: "silenced" });
    const mark = a.sent("mark");
    a.answer(renewal, UNKNOWN);
    a.answer(mark, UNKNOWN);
    a.replace(heldBy("b"));
    a.replace(copy);
    const copied = a.lease.resourceVersion;
    const effects = a.state.read.t === "sent" ? [...a.answerRead(), ...a.wait(3_000)] : [];
    const writes = effects.flatMap((effect) => (effect.t === "write" ? [effect] : []));
    expect(writes.map((write) => write.purpose)).toEqual(["mark"]);
    expect(writes[0]?.draft.base?.resourceVersion).not.toBe(copied);
  });

  test("that failed five times leaves the Lease to expiry", () => {
    const a = marking();
    let tries = 0;
    for (; a.role === "yielding" && tries < 10; tries += 1) {
      a.answer(a.sent("mark"), { t: "refused", status: 500, reason: "no", retryAfterMs: undefined });
      a.wait(200);
    }
    expect(tries).toBe(5);
    expect(a.role).toBe("suspended");
  });
});

describe("what was offered and not taken", () => {
  test("its giver resumes after 800 ms, on the version that answered its mark", () => {
    const a = marking();
    a.complete("mark");
    const { resourceVersion } = a.lease;
    expect(a.wait(799)).toEqual([]);
    a.wait(1);
    expect(a.sent("resume").draft.base?.resourceVersion).toBe(resourceVersion);
  });

  test("resuming removes the mark and raises transitions", () => {
    const a = marking();
    a.complete("mark");
    const { leaseTransitions } = a.lease;
    a.wait(800);
    a.complete("resume");
    expect(a.did).toContain("hold");
    expect(a.lease.leaseTransitions).toBe(leaseTransitions + 1);
    expect(a.lease.annotations).not.toHaveProperty(MARK_ANNOTATION);
  });

  test("a renewal keeps mark and transitions", () => {
    const a = holder();
    const { leaseTransitions } = a.lease;
    a.patch({ annotations: { ...a.lease.annotations, [MARK_ANNOTATION]: "an operator's" } });
    a.see();
    a.wait(2_000);
    const { draft } = a.sent("renew");
    expect(draft.annotations[MARK_ANNOTATION]).toBe("an operator's");
    expect(draft.leaseTransitions).toBe(leaseTransitions);
  });

  test("its giver resumes on no other version", () => {
    const a = marking();
    a.complete("mark");
    a.patch({ renewTime: "edited" });
    a.see();
    expect(a.role).toBe("waiting");
    expect(a.wait(14_999).filter((effect) => effect.t === "write")).toEqual([]);
  });

  test("its giver's own mark is no proof for itself", () => {
    const a = marking();
    const mark = a.sent("mark");
    const result = a.apply(mark);
    a.see();
    a.answer(mark, UNKNOWN);
    expect(result.t).toBe("written");
    expect(a.wait(14_000).filter((effect) => effect.t === "write")).toEqual([]);
  });

  test("is not resumed by who is no longer fit", () => {
    const a = holder();
    a.feed({ t: "ineligible", reason: "link down" });
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.wait(60_000).filter((effect) => effect.t === "write")).toEqual([]);
  });
});

describe("a stop", () => {
  function stopped(a: Solo): void {
    a.feed({ t: "stop" });
    expect(a.role).toBe("stopped");
    expect(a.feed({ t: "tick" })).toEqual([]);
  }

  test("while waiting ends at once", () => {
    stopped(standby());
  });

  test("while asking the segment ends at once", () => {
    const a = standby();
    a.wait(15_000);
    expect(a.role).toBe("asking");
    stopped(a);
  });

  test("while taking waits for the answer, opens nothing, and gives back", () => {
    const a = standby();
    a.wait(15_000);
    a.feed({ t: "segment", answeredBy: [] });
    const take = a.sent("take");
    a.feed({ t: "stop" });
    a.answer(take, a.apply(take));
    expect(a.did).toEqual(["silence: yielding"]);
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.role).toBe("stopped");
    expect(a.lease.holderIdentity).toBe("");
  });

  test("while taking in vain ends with the answer", () => {
    const a = standby();
    a.wait(15_000);
    a.feed({ t: "segment", answeredBy: [] });
    const take = a.sent("take");
    a.feed({ t: "stop" });
    a.answer(take, { t: "conflict" });
    expect(a.role).toBe("stopped");
  });

  test("while holding goes silent, marks, and ends", () => {
    const a = holder();
    a.feed({ t: "stop" });
    expect(a.did).toEqual(["silence: yielding"]);
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.role).toBe("stopped");
    expect(markOf(a.lease)?.from).toBe("a");
  });

  test("while suspended before the own deadline marks, and ends", () => {
    const a = holder();
    a.wait(2_000);
    a.answer(a.sent("renew"), { t: "conflict" });
    a.wait(300);
    expect(a.role).toBe("suspended");
    a.feed({ t: "silenced" });
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    expect(a.did).toContain("mark");
    a.complete("mark");
    expect(a.role).toBe("stopped");
  });

  test("while suspended past the own deadline ends at once: the others have counted", () => {
    const a = holder();
    a.wait(D_MS);
    expect(a.role).toBe("suspended");
    stopped(a);
  });

  test("while marked ends at once, with the mark in place", () => {
    const a = marking();
    a.complete("mark");
    stopped(a);
    expect(markOf(a.lease)?.from).toBe("a");
  });

  test("where the API does not answer ends after five tries", () => {
    const a = holder();
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    let marks = 0;
    for (let request = 0; request < 40 && a.state.role.t === "yielding"; request += 1) {
      const mark = a.effects.find((effect) => effect.t === "write");
      if (mark?.t === "write") {
        marks += 1;
        a.answer(mark, UNKNOWN);
      } else if (a.state.read.t === "sent") {
        a.answerRead({ t: "failed", status: undefined, reason: "no route", retryAfterMs: undefined });
      } else {
        a.wait(100);
      }
    }
    expect(marks).toBe(5);
    expect(a.role).toBe("stopped");
  });
});
