import fc from "fast-check";
import { expect, test } from "vitest";
import type { Route } from "../model.ts";
import { ip, prefix } from "../testing/index.ts";
import {
  DEFAULT_ROUTE,
  IPV6_SUBNET_ROUTE,
  IPV6_UNREACHABLE_ROUTE,
  LOCAL_ROUTE,
  SUBNET_ROUTE,
  UNREACHABLE_ROUTE,
} from "./captured.ts";
import { decodeRoute, encodeRoute, encodeRouteDump } from "./route.ts";

const subnet: Route = {
  family: 4,
  table: 1077,
  protocol: 77,
  type: "unicast",
  destination: prefix("10.100.0.0/24"),
  gateway: undefined,
  linkIndex: 3,
  scope: "link",
  metric: 0,
};
const byGateway: Route = { ...subnet, destination: undefined, gateway: ip("10.100.0.1"), scope: "global" };
const unreachable: Route = {
  ...byGateway,
  type: "unreachable",
  gateway: undefined,
  linkIndex: undefined,
  metric: 4278198272,
};

test.each<[string, string, Route | undefined]>([
  ["to the subnet", SUBNET_ROUTE, subnet],
  ["by the gateway", DEFAULT_ROUTE, byGateway],
  ["to nowhere", UNREACHABLE_ROUTE, unreachable],
  ["to nowhere in IPv6, on the loopback link", IPV6_UNREACHABLE_ROUTE, { ...unreachable, family: 6, linkIndex: 1 }],
  [
    "to the IPv6 subnet, with the kernel's metric and no scope",
    IPV6_SUBNET_ROUTE,
    { ...subnet, family: 6, destination: prefix("fd00:100::/64"), scope: "global", metric: 1024 },
  ],
  ["of the kernel's table local", LOCAL_ROUTE, undefined],
])("a captured route %s is read", (_, captured, expected) => {
  expect(decodeRoute(Buffer.from(captured, "hex"))).toEqual(expected);
});

test("a route by TOS or by source is none that can be said here", () => {
  const byTos = Buffer.from(SUBNET_ROUTE, "hex");
  byTos.writeUInt8(0x10, 3);
  const bySource = Buffer.from(IPV6_SUBNET_ROUTE, "hex");
  bySource.writeUInt8(64, 2);
  expect([byTos, bySource].map(decodeRoute)).toEqual([undefined, undefined]);
});

test("the default route is written as `ip route replace` writes it", () => {
  expect(Buffer.from(encodeRoute(byGateway)).toString("hex")).toBe(
    ["02000000fc4d000100000000", "08000f0035040000", "0800060000000000", "080005000a640001", "0800040003000000"].join(
      "",
    ),
  );
});

test("a dump asks for one family", () => {
  expect(encodeRouteDump(4)).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  expect(encodeRouteDump(6)).toEqual(Uint8Array.of(10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
});

const anyRoute: fc.Arbitrary<Route> = fc.record({
  family: fc.constant<4>(4),
  table: fc.integer({ min: 1, max: 0xffff_ffff }),
  protocol: fc.nat({ max: 255 }),
  type: fc.constantFrom<Route["type"]>("unicast", "unreachable"),
  destination: fc.constantFrom(undefined, prefix("10.100.0.0/24"), prefix("10.0.0.0/8"), prefix("1.2.3.4/32")),
  gateway: fc.constantFrom(undefined, ip("10.100.0.1")),
  linkIndex: fc.option(fc.integer({ min: 1, max: 0x7fff_ffff }), { nil: undefined }),
  scope: fc.constantFrom<Route["scope"]>("global", "link"),
  metric: fc.nat({ max: 0xffff_ffff }),
});

test("any route is read as it was written", () => {
  fc.assert(
    fc.property(anyRoute, (route) => {
      expect(decodeRoute(encodeRoute(route))).toEqual(route);
    }),
  );
});

test("a route cut short is malformed", () => {
  for (const length of [0, 11, 13, 19]) {
    expect(() => decodeRoute(encodeRoute(subnet).subarray(0, length))).toThrow("KERNEL_ANSWER_MALFORMED");
  }
});
