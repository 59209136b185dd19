import { describe, expect, test } from "vitest";
import {
  CHALLENGE_EVERY_MS,
  type ChallengerEffect,
  type ChallengerEvent,
  type ChallengerState,
  challengerWakeMs,
  initialChallenger,
  RANK_STAGGER_MS,
  stepChallenger,
  type Target,
} from "./challenger.ts";
import { countedPromiseMs, PROMISE_MAX_MS } from "./deadline.ts";
import type { QuorumMessage } from "./port.ts";

const TARGET: Target = { holderIdentity: "h_1_x", leaseTransitions: 3, term: 7, voters: ["h_1", "v_2", "w_3"] };
const AGAINST = { holderIdentity: "h_1_x", leaseTransitions: 3, term: 7 };
const NEVER = Number.NEGATIVE_INFINITY;

type News = ChallengerEvent extends infer E ? (E extends ChallengerEvent ? Omit<E, "nowMs"> : never) : never;

class Challenger {
  nowMs = 10_000;
  state: ChallengerState;
  effects: readonly ChallengerEffect[] = [];

  constructor(identity = "v_2_x", target: Target = TARGET) {
    this.state = initialChallenger(identity);
    this.feed({ t: "target", target, promisedUntilMs: NEVER });
  }

  feed(news: News): readonly ChallengerEffect[] {
    [this.state, this.effects] = stepChallenger(this.state, { ...news, nowMs: this.nowMs } as ChallengerEvent);
    return this.effects;
  }

  /** Answers the sequence number of the challenge that was sent. */
  tick(promisedUntilMs = NEVER): number | undefined {
    const sent = this.feed({ t: "tick", promisedUntilMs }).find((effect) => effect.t === "send");
    return sent?.t === "send" ? sent.message.sequence : undefined;
  }

  help(sender: string, sequence: number | undefined, fields: Partial<QuorumMessage> = {}): readonly ChallengerEffect[] {
    const message: QuorumMessage = {
      ...AGAINST,
      kind: "help",
      sender,
      sequence: sequence ?? Number.NaN,
      promiseDurationMs: PROMISE_MAX_MS,
      ...fields,
    };
    return this.feed({ t: "help", message });
  }
}

describe("a challenge", () => {
  test("is sent to all when nothing is promised, and again each 25 ms", () => {
    const c = new Challenger();
    expect(c.tick()).toBe(1);
    expect(c.effects).toEqual([
      { t: "send", message: { ...AGAINST, kind: "challenge", sender: "v_2_x", sequence: 1, promiseDurationMs: 0 } },
    ]);
    expect(challengerWakeMs(c.state)).toBe(c.nowMs + CHALLENGE_EVERY_MS);
    c.nowMs += CHALLENGE_EVERY_MS - 1;
    expect(c.tick()).toBeUndefined();
    c.nowMs += 1;
    expect(c.tick()).toBe(2);
  });

  test("waits for the end of the own promise, also where the holder is heard again", () => {
    const c = new Challenger();
    expect(c.tick(10_400)).toBeUndefined();
    c.nowMs = 10_399;
    expect(c.tick(10_800)).toBeUndefined();
    c.nowMs = 10_800;
    expect(c.tick(10_800)).toBe(1);
  });

  test("becomes slow where no majority is near", () => {
    const c = new Challenger();
    let sent = 0;
    for (let ms = 0; ms < 10_000; ms += CHALLENGE_EVERY_MS) {
      if (c.tick() !== undefined) sent += 1;
      c.nowMs += CHALLENGE_EVERY_MS;
    }
    expect(sent).toBeGreaterThan(60);
    expect(sent).toBeLessThan(60 + 20);
  });

  test("the second in rank lets the first go first for 150 ms", () => {
    const [first, second] = [new Challenger("v_2_x"), new Challenger("w_3_x")];
    expect(first.tick()).toBe(1);
    expect(second.tick()).toBeUndefined();
    second.nowMs += RANK_STAGGER_MS - 1;
    expect(second.tick()).toBeUndefined();
    second.nowMs += 1;
    expect(second.tick()).toBe(1);
  });

  test.each([
    ["the Lease shows nothing to take", undefined],
    ["this replica is no voter of that term", { ...TARGET, voters: ["h_1", "w_3", "x_4"] }],
  ])("is not sent where %s", (_why, target) => {
    const c = new Challenger();
    c.feed({ t: "target", target, promisedUntilMs: NEVER });
    expect(c.tick()).toBeUndefined();
    expect(challengerWakeMs(c.state)).toBeUndefined();
  });

  test("begins anew with another term: help against the old one is no help", () => {
    const c = new Challenger();
    const old = c.tick();
    c.help("v_2_x", old);
    c.feed({ t: "target", target: { ...TARGET, term: 9 }, promisedUntilMs: NEVER });
    expect(c.help("w_3_x", old)).toEqual([]);
  });

  test("goes on through renewals of the same term", () => {
    const c = new Challenger();
    const sequence = c.tick();
    c.help("v_2_x", sequence);
    c.feed({ t: "target", target: { ...TARGET }, promisedUntilMs: NEVER });
    expect(c.help("w_3_x", sequence)).toEqual([{ t: "proof", against: AGAINST }]);
  });
});

describe("a majority", () => {
  test("is two of three, and said once", () => {
    const c = new Challenger();
    const sequence = c.tick();
    expect(c.help("v_2_x", sequence)).toEqual([]);
    expect(c.help("w_3_x", sequence)).toEqual([{ t: "proof", against: AGAINST }]);
    expect(c.help("w_3_x", sequence)).toEqual([]);
    expect(c.tick()).toBeUndefined();
  });

  test("is not one voter twice, nor a stranger, nor an answer to nothing that was sent, nor of another term", () => {
    const c = new Challenger();
    const sequence = c.tick();
    c.help("v_2_x", sequence);
    expect(c.help("v_2_y", sequence)).toEqual([]);
    expect(c.help("z_9_x", sequence)).toEqual([]);
    expect(c.help("w_3_x", 99)).toEqual([]);
    expect(c.help("w_3_x", sequence, { term: 6 })).toEqual([]);
  });

  test("help that has run out is no part of a majority", () => {
    const c = new Challenger();
    const first = c.tick();
    c.help("v_2_x", first);
    c.nowMs += countedPromiseMs(PROMISE_MAX_MS);
    const second = c.tick();
    expect(c.help("w_3_x", second)).toEqual([]);
    expect(c.help("v_2_x", second)).toEqual([{ t: "proof", against: AGAINST }]);
  });

  test("counts help from the send of the challenge that it answers", () => {
    const c = new Challenger();
    const sequence = c.tick();
    c.nowMs += countedPromiseMs(PROMISE_MAX_MS);
    c.help("v_2_x", sequence);
    expect(c.help("w_3_x", sequence)).toEqual([]);
  });

  test("of five is three", () => {
    const c = new Challenger("v_2_x", { ...TARGET, voters: ["h_1", "v_2", "w_3", "x_4", "y_5"] });
    const sequence = c.tick();
    c.help("v_2_x", sequence);
    expect(c.help("w_3_x", sequence)).toEqual([]);
    expect(c.help("y_5_x", sequence)).toEqual([{ t: "proof", against: AGAINST }]);
  });
});
