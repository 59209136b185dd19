import { expect, test } from "vitest";
import type { Session } from "../../quorum/replay.ts";
import { PeerPlaces } from "./peer-places.ts";

const LIFE = "vc-1_u1_aa";
const heardAt = (heardAtMs: number): ReadonlyMap<string, Session> => {
  const seen = { segment: 0n, "pod-network": 0n };
  return new Map([["vc-1_u1", { identity: LIFE, floor: 0, highest: 0, seen, heardAtMs }]]);
};

test("who is expected and silent is greeted at every beat, who was heard every 10 s", () => {
  const places = new PeerPlaces();
  places.expect(["10.0.0.1", "10.0.0.2"]);
  places.put(LIFE, { podAddress: "10.0.0.1", segment: undefined }, [LIFE]);
  const greeted = (heardAtMs: number, nowMs: number): readonly string[] =>
    places.toGreet(heardAt(heardAtMs), nowMs).map(({ address, isSilent }) => `${address} ${isSilent}`);
  expect(greeted(0, 0)).toEqual(["10.0.0.1 false", "10.0.0.2 true"]);
  expect(greeted(900, 1_000)).toEqual(["10.0.0.2 true"]);
  expect(greeted(9_900, 10_000)).toEqual(["10.0.0.1 false", "10.0.0.2 true"]);
  expect(greeted(9_900, 12_900)).toEqual(["10.0.0.1 true", "10.0.0.2 true"]);
});

test("known are the addresses that are expected or told, with any zone, and no others", () => {
  const places = new PeerPlaces();
  places.expect(["10.0.0.1"]);
  places.put(LIFE, { podAddress: "10.0.0.2", segment: "fe80::2" }, [LIFE]);
  expect(["10.0.0.1", "10.0.0.2", "fe80::2%net1", "10.0.0.3"].map((each) => places.has(each))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test("where a life was that is believed no more is forgotten", () => {
  const places = new PeerPlaces();
  places.put(LIFE, { podAddress: "10.0.0.2", segment: undefined }, [LIFE]);
  places.put("vc-1_u1_bb", { podAddress: "10.0.0.4", segment: undefined }, ["vc-1_u1_bb"]);
  expect(places.of(LIFE)).toBeUndefined();
  expect(places.has("10.0.0.2")).toBe(false);
});

test("of a thousand expected addresses eight are greeted", () => {
  const places = new PeerPlaces();
  places.expect(Array.from({ length: 1_000 }, (_, index) => `10.0.1.${index}`));
  expect(places.toGreet(new Map(), 0)).toHaveLength(8);
});
