import { describe, expect, test } from "vitest";
import { heldBy, holder, Solo } from "../testing/solo.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import { MODE_ANNOTATION } from "./lease-record.ts";
import { modeOf } from "./mode.ts";
import { quorumStanding } from "./quorum-standing.ts";

const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });
const VOTERS = ["a", "b_2", "c_3"];
const DQ_MS = 380;

/** A majority has promised the term, from now on. */
function promise(a: Solo, term: number, forMs = DQ_MS): readonly string[] {
  a.feed({ t: "quorum-promised", term, voters: VOTERS, untilMs: a.nowMs + forMs });
  return a.did;
}

/** A holder whose setting is auto, with nothing on its way. */
function holding(): Solo {
  return holder({ quorum: "auto" });
}

/** In mode quorum, term 2 of its life: told to the kernel, and in the Lease. */
function inQuorum(): { readonly a: Solo; readonly term: number } {
  const a = holding();
  const term = termToUse(a);
  promise(a, term);
  a.nowMs += 50;
  a.feed({ t: "tightened", term });
  sendNext(a);
  promise(a, term);
  return { a, term };
}

function termToUse(a: Solo): number {
  const standing = quorumStanding(a.state);
  if (standing.t !== "holding") throw new Error(`expected a holder, got ${standing.t}`);
  return standing.held.term;
}

/** The renewal that is due, applied and answered. */
function sendNext(a: Solo): void {
  if (!a.did.includes("renew")) a.wait(60);
  a.complete("renew");
}

function deadlineMs(a: Solo): number | undefined {
  const { role } = a.state;
  return "claim" in role ? role.claim.deadlineMs : undefined;
}

describe("without the setting", () => {
  test("promises and proofs change nothing, and no write says a mode", () => {
    const a = holder();
    expect(promise(a, 5)).toEqual([]);
    expect(quorumStanding(a.state)).toEqual({ t: "other" });
    a.wait(2_000);
    expect(a.sent("renew").draft.annotations).not.toHaveProperty(MODE_ANNOTATION);
  });
});

describe("the way in (R1)", () => {
  test("tells the kernel first, and writes nothing before it has the earlier deadline", () => {
    const a = holding();
    const term = termToUse(a);
    expect(promise(a, term)).toEqual(["tighten"]);
    expect(a.effects).toMatchObject([{ t: "tighten", deadlineMs: a.nowMs + DQ_MS, term }]);
    expect(deadlineMs(a)).toBe(a.nowMs + DQ_MS);
    a.nowMs += 100;
    a.feed({ t: "tick" });
    expect(a.did).toEqual([]);
    a.feed({ t: "tightened", term });
    expect(modeOf({ ...a.lease, ...a.sent("renew").draft })).toMatchObject({ mode: "quorum", term, voters: VOTERS });
  });

  test("the answer to the tightening of an earlier use publishes nothing", () => {
    const a = holding();
    const term = termToUse(a);
    promise(a, term);
    a.nowMs += 60;
    a.feed({ t: "quorum-left", reason: "test" });
    sendNext(a);
    promise(a, term + 2);
    a.nowMs += 60;
    a.feed({ t: "tightened", term });
    expect(a.did).toEqual([]);
    a.feed({ t: "tightened", term: term + 2 });
    expect(a.did).toEqual(["renew"]);
  });

  test("a renewal that was on its way does not put it off by a retry period", () => {
    const a = holding();
    a.wait(2_000);
    const renewal = a.sent("renew");
    const term = termToUse(a);
    promise(a, term);
    a.feed({ t: "tightened", term });
    expect(a.did).toEqual([]);
    a.nowMs += 20;
    a.answer(renewal, a.apply(renewal));
    a.wait(60);
    expect(modeOf({ ...a.lease, ...a.sent("renew").draft })?.mode).toBe("quorum");
  });

  test.each([0, 1])("a term that was used, or is not the next, begins nothing: %i", (term) => {
    const { a } = inQuorum();
    expect(promise(a, term)).toEqual([]);
  });

  test("only a holder goes in, and none that is being stopped", () => {
    const candidate = new Solo({ quorum: "auto" });
    candidate.create(heldBy("b"));
    candidate.list();
    expect(promise(candidate, 5)).toEqual([]);
    const a = holding();
    a.feed({ t: "stop" });
    expect(promise(a, 9)).toEqual([]);
  });
});

