import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { onOwnLink, segmentAddress, withoutZone } from "./segment-address.ts";

const having = (...addresses: readonly string[]): NetworkInterfaceInfo[] =>
  addresses.map((address) => ({ address, netmask: "", mac: "", internal: false, cidr: null, family: "IPv4" }));
const options = { interfaceName: "net1", vip: "10.100.0.100" };

test.each<[string, NetworkInterfaceInfo[] | undefined, string | undefined]>([
  ["no interface yet", undefined, undefined],
  ["no address", having(), undefined],
  ["the VIP alone", having("10.100.0.100"), undefined],
  ["the VIP and the kernel's own", having("10.100.0.100", "fe80::1"), "fe80::1%net1"],
  ["one of an IPAM", having("10.100.0.7"), "10.100.0.7"],
  ["both", having("10.100.0.7", "FE80::1"), "FE80::1%net1"],
])("with %s", (_, addresses, expected) => {
  expect(segmentAddress(addresses, options)).toBe(expected);
});

test("a link-local address is told without our zone, and reached on our own link", () => {
  expect(withoutZone("fe80::1%net1")).toBe("fe80::1");
  expect(onOwnLink("fe80::2", "fe80::1%net1")).toBe("fe80::2%net1");
  expect(onOwnLink("10.100.0.8", "fe80::1%net1")).toBe("10.100.0.8");
  expect(onOwnLink("10.100.0.8", "10.100.0.7")).toBe("10.100.0.8");
});
