import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ip } from "../testing/index.ts";
import { familyOf, ipAddressBytes, ipAddressFromBytes, parseIpAddress } from "./ip-address.ts";

function check(text: string, expected: string | RegExp): void {
  const parsed = parseIpAddress(text);
  if (typeof expected === "string") expect(parsed).toEqual({ t: "valid", value: expected });
  else expect(parsed).toEqual({ t: "invalid", reason: expect.stringMatching(expected) });
}

test.each([
  ["10.100.0.100", "10.100.0.100"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["::1", "::1"],
  ["FD00:0100::0064", "fd00:100::64"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
])("%s is the address %s (RFC 5952)", check);

test.each([
  ["", /empty/],
  [" 10.0.0.1", /white space/],
  ["10.0.0.1\n", /white space/],
  ["010.100.0.100", /octal-looking part "010"/],
  ["10.100.0.00", /octal-looking/],
  ["10.1", /2 parts/],
  ["167772161", /1 parts/],
  ["10.0.0.1.5", /5 parts/],
  ["10.0.0.256", /over 255/],
  ["10.0..1", /empty part/],
  ["0x0a.0.0.1", /not a decimal/],
  ["10.0.0.1/24", /prefix length/],
  ["api.example.com", /DNS name/],
  ["::ffff:10.0.0.1", /IPv4 tail/],
  ["::ffff:a00:1", /IPv4-mapped/],
  ["fe80::1%net1", /zone id/],
  ["1::2::3", /more than once/],
  ["1:2:3", /3 groups/],
  ["1:2:3:4:5:6:7:8:9", /9 groups/],
  ["1:2:3:4:5:6:7:8::", /all 8 groups/],
  [":1", /empty group/],
  ["1:", /empty group/],
  ["::12345", /more than 4 digits/],
  ["::g", /character "g"/],
  ["[::1]", /character "\["/],
])("%s is refused with its reason", check);

describe("as node sees it", () => {
  test("whatever is accepted is an address for node, too, and the same one", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4Extended(), fc.ipV6(), fc.ipV4(), fc.string()), (text) => {
        const parsed = parseIpAddress(text);
        if (parsed.t === "invalid") return;
        expect(isIP(text)).toBe(familyOf(parsed.value));
        // The URL standard writes IPv6 as RFC 5952 does; inet_ntop would write ::1:0 as ::0.1.0.0.
        const { hostname } = new URL(`http://${familyOf(parsed.value) === 6 ? `[${text}]` : text}/`);
        expect(parsed.value).toBe(hostname.replace(/[[\]]/g, ""));
      }),
    );
  });

  test("every plain address of node's is accepted", () => {
    const plain = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => !/^[0:]*:ffff:|:.*\./i.test(text));
    fc.assert(fc.property(plain, (text) => parseIpAddress(text).t === "valid"));
  });
});

test("bytes and address are the same thing in two forms", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const address = ipAddressFromBytes(given);
      expect(address && ipAddressBytes(address)).toEqual(given);
    }),
  );
});

test("the bytes are in network order", () => {
  expect(ipAddressBytes(ip("10.100.0.1"))).toEqual(Uint8Array.of(10, 100, 0, 1));
  expect(ipAddressBytes(ip("fd00::64"))).toEqual(Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64));
});

test.each([0, 3, 5, 15, 17])("%i bytes are no address", (length) => {
  expect(ipAddressFromBytes(new Uint8Array(length))).toBeUndefined();
});
