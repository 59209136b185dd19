import { describe, expect, test } from "vitest";
import { HEARTBEAT_MS, PROMISE_MAX_MS, PROMISE_MIN_MS, quorumHoldMs } from "./deadline.ts";
import { initialMember, type MemberEvent, memberWakeMs, stepMember } from "./member.ts";
import type { MemberEffect, MemberState, QuorumNews } from "./member-turn.ts";
import type { HeldTerm, QuorumMessage } from "./port.ts";
import type { Standing } from "./standing.ts";

const CALM_MS = 2_000;
const HELD: HeldTerm = { holderIdentity: "h_1_x", leaseTransitions: 3, term: 2 };

type News = MemberEvent extends infer E ? (E extends MemberEvent ? Omit<E, "nowMs"> : never) : never;

/** One member; the test is the clock, the election and the peers. */
class Alone {
  nowMs = 100_000;
  state: MemberState;
  effects: readonly MemberEffect[] = [];

  constructor(identity = "h_1_x", isWanted = true) {
    this.state = initialMember({ identity, isWanted, calmMinMs: CALM_MS }, this.nowMs);
    this.feed({ t: "replicas", count: 3 });
    this.feed({ t: "fence", level: "nft-egress" });
  }

  feed(news: News): readonly MemberEffect[] {
    [this.state, this.effects] = stepMember(this.state, { ...news, nowMs: this.nowMs } as MemberEvent);
    return this.effects;
  }

  stand(standing: Standing): void {
    this.feed({ t: "standing", standing });
  }

  hear(fields: Partial<QuorumMessage> & Pick<QuorumMessage, "kind" | "sender">): readonly MemberEffect[] {
    const message: QuorumMessage = { ...HELD, sequence: 1, promiseDurationMs: 0, ...fields };
    return this.feed({ t: "message", message, path: "segment" });
  }

  get sent(): readonly QuorumMessage[] {
    return this.effects.flatMap((effect) => (effect.t === "send" ? [effect.message] : []));
  }

  get told(): readonly QuorumNews[] {
    return this.effects.flatMap((effect) => (effect.t === "tell" ? [effect.news] : []));
  }

  /** Ticks when they are wanted; these peers answer all that they are asked. Answers all that was told. */
  wait(forMs: number, peers: readonly string[]): readonly QuorumNews[] {
    const untilMs = this.nowMs + forMs;
    const told: QuorumNews[] = [];
    for (let ticks = 0; ticks < 10_000; ticks += 1) {
      const wakeMs = memberWakeMs(this.state, this.nowMs) ?? Number.POSITIVE_INFINITY;
      if (wakeMs > untilMs) break;
      this.nowMs = wakeMs;
      this.feed({ t: "tick" });
      told.push(...this.told);
      for (const message of this.sent) {
        for (const peer of peers) told.push(...this.#answer(message, peer));
      }
    }
    this.nowMs = untilMs;
    return told;
  }

  #answer(message: QuorumMessage, peer: string): readonly QuorumNews[] {
    const kind = message.kind === "probe" ? "probe-answer" : "promise";
    this.hear({ ...message, kind, sender: `${peer}_x` });
    return this.told;
  }
}

/** A holder whose majority has promised, and whose election uses it. */
function inUse(): Alone {
  const h = new Alone();
  h.stand({ t: "holding", held: HELD, use: "none" });
  const told = h.wait(CALM_MS + 2_000, ["v_2", "w_3"]);
  expect(told).toContainEqual(
    expect.objectContaining({ t: "quorum-promised", term: 2, voters: ["h_1", "v_2", "w_3"] }),
  );
  h.stand({ t: "holding", held: HELD, use: "current" });
  return h;
}

