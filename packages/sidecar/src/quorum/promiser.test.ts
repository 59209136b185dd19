import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PROMISE_MAX_MS, PROMISE_MIN_MS } from "./deadline.ts";
import type { HeldTerm, QuorumMessage } from "./port.ts";
import { initialPromiser, type PromiserState, promisedUntilMs, stepPromiser } from "./promiser.ts";

const HELD: HeldTerm = { holderIdentity: "h_1_x", leaseTransitions: 3, term: 7 };
const START_MS = 1_000;
const READY_MS = START_MS + PROMISE_MAX_MS;
const LQ_MS = 500;

function heartbeat(fields: Partial<QuorumMessage> = {}): QuorumMessage {
  const sender = fields.holderIdentity ?? HELD.holderIdentity;
  return { ...HELD, kind: "heartbeat", sender, sequence: 1, promiseDurationMs: LQ_MS, ...fields };
}

function challenge(fields: Partial<QuorumMessage> = {}): QuorumMessage {
  return { ...HELD, kind: "challenge", sender: "c_3_x", sequence: 9, promiseDurationMs: 0, ...fields };
}

/** One promiser, "v_2_x", and what it answers. */
class Promiser {
  state: PromiserState = initialPromiser("v_2_x", START_MS);

  hear(nowMs: number, message: QuorumMessage): QuorumMessage | undefined {
    const [state, answer] = stepPromiser(this.state, { nowMs, message });
    this.state = state;
    return answer;
  }
}

describe("a promise", () => {
  test("is given for what was asked, and says what it answers", () => {
    const v = new Promiser();
    expect(v.hear(READY_MS, heartbeat({ sequence: 4 }))).toEqual({
      ...HELD,
      kind: "promise",
      sender: "v_2_x",
      sequence: 4,
      promiseDurationMs: LQ_MS,
    });
    expect(promisedUntilMs(v.state)).toBe(READY_MS + LQ_MS);
  });

  test("is not shortened by a heartbeat that asks for less", () => {
    const v = new Promiser();
    v.hear(READY_MS, heartbeat({ promiseDurationMs: 700 }));
    v.hear(READY_MS + 10, heartbeat({ promiseDurationMs: PROMISE_MIN_MS, sequence: 2 }));
    expect(promisedUntilMs(v.state)).toBe(READY_MS + 700);
  });

  test("is given for a heartbeat once: by the other path it is said again and not begun anew", () => {
    const v = new Promiser();
    v.hear(READY_MS, heartbeat({ sequence: 5 }));
    expect(v.hear(READY_MS + 100, heartbeat({ sequence: 5 }))).toMatchObject({ kind: "promise", sequence: 5 });
    expect(promisedUntilMs(v.state)).toBe(READY_MS + LQ_MS);
  });

  test("is not given for an old heartbeat, however often it is repeated", () => {
    const v = new Promiser();
    v.hear(READY_MS, heartbeat({ sequence: 5 }));
    expect(v.hear(READY_MS + 100, heartbeat({ sequence: 4 }))).toBeUndefined();
    v.hear(READY_MS + LQ_MS, heartbeat({ sequence: 5 }));
    expect(promisedUntilMs(v.state)).toBe(READY_MS + LQ_MS);
    expect(v.hear(READY_MS + LQ_MS, challenge())).toMatchObject({ kind: "help" });
  });

  test.each([PROMISE_MIN_MS - 1, PROMISE_MAX_MS + 1, 0, -5])("of %i ms is none that is given", (promiseDurationMs) => {
    const v = new Promiser();
    expect(v.hear(READY_MS, heartbeat({ promiseDurationMs }))).toBeUndefined();
    expect(promisedUntilMs(v.state)).toBe(Number.NEGATIVE_INFINITY);
  });

  test("is refused to another holder while it lasts, and to an old term of this one", () => {
    const v = new Promiser();
    v.hear(READY_MS, heartbeat());
    expect(v.hear(READY_MS + 100, heartbeat({ holderIdentity: "o_5_x" }))).toMatchObject({
      kind: "refusal",
      promiseDurationMs: 400,
    });
    expect(v.hear(READY_MS + 100, heartbeat({ term: 6 }))).toMatchObject({ kind: "refusal" });
    expect(v.hear(READY_MS + LQ_MS, heartbeat({ holderIdentity: "o_5_x" }))).toMatchObject({ kind: "promise" });
  });

  test("goes on to the next term of the same holder, which has left the one before", () => {
    const v = new Promiser();
    v.hear(READY_MS, heartbeat());
    expect(v.hear(READY_MS + 100, heartbeat({ term: 9 }))).toMatchObject({ kind: "promise", term: 9 });
  });

  test("is given to no one who asks for another's hold, nor to oneself", () => {
    const v = new Promiser();
    expect(v.hear(READY_MS, heartbeat({ sender: "c_3_x" }))).toBeUndefined();
    expect(v.hear(READY_MS, heartbeat({ holderIdentity: "v_2_x", sender: "v_2_x" }))).toBeUndefined();
  });
});

