/** Who gets the VIP, who does not, and what a whole rolling update costs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cause, Fault } from "./health.ts";
import type { PeerStatus } from "./report.ts";
import { chooseSuccessor, type Giver, successorForFault } from "./successor.ts";

const NOW_MS = 100_000;

const GIVER: Giver = {
  nowMs: NOW_MS,
  fenceLevel: "nft-egress",
  revision: "old",
  updateRevision: undefined,
  isLeaving: false,
};

function peer(ordinal: number, overrides: Partial<PeerStatus> = {}): PeerStatus {
  return {
    identity: `my-vcluster-${ordinal}_uid_nonce`,
    mac: "02:00:00:00:00:01",
    ready: true,
    reason: "able",
    fenceLevel: "nft-egress",
    revision: "old",
    verdict: "able",
    hasFault: false,
    server: { sinceMs: 0, lastMs: NOW_MS - 200 },
    segment: "answers",
    segmentAnsweredAtMs: NOW_MS - 100,
    ...overrides,
  };
}

function check(peers: readonly PeerStatus[], expected: number | "nobody", giver: Partial<Giver> = {}): void {
  const found = chooseSuccessor(peers, { ...GIVER, ...giver });
  expect(found.t === "to" ? found.identity : "nobody").toBe(expected === "nobody" ? "nobody" : peer(expected).identity);
}

describe("a successor is never", () => {
  it.each([
    ["one that is being deleted", { verdict: "gone-soon" }],
    ["one that is not ready", { ready: false }],
    ["one with a fault", { verdict: "unable", hasFault: true }],
    ["one whose API server has not been ready yet", { verdict: "not-yet" }],
    ["one that does not know its API server", { server: undefined }],
    ["one whose API server has not answered for 4 s", { server: { sinceMs: 0, lastMs: NOW_MS - 4001 } }],
    ["one whose segment is silent", { segment: "silent" }],
    ["one with a weaker fence", { fenceLevel: "responder" }],
    ["one without a fence", { fenceLevel: undefined }],
  ] as const)("%s", (_name, overrides) => {
    check([peer(0, overrides)], "nobody");
    check([peer(0, overrides), peer(1)], 1);
  });

  it("anybody, where nobody answers", () => {
    expect(chooseSuccessor([], GIVER)).toEqual({ t: "nobody", reason: "no other replica answers" });
  });
});

describe("of those that could serve", () => {
  it.each([
    ["the lowest ordinal", [peer(2), peer(10), peer(1)], 1],
    ["the newest revision before the lowest ordinal", [peer(0), peer(2, { revision: "new" })], 2],
    ["one without a fault for long before the newest", [peer(2, { revision: "new", verdict: "unable" }), peer(1)], 1],
    ["one whose gateway answers before one that has not asked", [peer(0, { segment: "unknown" }), peer(1)], 1],
    ["one that has just recovered before nobody", [peer(0, { verdict: "unable" })], 0],
    ["one with a stronger fence like any other", [peer(0)], 0],
  ] as const)("is chosen: %s", (_name, peers, expected) => check(peers, expected, { updateRevision: "new" }));

  it("one of another revision is newer only where this replica is being deleted, if the rollout is not known", () => {
    const peers = [peer(0), peer(2, { revision: "other" })];
    check(peers, 0);
    check(peers, 2, { isLeaving: true });
    check(peers, 0, { isLeaving: true, updateRevision: "old" });
  });

  it("the choice is the same in whatever order they answered", () => {
    const pool = [
      peer(0, { verdict: "unable" }),
      peer(1),
      peer(2, { revision: "new" }),
      peer(3, { segment: "unknown" }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(pool, { minLength: 1 }), (some) => {
        const sorted = some.toSorted((a, b) => (a.identity < b.identity ? -1 : 1));
        expect(chooseSuccessor(some, GIVER)).toEqual(chooseSuccessor(sorted, GIVER));
      }),
    );
  });
});

describe("a rolling update from the highest ordinal down", () => {
  /** How often the VIP moves until all are replaced; `known`: what the host cluster lets a replica see. */
  function moves(replicas: number, holderAtFirst: number, known: "rollout" | "revisions" | "nothing"): number {
    let holder = holderAtFirst;
    let moved = 0;
    for (let deleted = replicas - 1; deleted >= 0; deleted -= 1) {
      if (holder !== deleted) continue;
      const revisionOf = (ordinal: number) => (ordinal > deleted ? "new" : "old");
      const others = Array.from({ length: replicas }, (_, ordinal) => ordinal).filter((ordinal) => ordinal !== deleted);
      const peers = others.map((ordinal) =>
        peer(ordinal, { revision: known === "nothing" ? undefined : revisionOf(ordinal) }),
      );
      const updateRevision = known === "rollout" ? "new" : undefined;
      const found = chooseSuccessor(peers, { ...GIVER, updateRevision, isLeaving: true });
      holder = others.find((ordinal) => found.t === "to" && peer(ordinal).identity === found.identity) ?? -1;
      moved += 1;
    }
    return moved;
  }

  it.each([
    [3, 0, 1],
    [3, 1, 1],
    [3, 2, 2],
    [5, 4, 2],
    [5, 2, 1],
  ])("of %i replicas with the VIP on number %i costs %i moves", (replicas, holder, expected) => {
    expect(moves(replicas, holder, "rollout")).toBe(expected);
    expect(moves(replicas, holder, "revisions")).toBe(expected);
  });

  it("costs at most two moves, whoever holds and whatever is known", () => {
    const scene = fc
      .integer({ min: 2, max: 9 })
      .chain((replicas) => fc.tuple(fc.constant(replicas), fc.nat(replicas - 1)));
    fc.assert(
      fc.property(scene, fc.constantFrom("rollout", "revisions", "nothing"), ([replicas, holder], known) => {
        expect(moves(replicas, holder, known)).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe("a fault is a reason to leave", () => {
  const fault = (cause: Cause, agoMs: number): Fault => ({ cause, sinceMs: NOW_MS - agoMs, detail: "" });

  it.each([
    ["for a dead API server, at once", fault("server-dead", 1), peer(1), true],
    ["not for a dead one, to one that is no better", fault("server-dead", 1), peer(1, { hasFault: true }), false],
    ["for a lost link, at once", fault("link", 1), peer(1), true],
    ["for a hung one, where a peer's answered since", fault("server-hung", 1300), peer(1), true],
    [
      "not for a hung one, where everybody's last answer is from before",
      fault("server-hung", 1300),
      peer(1, { server: { sinceMs: 0, lastMs: NOW_MS - 1301 } }),
      false,
    ],
    ["not for an unready one at once: etcd may be electing", fault("server-unready", 1300), peer(1), false],
    ["for an unready one after 3 s in which a peer's was ready", fault("server-unready", 3200), peer(1), true],
    [
      "not for an unready one, where the peer's came back just before",
      fault("server-unready", 9000),
      peer(1, { server: { sinceMs: NOW_MS - 1500, lastMs: NOW_MS - 200 } }),
      false,
    ],
    ["for a silent segment, where a peer has heard it since", fault("segment-silent", 900), peer(1), true],
    [
      "not for a segment that is silent for all",
      fault("segment-silent", 900),
      peer(1, { segmentAnsweredAtMs: NOW_MS - 901 }),
      false,
    ],
    [
      "not for a silent segment, where the peer never heard it",
      fault("segment-silent", 900),
      peer(1, { segment: "unknown", segmentAnsweredAtMs: undefined }),
      false,
    ],
  ] as const)("%s", (_name, what, witness, expected) => {
    expect(successorForFault(what, [witness], GIVER).t).toBe(expected ? "to" : "nobody");
    expect(successorForFault(what, [], GIVER).t).toBe("nobody");
  });

  it("to nobody's where only the etcd leader changed: all fall unready within 1.5 s of each other, and come back so", () => {
    const around = fc.integer({ min: 0, max: 1500 });
    fc.assert(
      fc.property(around, around, fc.integer({ min: 0, max: 12_000 }), (fallsLaterMs, backSoonerMs, nowMs) => {
        // Ours is unready from 0 to 8 s, the peer's falls later and is back sooner.
        const sinceMs = nowMs <= fallsLaterMs ? -60_000 : 8000 - backSoonerMs;
        if (nowMs > 8000) return;
        const server = nowMs > fallsLaterMs && nowMs < sinceMs ? undefined : { sinceMs, lastMs: nowMs };
        const what: Fault = { cause: "server-unready", sinceMs: 0, detail: "" };
        expect(successorForFault(what, [peer(1, { server })], { ...GIVER, nowMs }).t).toBe("nobody");
      }),
    );
  });
});
