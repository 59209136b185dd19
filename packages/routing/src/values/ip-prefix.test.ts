import { BlockList } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ip, prefix } from "../testing/index.ts";
import { familyOf, hostPrefixLength, type IpAddress, ipAddressBytes, ipAddressFromBytes } from "./ip-address.ts";
import {
  broadcastAddress,
  hostPrefix,
  ipPrefix,
  networkAddress,
  parseInterfaceAddress,
  parseIpPrefix,
  prefixContains,
  prefixLength,
} from "./ip-prefix.ts";

const address: fc.Arbitrary<IpAddress> = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(ipAddressFromBytes)
  .filter((made) => made !== undefined);

/** Two addresses of one family that often share their first bytes, and a length. */
const neighbours = address.chain((one) =>
  fc.record({
    one: fc.constant(one),
    other: fc
      .tuple(fc.nat({ max: hostPrefixLength(one) / 8 - 1 }), fc.nat({ max: 255 }))
      .map(([at, value]) => ipAddressFromBytes(ipAddressBytes(one).with(at, value)) ?? one),
    length: fc.nat({ max: hostPrefixLength(one) }),
  }),
);

test("containment is what node's BlockList says", () => {
  fc.assert(
    fc.property(neighbours, ({ one, other, length }) => {
      const family = familyOf(one) === 4 ? "ipv4" : "ipv6";
      const list = new BlockList();
      list.addSubnet(one, length, family);
      expect(prefixContains(ipPrefix(one, length), other)).toBe(list.check(other, family));
    }),
  );
});

test("a prefix holds its own network and the address it was made of, and reads back as itself", () => {
  fc.assert(
    fc.property(neighbours, ({ one, length }) => {
      const made = ipPrefix(one, length);
      expect(prefixContains(made, one)).toBe(true);
      expect(prefixContains(made, networkAddress(made))).toBe(true);
      expect(prefixLength(made)).toBe(length);
      if (!made.startsWith("::ffff:")) expect(parseIpPrefix(made)).toEqual({ t: "valid", value: made });
    }),
  );
});

test("the kernel's IPv4-mapped prefixes survive, although people may not write them", () => {
  const mapped = ipAddressFromBytes(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1));
  expect(mapped && ipPrefix(mapped, 96)).toBe("::ffff:0:0/96");
});

test("no prefix holds an address of the other family", () => {
  expect(prefixContains(prefix("::/0"), ip("10.0.0.1"))).toBe(false);
  expect(prefixContains(prefix("0.0.0.0/0"), ip("fd00::1"))).toBe(false);
});

test.each([
  ["10.100.0.0/24", "10.100.0.255"],
  ["10.100.0.128/25", "10.100.0.255"],
  ["10.0.0.0/8", "10.255.255.255"],
  ["10.100.0.4/30", "10.100.0.7"],
  ["10.100.0.4/31", undefined],
  ["10.100.0.4/32", undefined],
  ["fd00::/64", undefined],
])("the broadcast address of %s is %s", (text, expected) => {
  expect(broadcastAddress(prefix(text))).toBe(expected);
});

test("a host prefix is as long as the address", () => {
  expect(hostPrefix(ip("10.100.0.100"))).toBe("10.100.0.100/32");
  expect(hostPrefix(ip("fd00::64"))).toBe("fd00::64/128");
});

test("a gateway is read as an address and the subnet around it", () => {
  expect(parseInterfaceAddress("10.100.0.1/24")).toEqual({
    t: "valid",
    value: { address: "10.100.0.1", subnet: "10.100.0.0/24" },
  });
  expect(parseInterfaceAddress("FD00:100::1/64")).toEqual({
    t: "valid",
    value: { address: "fd00:100::1", subnet: "fd00:100::/64" },
  });
});

test.each([
  ["10.100.0.1", /no prefix length/],
  ["10.100.0.1/", /prefix length ""/],
  ["10.100.0.1/024", /prefix length "024"/],
  ["10.100.0.1/+24", /prefix length/],
  ["10.100.0.1/24 ", /prefix length/],
  ["10.100.0.1/24/8", /prefix length/],
  ["10.100.0.1/255.255.255.0", /prefix length/],
  ["10.100.0.1/33", /at most 32/],
  ["fd00::1/129", /at most 128/],
  ["010.100.0.1/24", /octal/],
  ["10.100.0/24", /3 parts/],
  ["::ffff:10.0.0.1/120", /IPv4 tail/],
])("%s is refused although ip-cidr or its like would read it", (text, reason) => {
  expect(parseInterfaceAddress(text)).toEqual({ t: "invalid", reason: expect.stringMatching(reason) });
});

test("a prefix with host bits is refused and the right one named", () => {
  expect(parseIpPrefix("10.100.0.1/24")).toEqual({ t: "invalid", reason: expect.stringMatching("10.100.0.0/24") });
});