describe("help", () => {
  test("is refused to the end of the promise, and then given for the longest promise", () => {
    const v = new Promiser();
    v.hear(READY_MS, heartbeat());
    expect(v.hear(READY_MS + LQ_MS - 1, challenge())).toMatchObject({ kind: "refusal", promiseDurationMs: 1 });
    expect(v.hear(READY_MS + LQ_MS, challenge())).toMatchObject({
      kind: "help",
      sequence: 9,
      promiseDurationMs: PROMISE_MAX_MS,
    });
  });

  test("is given where nothing was ever promised", () => {
    expect(new Promiser().hear(READY_MS, challenge())).toMatchObject({ kind: "help" });
  });

  test("is given to every challenger: one compare-and-swap will succeed", () => {
    const v = new Promiser();
    v.hear(READY_MS, challenge());
    expect(v.hear(READY_MS + 5, challenge({ sender: "d_4_x" }))).toMatchObject({ kind: "help" });
  });

  test("who has helped promises that term nothing, nor one before it", () => {
    const v = new Promiser();
    v.hear(READY_MS, challenge());
    expect(v.hear(READY_MS + 1, heartbeat())).toMatchObject({ kind: "refusal" });
    expect(v.hear(READY_MS + 1, heartbeat({ term: 6 }))).toMatchObject({ kind: "refusal" });
    expect(v.hear(READY_MS + PROMISE_MAX_MS - 1, heartbeat())).toMatchObject({ kind: "refusal" });
    expect(v.hear(READY_MS + 1, heartbeat({ term: 9 }))).toMatchObject({ kind: "promise" });
  });

  test("against another holder waits until the last help is over", () => {
    const v = new Promiser();
    v.hear(READY_MS, challenge());
    expect(v.hear(READY_MS + 1, challenge({ holderIdentity: "o_5_x" }))).toMatchObject({ kind: "refusal" });
    expect(v.hear(READY_MS + PROMISE_MAX_MS, challenge({ holderIdentity: "o_5_x" }))).toMatchObject({ kind: "help" });
  });

  test("against the own hold is never given: the Lease will say when it is over", () => {
    expect(new Promiser().hear(READY_MS, challenge({ holderIdentity: "v_2_x" }))).toBeUndefined();
  });
});

describe("a restarted promiser (R3)", () => {
  test("grants neither promise nor help for the longest promise, and says how long", () => {
    const v = new Promiser();
    expect(v.hear(START_MS, heartbeat())).toMatchObject({ kind: "refusal", promiseDurationMs: PROMISE_MAX_MS });
    expect(v.hear(READY_MS - 1, challenge())).toMatchObject({ kind: "refusal", promiseDurationMs: 1 });
    expect(v.hear(READY_MS, challenge())).toMatchObject({ kind: "help" });
  });
});

test("no promise and no help about one term ever overlap, whatever is asked in whatever order", () => {
  const asked = fc.record({
    afterMs: fc.integer({ min: 0, max: 900 }),
    kind: fc.constantFrom("heartbeat" as const, "challenge" as const),
    holderIdentity: fc.constantFrom("h_1_x", "o_5_x"),
    term: fc.integer({ min: 1, max: 3 }),
    promiseDurationMs: fc.integer({ min: PROMISE_MIN_MS, max: PROMISE_MAX_MS }),
  });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), (questions) => {
      const v = new Promiser();
      const given: { readonly kind: string; readonly fromMs: number; readonly untilMs: number; readonly of: string }[] =
        [];
      let nowMs = START_MS;
      for (const [sequence, { afterMs, kind, holderIdentity, term, promiseDurationMs }] of questions.entries()) {
        nowMs += afterMs;
        const fields = { holderIdentity, term, promiseDurationMs, sequence };
        const answer = v.hear(nowMs, kind === "heartbeat" ? heartbeat(fields) : challenge(fields));
        if (answer === undefined || answer.kind === "refusal") continue;
        const of = `${holderIdentity} ${term}`;
        given.push({ kind: answer.kind, fromMs: nowMs, untilMs: nowMs + answer.promiseDurationMs, of });
      }
      for (const help of given.filter(({ kind }) => kind === "help")) {
        const promises = given.filter(({ kind, of }) => kind === "promise" && of === help.of);
        expect(promises.filter(({ fromMs, untilMs }) => fromMs < help.untilMs && help.fromMs < untilMs)).toEqual([]);
      }
      expect(given.every(({ fromMs }) => fromMs >= READY_MS)).toBe(true);
    }),
  );
});

test("what is neither heartbeat nor challenge is a mistake of the caller", () => {
  expect(() => new Promiser().hear(READY_MS, heartbeat({ kind: "probe" }))).toThrow(/a probe is nothing to promise on/);
});