describe("a holder", () => {
  test("probes first, each second, and asks for promises only when all have answered", () => {
    const h = new Alone();
    h.stand({ t: "holding", held: HELD, use: "none" });
    expect(h.sent).toMatchObject([{ kind: "probe", sender: "h_1_x" }]);
    expect(h.wait(30_000, ["v_2"])).toEqual([]);
    expect(h.state.heartbeats.t).toBe("still");
    h.wait(1_000 + CALM_MS + 1_000, ["v_2", "w_3"]);
    expect(h.state.heartbeats.t).toBe("beating");
  });

  test("tells the election each time that the majority's promise moves", () => {
    const h = inUse();
    const told = h.wait(10 * HEARTBEAT_MS, ["v_2"]);
    expect(told).toHaveLength(10);
    expect(told.every(({ t }) => t === "quorum-promised")).toBe(true);
  });

  test("a holder without a majority asks to leave while half of its hold is left, and not before", () => {
    const h = inUse();
    h.wait(5 * HEARTBEAT_MS, ["v_2", "w_3"]);
    const { heartbeats } = h.state;
    const untilMs = heartbeats.t === "beating" ? (heartbeats.untilMs ?? Number.NaN) : Number.NaN;
    const halfMs = untilMs - quorumHoldMs(PROMISE_MIN_MS) / 2;
    expect(h.wait(halfMs - h.nowMs - 1, [])).toEqual([]);
    expect(h.wait(1, [])).toEqual([{ t: "quorum-left", reason: "quorum-lost" }]);
  });

  test("goes on asking while the Lease is yet to say that the mode is over: that much longer it may hold", () => {
    const h = inUse();
    h.feed({ t: "fence", level: "nft-arp" });
    expect(h.told).toEqual([{ t: "quorum-left", reason: "fence-too-weak" }]);
    h.stand({ t: "holding", held: HELD, use: "ending" });
    const told = h.wait(5 * HEARTBEAT_MS, ["v_2", "w_3"]);
    expect(new Set(told.map(({ t }) => t))).toEqual(new Set(["quorum-promised"]));
    h.stand({ t: "holding", held: { ...HELD, term: 4 }, use: "none" });
    expect(h.state.heartbeats.t).toBe("still");
  });

  test("asks for another term after one that is over, never for the same again", () => {
    const h = new Alone();
    h.stand({ t: "holding", held: HELD, use: "none" });
    h.wait(CALM_MS + 2_000, ["v_2", "w_3"]);
    h.wait(1_000, []);
    const told = h.wait(30_000, ["v_2", "w_3"]);
    expect(new Set(told.flatMap((news) => (news.t === "quorum-promised" ? [news.term] : [])))).toEqual(new Set([3]));
  });

  test("who does not hold any more asks for nothing", () => {
    const h = inUse();
    h.stand({ t: "other" });
    expect(h.state.heartbeats.t).toBe("still");
    expect(h.wait(5_000, [])).toEqual([]);
    expect(h.sent).toEqual([]);
  });
});

describe("a candidate", () => {
  const target = { ...HELD, voters: ["h_1", "v_2", "w_3"] };

  function candidate(): Alone {
    const v = new Alone("v_2_x");
    v.nowMs += PROMISE_MAX_MS;
    v.hear({ kind: "heartbeat", sender: "h_1_x", promiseDurationMs: PROMISE_MIN_MS });
    v.stand({ t: "candidate", target });
    return v;
  }

  test("promises a holder, by the path on which it asks", () => {
    const v = new Alone("v_2_x");
    v.nowMs += PROMISE_MAX_MS;
    const effects = v.hear({ kind: "heartbeat", sender: "h_1_x", promiseDurationMs: PROMISE_MIN_MS, sequence: 5 });
    expect(effects).toMatchObject([
      {
        t: "send",
        message: { kind: "promise", sequence: 5 },
        to: { t: "one", identity: "h_1_x", path: "segment" },
      },
    ]);
  });

  test("challenges when its own promise is over, and says so when another helps", () => {
    const v = candidate();
    expect(v.sent).toEqual([]);
    v.nowMs += PROMISE_MIN_MS - 1;
    v.feed({ t: "tick" });
    expect(v.sent).toEqual([]);
    v.nowMs += 1;
    v.feed({ t: "tick" });
    expect(v.sent).toMatchObject([{ kind: "challenge", sender: "v_2_x", term: 2 }]);
    const { sequence } = v.sent[0] ?? { sequence: Number.NaN };
    v.hear({ kind: "help", sender: "w_3_x", sequence, promiseDurationMs: PROMISE_MAX_MS });
    expect(v.told).toEqual([{ t: "quorum-proof", against: HELD }]);
  });

  test("has promised the holder nothing more, itself, when it says so", () => {
    const v = candidate();
    v.nowMs += PROMISE_MIN_MS;
    v.feed({ t: "tick" });
    v.hear({ kind: "heartbeat", sender: "h_1_x", promiseDurationMs: PROMISE_MIN_MS, sequence: 2 });
    expect(v.sent).toMatchObject([{ kind: "refusal" }]);
  });

  test("restarted, it is still for the longest promise before it challenges (R3)", () => {
    const v = new Alone("v_2_x");
    v.stand({ t: "candidate", target });
    v.hear({ kind: "help", sender: "w_3_x", sequence: 1, promiseDurationMs: PROMISE_MAX_MS });
    expect(v.told).toEqual([]);
    expect(v.wait(PROMISE_MAX_MS - 1, [])).toEqual([]);
  });
});

test("without the setting nothing is said and nothing answered", () => {
  const v = new Alone("v_2_x", false);
  v.nowMs += PROMISE_MAX_MS;
  v.stand({ t: "holding", held: HELD, use: "none" });
  expect(v.effects).toEqual([]);
  for (const kind of ["probe", "heartbeat", "challenge"] as const) {
    expect(v.hear({ kind, sender: "h_1_x", promiseDurationMs: PROMISE_MIN_MS })).toEqual([]);
  }
  expect(memberWakeMs(v.state, v.nowMs)).toBeUndefined();
});

test("a probe is answered, and a refusal is nothing to act on", () => {
  const v = new Alone("v_2_x");
  v.hear({ kind: "probe", sender: "h_1_x", sequence: 8 });
  expect(v.sent).toMatchObject([{ kind: "probe-answer", sender: "v_2_x", sequence: 8 }]);
  expect(v.hear({ kind: "refusal", sender: "h_1_x" })).toEqual([]);
});
