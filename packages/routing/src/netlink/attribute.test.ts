import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Attribute,
  decodeAttributes,
  encodePayload,
  readText,
  readU8,
  readU32,
  text,
  u8,
  u32,
} from "./attribute.ts";

const attributes: fc.Arbitrary<Attribute[]> = fc.uniqueArray(
  fc.tuple(
    fc.nat({ max: 0x3fff }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
  ),
  { maxLength: 8, selector: ([type]) => type },
);

function encoded(list: readonly Attribute[]): Uint8Array {
  return encodePayload(new DataView(new ArrayBuffer(0)), list);
}

test("attributes come apart as they were put together", () => {
  fc.assert(
    fc.property(attributes, (list) => {
      expect(decodeAttributes(encoded(list))).toEqual(new Map(list));
    }),
  );
});

test("attributes cut short are malformed, never less than they were", () => {
  fc.assert(
    fc.property(attributes, fc.nat(), (list, cut) => {
      const bytes = encoded([...list, [1, u32(7)]]);
      const short = bytes.subarray(0, bytes.length - 1 - (cut % 7));
      expect(() => decodeAttributes(short)).toThrow("KERNEL_ANSWER_MALFORMED");
    }),
  );
});

test("the hints in the two highest bits of a type are no part of it", () => {
  expect(decodeAttributes(encoded([[0x8012, u8(1)]])).get(0x12)).toEqual(Uint8Array.of(1));
  expect(decodeAttributes(encoded([[0x4012, u8(1)]])).get(0x12)).toEqual(Uint8Array.of(1));
});

test("of two attributes of one type the last stands", () => {
  const list = [u8(1), u8(2)].map((value): Attribute => [5, value]);
  expect(decodeAttributes(encoded(list)).get(5)).toEqual(u8(2));
});

test.each(["0300010000000000", "0000000000000000", "05000100", "0900010061626364"])("%s is malformed", (hex) => {
  expect(() => decodeAttributes(Buffer.from(hex, "hex"))).toThrow("KERNEL_ANSWER_MALFORMED");
});

test("numbers and texts are read as they were written", () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffff_ffff }), (value) => {
      expect(readU32(u32(value))).toBe(value);
      expect(readU8(u8(value & 0xff))).toBe(value & 0xff);
    }),
  );
  expect(text("net1")).toEqual(Uint8Array.of(0x6e, 0x65, 0x74, 0x31, 0));
  expect(readText(text("net1"))).toBe("net1");
  expect(readText(Uint8Array.of(0x61))).toBe("a");
});

test("a number of another width is malformed", () => {
  expect(() => readU8(u32(1))).toThrow("a u8 of 4 bytes");
  expect(() => readU32(u8(1))).toThrow("a u32 of 1 bytes");
});