describe("in mode quorum", () => {
  test("the hold ends at the earlier of both deadlines, and moves with the promises", () => {
    const { a, term } = inQuorum();
    expect(deadlineMs(a)).toBe(a.nowMs + DQ_MS);
    a.nowMs += 60;
    expect(promise(a, term)).toEqual(["hold"]);
    expect(a.effects).toMatchObject([{ t: "hold", deadlineMs: a.nowMs + DQ_MS, byPromise: true }]);
  });

  test("promises do not keep it longer than the Lease does", () => {
    const { a, term } = inQuorum();
    const renewedAtMs = a.writes.at(-1)?.sentAtMs ?? Number.NaN;
    for (let beats = 0; beats < 400 && a.role === "holding"; beats += 1) {
      promise(a, term);
      a.wait(60);
    }
    expect(a.role).toBe("suspended");
    expect(a.nowMs).toBeGreaterThanOrEqual(renewedAtMs + D_MS);
    expect(a.nowMs).toBeLessThan(renewedAtMs + D_MS + 120);
  });

  test("a confirmed renewal says the hold again, so that what a clock has closed may be opened", () => {
    const { a, term } = inQuorum();
    a.wait(300);
    promise(a, term);
    for (let beats = 0; beats < 40 && !a.did.includes("renew"); beats += 1) {
      promise(a, term);
      a.wait(60);
    }
    a.complete("renew");
    expect(a.effects).toMatchObject([{ t: "hold", byPromise: undefined }]);
  });

  test("without a majority it is silent at the quorum's deadline, and no promise brings it back (R2)", () => {
    const { a, term } = inQuorum();
    a.wait(DQ_MS);
    expect(a.did).toContain("silence: quorum-lapsed");
    a.feed({ t: "silenced" });
    expect(promise(a, term)).toEqual([]);
    expect(a.role).toBe("suspended");
  });

  test("what is written after that says mode lease, in a higher term, and brings it back for the Lease's time (R2)", () => {
    const { a, term } = inQuorum();
    a.wait(DQ_MS);
    const renewal = a.sent("renew");
    const sentAtMs = a.nowMs;
    a.feed({ t: "silenced" });
    a.answer(renewal, a.apply(renewal));
    expect(modeOf(a.lease)).toMatchObject({ mode: "lease", term: term + 1 });
    expect(a.role).toBe("holding");
    expect(deadlineMs(a)).toBeGreaterThanOrEqual(sentAtMs + D_MS);
  });

  test("past it, a Lease that another hand has changed is not built on (rule 3)", () => {
    const { a } = inQuorum();
    a.wait(DQ_MS);
    a.delete();
    expect(a.did).not.toContain("create");
  });
});

describe("the way out (R4)", () => {
  test("goes by the Lease: until it says so, confirmed, the quorum's deadline counts", () => {
    const { a, term } = inQuorum();
    const untilMs = a.nowMs + DQ_MS;
    a.nowMs += 60;
    a.feed({ t: "quorum-left", reason: "quorum-lost" });
    expect(deadlineMs(a)).toBe(untilMs);
    a.complete("renew");
    expect(modeOf(a.lease)).toMatchObject({ mode: "lease", term: term + 1 });
    expect(deadlineMs(a)).toBeGreaterThan(a.nowMs + D_MS - 100);
    expect(a.did).toContain("hold");
  });

  test("without the API it is silent at the quorum's deadline", () => {
    const { a } = inQuorum();
    a.feed({ t: "quorum-left", reason: "quorum-lost" });
    a.wait(DQ_MS);
    expect(a.did).toContain("silence: quorum-lapsed");
  });

  test("a renewal of mode quorum that is confirmed while leaving does not end the quorum's deadline", () => {
    const { a, term } = inQuorum();
    for (let beats = 0; beats < 40 && !a.did.includes("renew"); beats += 1) {
      promise(a, term);
      a.wait(60);
    }
    const renewal = a.sent("renew");
    const untilMs = deadlineMs(a);
    a.feed({ t: "quorum-left", reason: "quorum-lost" });
    a.answer(renewal, a.apply(renewal));
    expect(modeOf(a.lease)?.mode).toBe("quorum");
    expect(deadlineMs(a)).toBe(untilMs);
  });
});

describe("a candidate with a majority's word (rule 2c)", () => {
  const AGAINST = { holderIdentity: "a", leaseTransitions: 1, term: 0 };

  /** "b" has watched "a" go into mode quorum. */
  function watching(): { readonly b: Solo; readonly term: number } {
    const { a, term } = inQuorum();
    const b = new Solo({ identity: "b", quorum: "auto" });
    b.feed({ t: "eligible", mac: "mac-of-b" });
    b.create(heldBy("a", { leaseTransitions: a.lease.leaseTransitions }));
    b.list();
    const before = b.lease;
    const mode = modeOf(a.lease);
    if (mode === undefined) throw new Error("the holder is in mode quorum");
    const text = JSON.stringify({ ...mode, replaced: before.resourceVersion });
    b.replace({ ...before, annotations: { ...before.annotations, [MODE_ANNOTATION]: text } });
    b.see();
    return { b, term };
  }

  test("challenges what it has watched, and takes it though the Lease has not run out", () => {
    const { b, term } = watching();
    const { leaseTransitions } = b.lease;
    expect(quorumStanding(b.state)).toMatchObject({ t: "candidate", target: { holderIdentity: "a", term } });
    b.feed({ t: "quorum-proof", against: { ...AGAINST, leaseTransitions, term } });
    expect(b.did).toEqual(["ask-segment"]);
    b.feed({ t: "segment", answeredBy: [] });
    b.complete("take");
    expect(b.role).toBe("holding");
    expect(modeOf(b.lease)).toMatchObject({ mode: "lease", term: term + 1, holder: "b" });
  });

  test.each([{ term: 99 }, { leaseTransitions: 99 }, { holderIdentity: "c" }])(
    "takes nothing by a word against %o",
    (other) => {
      const { b, term } = watching();
      const { leaseTransitions } = b.lease;
      b.feed({ t: "quorum-proof", against: { ...AGAINST, leaseTransitions, term, ...other } });
      expect(b.did).toEqual([]);
    },
  );

  test("after a new list asks for the version before, and has no target until it knows it", () => {
    const { b, term } = watching();
    const version = Number(b.lease.resourceVersion);
    b.list();
    expect(b.did).toEqual(["exact-read"]);
    expect(quorumStanding(b.state)).toEqual({ t: "candidate", target: undefined });
    b.answerExact(String(version - 1));
    expect(quorumStanding(b.state)).toMatchObject({ t: "candidate", target: { term } });
  });
});
