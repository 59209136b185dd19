import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

const KNOWN = ["vip_arp", "vip_interface", "vip_leasename", "leaseDurationSeconds", "leaseName"];

test.each([
  ["vip_leasenam", "vip_leasename"],
  ["vip_lease_name", "vip_leasename"],
  ["VIP_INTERFACE", "vip_interface"],
  ["leaseDurationSecond", "leaseDurationSeconds"],
  ["leasename", "leaseName"],
  ["leaseDuration", "leaseDurationSeconds"],
  ["vip_bgp_router", undefined],
  ["", undefined],
  ["x".repeat(10_000), undefined],
])("%s was probably meant to be %s", (name, meant) => {
  expect(nearestName(name, KNOWN)).toBe(meant);
});
