import fc from "fast-check";
import { expect, test } from "vitest";
import type { Address } from "../model.ts";
import { ip } from "../testing/index.ts";
import { hostPrefixLength, ipAddressFromBytes } from "../values/ip-address.ts";
import { decodeAddress, encodeAddress, encodeAddressDump, encodeAddressKey } from "./address.ts";
import { IPV4_ADDRESS, IPV4_ADDRESS_WITH_PROTOCOL, IPV6_ADDRESS } from "./captured.ts";

const vip: Address = {
  linkIndex: 3,
  address: ip("10.100.0.100"),
  prefixLength: 32,
  validSeconds: undefined,
  protocol: 77,
  label: "net1:vckv",
};

function check(captured: string, expected: Address): void {
  expect(decodeAddress(Buffer.from(captured, "hex"))).toEqual(expected);
}

test("captured addresses are read", () => {
  check(IPV4_ADDRESS, { ...vip, validSeconds: 12, protocol: undefined });
  check(IPV4_ADDRESS_WITH_PROTOCOL, vip);
  check(IPV6_ADDRESS, {
    ...vip,
    address: ip("fd00:100::64"),
    prefixLength: 128,
    protocol: undefined,
    label: undefined,
  });
});

test("an IPv4 address is never a source by itself and makes no route", () => {
  expect(Buffer.from(encodeAddress(vip)).toString("hex")).toBe(
    [
      "0220000003000000",
      "080002000a640064",
      "080001000a640064",
      "0800080000020000", // IFA_F_NOPREFIXROUTE
      "1400060000000000ffffffff0000000000000000", // preferred 0, valid for ever
      "0e0003006e6574313a76636b76000000",
      "05000b004d000000",
    ].join(""),
  );
});

test("an IPv6 address is usable at once: no duplicate address detection", () => {
  const bytes = encodeAddress({ ...vip, address: ip("fd00::64"), prefixLength: 128, label: undefined });
  expect(Buffer.from(bytes).toString("hex")).toContain("0800080002020000");
});

test("an address for a while has its seconds", () => {
  expect(decodeAddress(encodeAddress({ ...vip, validSeconds: 3 }))).toEqual({ ...vip, validSeconds: 3 });
});

test("an address is deleted by link, address and prefix length, whoever made it", () => {
  expect(Buffer.from(encodeAddressKey(vip)).toString("hex")).toBe("0220000003000000080002000a640064080001000a640064");
});

test("a dump asks for both families", () => {
  expect(encodeAddressDump()).toEqual(new Uint8Array(8));
});

const anyAddress: fc.Arbitrary<Address> = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(ipAddressFromBytes)
  .filter((address) => address !== undefined)
  .chain((address) =>
    fc.record({
      linkIndex: fc.integer({ min: 1, max: 0x7fff_ffff }),
      address: fc.constant(address),
      prefixLength: fc.nat({ max: hostPrefixLength(address) }),
      validSeconds: fc.option(fc.nat({ max: 0xffff_fffe }), { nil: undefined }),
      protocol: fc.option(fc.nat({ max: 255 }), { nil: undefined }),
      label: fc.option(fc.string({ unit: fc.constantFrom("n", "e", "t", ":", "1"), minLength: 1, maxLength: 15 }), {
        nil: undefined,
      }),
    }),
  );

test("any address is read as it was written", () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      expect(decodeAddress(encodeAddress(address))).toEqual(address);
    }),
  );
});

test("an address cut short is malformed or less, never another", () => {
  fc.assert(
    fc.property(anyAddress, fc.nat({ max: 90 }), (address, length) => {
      const bytes = encodeAddress(address);
      fc.pre(length < bytes.length);
      try {
        const read = decodeAddress(bytes.subarray(0, length));
        if (read !== undefined) expect(read.address).toBe(address.address);
      } catch (error) {
        expect(error).toMatchObject({ code: "KERNEL_ANSWER_MALFORMED" });
      }
    }),
  );
});

test("an address of a wrong length is malformed", () => {
  expect(() => decodeAddress(Buffer.from("0220000003000000070002000a640000", "hex"))).toThrow(
    "an IP address of 3 bytes",
  );
});

test("other families are not addresses of ours", () => {
  expect(decodeAddress(Buffer.from("1c00000003000000", "hex"))).toBeUndefined();
});
