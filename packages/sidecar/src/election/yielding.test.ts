import { RELAY_MS } from "@vcluster-kube-vip/routing";
import { describe, expect, test } from "vitest";
import { heldBy, holder, marked, marking, type Solo, takenBy, watching } from "../testing/solo.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import type { WriteResult } from "./lease-lock.ts";
import { ACKNOWLEDGED_ANNOTATION, MARK_ANNOTATION } from "./lease-record.ts";
import { markOf } from "./mark.ts";

const UNKNOWN: WriteResult = { t: "unknown", reason: "time-out" };
const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });

describe("giving up on purpose", () => {
  test("silent first, the mark only when nobody is answered here any more", () => {
    const a = holder();
    a.feed({ t: "transfer", to: "b", readyPeers: 1 });
    expect(a.did).toEqual(["mute: yielding"]);
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
    expect(a.state.role).toMatchObject({ t: "yielding", phase: { t: "marked" } });
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
    expect(a.state.role).toMatchObject({ t: "yielding", phase: { t: "marked" } });
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

describe("make before break", () => {
  test("connections and address end 40 ms after the successor has said who has heard of its take", () => {
    const a = marking();
    a.complete("mark");
    expect(a.wait(300)).toEqual([]);
    takenBy(a, "b");
    expect(a.did).toEqual([]);
    expect(a.wait(50)).toEqual([]);
    takenBy(a, "b", { [ACKNOWLEDGED_ANNOTATION]: "1/2" });
    a.see();
    expect(a.wait(39)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["silence: yielding"]);
    expect(a.role).toBe("waiting");
  });

  test("a successor that does not say so is waited for 200 ms", () => {
    const a = marking();
    a.complete("mark");
    takenBy(a, "b");
    expect(a.wait(199)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["silence: yielding"]);
    expect(a.role).toBe("waiting");
    // Until then the successor has to relay what belongs here.
    expect(RELAY_MS).toBeGreaterThan(200);
  });

  test("what is handed back at once is taken at once", () => {
    const a = marking();
    a.complete("mark");
    a.see();
    takenBy(a, "b", { [ACKNOWLEDGED_ANNOTATION]: "2/2" });
    a.wait(40);
    a.feed({ t: "silenced" });
    a.wait(60);
    a.replace(marked(a.lease, { to: "a" }));
    a.see();
    expect(a.did).toEqual(["take"]);
  });

  test("a taker seen before the answer to the mark is served out just the same", () => {
    const a = marking();
    const mark = a.sent("mark");
    const result = a.apply(mark);
    takenBy(a, "b");
    expect(a.did).toEqual([]);
    a.answer(mark, result);
    expect(a.did).toEqual([]);
    expect(a.wait(200).filter(({ t }) => t === "silence")).toHaveLength(1);
  });

  test("a Lease that is gone or emptied in the middle ends it at once", () => {
    for (const act of [(a: Solo) => void a.delete(), (a: Solo) => takenBy(a, "")]) {
      const a = marking();
      a.complete("mark");
      takenBy(a, "b");
      act(a);
      expect(a.did).toContain("silence: yielding");
    }
  });

  test("whatever goes wrong, nothing stays muted for more than 2 s", () => {
    const a = marking();
    a.answer(a.sent("mark"), UNKNOWN);
    expect(a.wait(2_000).filter(({ t }) => t === "silence")).toHaveLength(1);
  });

  test("a mute that is not answered in time becomes a silence, and the mark waits for that one's answer", () => {
    const a = holder();
    a.nowMs += 100;
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    a.wait(2_000);
    expect(a.did).toEqual(["silence: yielding"]);
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });

  test("who resumes opens afresh, by a confirmed write of its own and not before", () => {
    const a = marking();
    a.complete("mark");
    a.wait(800);
    expect(a.did).toEqual(["resume"]);
    a.complete("resume");
    expect(a.did).toContain("hold");
    expect(a.did).not.toContain("silence: yielding");
  });

  test("a stop and an unfit holder hand over to the successor that the caller has chosen", () => {
    for (const leave of [{ t: "stop" }, { t: "ineligible", reason: "API server dead" }] as const) {
      const a = holder();
      a.feed({ t: "successor", to: "b" });
      a.feed(leave);
      a.feed({ t: "silenced" });
      a.complete("mark");
      expect(markOf(a.lease)?.to).toBe("b");
    }
  });
});

describe("who has acknowledged a take", () => {
  function taker(by: "mark" | "expiry"): Solo {
    const a = watching();
    if (by === "mark") a.replace(marked(a.lease));
    if (by === "mark") a.see();
    else a.wait(15_000);
    a.complete("take");
    a.see();
    return a;
  }

  test("goes into a write at once where the giver waits for it, and stays there", () => {
    const a = taker("mark");
    a.feed({ t: "acknowledged", count: 3, total: 4 });
    a.complete("renew");
    expect(a.lease.annotations[ACKNOWLEDGED_ANNOTATION]).toBe("3/4");
    a.see();
    a.wait(2_000);
    a.complete("renew");
    expect(a.lease.annotations[ACKNOWLEDGED_ANNOTATION]).toBe("3/4");
  });

  test("goes with the next renewal where nobody waits", () => {
    const a = taker("expiry");
    a.feed({ t: "acknowledged", count: 3, total: 4 });
    expect(a.did).toEqual([]);
    a.wait(2_000);
    expect(a.sent("renew").draft.annotations[ACKNOWLEDGED_ANNOTATION]).toBe("3/4");
  });

  test("is not the next holder's: a take and a resumption remove it", () => {
    const a = taker("mark");
    a.feed({ t: "acknowledged", count: 3, total: 4 });
    a.complete("renew");
    a.see();
    marking(a);
    a.complete("mark");
    a.wait(800);
    expect(a.sent("resume").draft.annotations).not.toHaveProperty(ACKNOWLEDGED_ANNOTATION);
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
