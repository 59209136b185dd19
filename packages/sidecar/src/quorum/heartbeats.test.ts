import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HEARTBEAT_MS, quorumHoldMs } from "./deadline.ts";
import { type HeartbeatsEffect, type HeartbeatsState, isLapsed, STILL, stepHeartbeats } from "./heartbeats.ts";
import type { HeldTerm, QuorumMessage } from "./port.ts";

const HELD: HeldTerm = { holderIdentity: "h_1_x", leaseTransitions: 3, term: 7 };
const LQ_MS = 450;
const DQ_MS = quorumHoldMs(LQ_MS);

/** One holder's heartbeats; the test is the clock and the peers. */
class Holder {
  nowMs = 10_000;
  state: HeartbeatsState = STILL;
  effects: readonly HeartbeatsEffect[] = [];

  constructor(voters: readonly string[] = ["h_1", "v_2", "w_3"]) {
    this.#feed(stepHeartbeats(this.state, { t: "begin", held: HELD, voters, nowMs: this.nowMs }));
  }

  /** Answers the sequence number of the heartbeat that was sent. */
  beat(): number | undefined {
    this.#feed(stepHeartbeats(this.state, { t: "tick", nowMs: this.nowMs, promiseDurationMs: LQ_MS }));
    const sent = this.effects.find((effect) => effect.t === "send");
    return sent?.t === "send" ? sent.message.sequence : undefined;
  }

  answer(sequence: number, fields: Partial<QuorumMessage> = {}): void {
    const message: QuorumMessage = {
      ...HELD,
      kind: "promise",
      sender: "v_2_x",
      sequence,
      promiseDurationMs: LQ_MS,
      ...fields,
    };
    this.#feed(stepHeartbeats(this.state, { t: "promise", message, nowMs: this.nowMs }));
  }

  get untilMs(): number | undefined {
    return this.state.t === "beating" ? this.state.untilMs : undefined;
  }

  #feed([state, effects]: [HeartbeatsState, readonly HeartbeatsEffect[]]): void {
    this.state = state;
    this.effects = effects;
  }
}

function beatAt(holder: Holder, nowMs: number): number {
  holder.nowMs = nowMs;
  return holder.beat() ?? Number.NaN;
}

describe("a holder's heartbeats", () => {
  test("go out at once and then each 60 ms, numbered", () => {
    const h = new Holder();
    expect(h.beat()).toBe(1);
    expect(h.effects).toEqual([
      {
        t: "send",
        message: { ...HELD, kind: "heartbeat", sender: "h_1_x", sequence: 1, promiseDurationMs: LQ_MS },
      },
    ]);
    h.nowMs += HEARTBEAT_MS - 1;
    expect(h.beat()).toBeUndefined();
    h.nowMs += 1;
    expect(h.beat()).toBe(2);
  });

  test("keep counting their numbers from term to term", () => {
    const h = new Holder();
    h.beat();
    const [still] = stepHeartbeats(h.state, { t: "end", nowMs: h.nowMs });
    const held = { ...HELD, term: 9 };
    const [again] = stepHeartbeats(still, { t: "begin", held, voters: ["h_1", "v_2", "w_3"], nowMs: h.nowMs });
    const [, effects] = stepHeartbeats(again, { t: "tick", nowMs: h.nowMs, promiseDurationMs: LQ_MS });
    expect(effects).toMatchObject([{ t: "send", message: { sequence: 2, term: 9 } }]);
  });
});

describe("the quorum's deadline", () => {
  test("counts from the send of the heartbeat, however late the acknowledgement is", () => {
    const h = new Holder();
    const sequence = beatAt(h, 20_000);
    h.nowMs = 20_000 + 300;
    h.answer(sequence);
    expect(h.untilMs).toBe(20_000 + DQ_MS);
    expect(h.effects).toContainEqual({ t: "answered", identity: "v_2_x", roundTripMs: 300 });
    expect(h.effects).toContainEqual({ t: "promised", untilMs: 20_000 + DQ_MS });
  });

  test("needs two others of five, and follows the slower of them", () => {
    const h = new Holder(["h_1", "v_2", "w_3", "x_4", "y_5"]);
    const first = beatAt(h, 20_000);
    const second = beatAt(h, 20_060);
    h.answer(second);
    expect(h.untilMs).toBeUndefined();
    h.answer(first, { sender: "w_3_x" });
    expect(h.untilMs).toBe(20_000 + DQ_MS);
    h.answer(second, { sender: "y_5_x" });
    expect(h.untilMs).toBe(20_060 + DQ_MS);
  });

  test("does not move by a copy, by the other path, or by an older heartbeat's answer", () => {
    const h = new Holder();
    const first = beatAt(h, 20_000);
    const second = beatAt(h, 20_060);
    h.answer(second);
    h.answer(second);
    expect(h.effects).toEqual([]);
    h.answer(first);
    expect(h.untilMs).toBe(20_060 + DQ_MS);
  });

  test.each([
    ["a stranger", { sender: "z_9_x" }],
    ["itself", { sender: "h_1_y" }],
    ["another term's promise", { term: 6 }],
    ["another life's term", { holderIdentity: "h_1_y" }],
    ["an answer to nothing that was sent", { sequence: 99 }],
  ])("is not moved by %s", (_who, fields) => {
    const h = new Holder();
    const sequence = h.beat() ?? Number.NaN;
    h.answer(sequence, fields);
    expect(h.untilMs).toBeUndefined();
    expect(h.effects).toEqual([]);
  });

  test("is not revived by an acknowledgement once it has passed, and no heartbeat asks for it again (R2)", () => {
    const h = new Holder();
    h.answer(beatAt(h, 20_000));
    const late = beatAt(h, 20_060);
    h.nowMs = 20_000 + DQ_MS;
    expect(isLapsed(h.state, h.nowMs)).toBe(true);
    h.answer(late);
    expect(h.untilMs).toBe(20_000 + DQ_MS);
    expect(h.beat()).toBeUndefined();
  });

  test("begins with no majority that is over already", () => {
    const h = new Holder();
    const sequence = beatAt(h, 20_000);
    h.nowMs = 20_000 + DQ_MS;
    h.answer(sequence);
    expect(h.untilMs).toBeUndefined();
  });

  test("never ends later than the promises of a majority, nor moves when it has passed", () => {
    const answers = fc.record({
      afterMs: fc.integer({ min: 0, max: 300 }),
      voter: fc.constantFrom("v_2_x", "w_3_x", "x_4_x", "y_5_x"),
      back: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(answers, { maxLength: 60 }), (steps) => {
        const h = new Holder(["h_1", "v_2", "w_3", "x_4", "y_5"]);
        const sentAtMs: number[] = [];
        const promised = new Map<string, number>();
        for (const { afterMs, voter, back } of steps) {
          h.nowMs += afterMs;
          if (h.beat() !== undefined) sentAtMs.push(h.nowMs);
          const index = sentAtMs.length - 1 - back;
          const atMs = sentAtMs[index];
          if (atMs === undefined) continue;
          const before = h.untilMs;
          h.answer(index + 1, { sender: voter });
          promised.set(voter, Math.max(promised.get(voter) ?? 0, atMs + LQ_MS));
          if (before !== undefined && h.nowMs >= before) expect(h.untilMs).toBe(before);
          const { untilMs } = h;
          if (untilMs === undefined) continue;
          expect([...promised.values()].filter((lastMs) => lastMs > untilMs).length).toBeGreaterThanOrEqual(2);
        }
      }),
    );
  });
});
