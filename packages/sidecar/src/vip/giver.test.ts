import { expect, it } from "vitest";
import { giverOf } from "./giver.ts";

const OWN = "02:00:00:00:00:01";

it.each([
  ["another host's address", "02:00:00:00:00:02", "02:00:00:00:00:02"],
  ["the same in capitals", "0A:00:00:00:00:02", "0a:00:00:00:00:02"],
  ["nothing", undefined, undefined],
  ["no MAC address", "10.100.0.1", undefined],
  ["our own: it would come back", "02:00:00:00:00:01", undefined],
  ["everybody's", "ff:ff:ff:ff:ff:ff", undefined],
  ["a group's", "01:00:5e:00:00:01", undefined],
  ["nobody's", "00:00:00:00:00:00", undefined],
])("takes from a Lease that names %s what can be relayed to", (_, said, expected) => {
  expect(giverOf(said, OWN)).toBe(expected);
});
