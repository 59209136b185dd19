import fc from "fast-check";
import { expect, test } from "vitest";
import type { Opening } from "../gate.ts";
import { decodeAttributes } from "../netlink/attribute.ts";
import { ip } from "../testing/index.ts";
import { ipAddressBytes } from "../values/ip-address.ts";
import { ELEMENTS } from "./captured.ts";
import { decodeElement, elementsOf, encodeDeletion, encodeElement, encodeFlush } from "./element.ts";

const NAME = "kv";
const vip = ip("10.100.0.100");
const opening: Opening = { holderIdentity: "identity", untilWallMs: 1_700_000_000_000, timeoutMs: 10_000 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
/** Family arp, table "kv", set "open". */
const HEAD = ["03000000", "070001006b760000", "090002006f70656e00000000"];
const KEY = ["0c000180", "08000100", "0a640064"];

test("an opening is written as nft writes it", () => {
  const timeout = ["0c000400", "0000000000002710"];
  const comment = ["0f000600", "00096964656e7469747900", "00"];
  const { type, flags, payload } = encodeElement("arp", NAME, vip, opening);
  expect({ type, flags }).toEqual({ type: 0xa0c, flags: 0x600 });
  expect(hex(payload)).toBe([...HEAD, "30000380", "2c000180", ...KEY, ...timeout, ...comment].join(""));
});

test("a deletion names the key alone, a flush none", () => {
  const deletion = encodeDeletion("arp", NAME, vip);
  expect(deletion.type).toBe(0xa0e);
  expect(hex(deletion.payload)).toBe([...HEAD, "14000380", "10000180", ...KEY].join(""));
  expect(hex(encodeFlush("arp", NAME).payload)).toBe(HEAD.join(""));
});

test("a captured element is read", () => {
  const [element] = elementsOf(decodeAttributes(Uint8Array.from(Buffer.from(ELEMENTS, "hex"))));
  expect(element && decodeElement(element)).toMatchObject({
    address: ipAddressBytes(vip),
    holderIdentity: "cp-0_uid_nonce",
    timeoutMs: expect.any(Number),
  });
});

test.each([1, 5, 6])("without attribute %i it is not ours", (type) => {
  const element = new Map(written(opening));
  element.delete(type);
  expect(decodeElement(element)).toBe(undefined);
});

test("any opening is read as it was written", () => {
  const openings: fc.Arbitrary<Opening> = fc.record({
    holderIdentity: fc.stringMatching(/^[a-zA-Z0-9_.-]{0,128}$/),
    untilWallMs: fc.integer({ min: 1, max: 9_000_000_000_000 }),
    timeoutMs: fc.integer({ min: 1, max: 86_400_000 }),
  });
  fc.assert(
    fc.property(openings, fc.constantFrom(vip, ip("fd00:100::64")), (one, address) => {
      expect(decodeElement(written(one, address))).toEqual({
        address: ipAddressBytes(address),
        holderIdentity: one.holderIdentity,
        timeoutMs: one.timeoutMs,
      });
    }),
  );
});

test("an element cut short is malformed", () => {
  const { payload } = encodeElement("arp", NAME, vip, opening);
  for (let length = 29; length < payload.length - 4; length += 4) {
    expect(() => elementsOf(decodeAttributes(payload.subarray(4, length))).map(decodeElement)).toThrow(
      "KERNEL_ANSWER_MALFORMED",
    );
  }
});

test("a time of another length is malformed", () => {
  const element = written(opening);
  expect(() => decodeElement(new Map([...element, [5, new Uint8Array(4)]]))).toThrow("KERNEL_ANSWER_MALFORMED");
});

/** As the kernel dumps it: with what is left of the timeout. */
function written(one: Opening, address = vip): ReadonlyMap<number, Uint8Array> {
  const { payload } = encodeElement("arp", NAME, address, one);
  const [element = new Map()] = elementsOf(decodeAttributes(payload.subarray(4)));
  return new Map([...element, [5, element.get(4) ?? new Uint8Array()]]);
}
