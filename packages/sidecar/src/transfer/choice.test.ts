import { expect, test } from "vitest";
import type { PeerStatus } from "../health/report.ts";
import type { Giver } from "../health/successor.ts";
import { chooseTarget } from "./choice.ts";

const GIVER: Giver = {
  nowMs: 10_000,
  fenceLevel: "nft-egress",
  revision: undefined,
  updateRevision: undefined,
  isLeaving: false,
};

function peer(ordinal: number, other: Partial<PeerStatus> = {}): PeerStatus {
  return {
    identity: `vc-${ordinal}_uid${ordinal}_nonce`,
    mac: undefined,
    ready: true,
    reason: "able",
    fenceLevel: "nft-egress",
    revision: undefined,
    verdict: "able",
    hasFault: false,
    server: { sinceMs: 0, lastMs: 9_900 },
    segment: "answers",
    segmentAnsweredAtMs: 9_900,
    ...other,
  };
}

test("without a name the best of those that could serve is chosen", () => {
  const choice = chooseTarget(undefined, [peer(0, { ready: false }), peer(2), peer(1)], GIVER);
  expect(choice).toMatchObject({ t: "to", identity: "vc-1_uid1_nonce" });
});

test.each(["vc-2", "vc-2_uid2_nonce"])("%s is the replica of that Pod", (name) => {
  expect(chooseTarget(name, [peer(1), peer(2)], GIVER)).toMatchObject({ t: "to", identity: "vc-2_uid2_nonce" });
});

test("a name is whole: vc-1 is not vc-10", () => {
  expect(chooseTarget("vc-1", [peer(10)], GIVER)).toEqual({
    t: "nobody",
    reason: "no other replica called vc-1 answers; these do: vc-10",
  });
});

test("a replica that could not serve is not given the VIP, though it was named", () => {
  const choice = chooseTarget("vc-2", [peer(1), peer(2, { ready: false, reason: "net1 is missing" })], GIVER);
  expect(choice).toEqual({ t: "nobody", reason: "vc-2 cannot take it: it is not ready (net1 is missing)" });
});

test("where nobody answers it is said", () => {
  expect(chooseTarget("vc-2", [], GIVER)).toEqual({
    t: "nobody",
    reason: "no other replica called vc-2 answers; nobody else does",
  });
  expect(chooseTarget(undefined, [], GIVER)).toEqual({ t: "nobody", reason: "no other replica answers" });
});
