import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeComment, encodeComment } from "./comment.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

test("a comment is written as nft writes it", () => {
  expect(encodeComment("identity")).toEqual(bytes("00096964656e7469747900"));
});

test("any comment is read as it was written", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[^\0]{0,40}$/u), (comment) => {
      expect(decodeComment(encodeComment(comment))).toBe(comment);
    }),
  );
});

test.each([
  ["nothing", ""],
  ["a type alone", "00"],
  ["a text cut short", "0009696465"],
  ["a text without its zero", "00026964"],
  ["no text at all", "0000"],
  ["other data only", "0104deadbeef"],
])("%s is no comment", (_, hex) => {
  expect(decodeComment(bytes(hex))).toBe(undefined);
});

test("other data before it is passed over", () => {
  expect(decodeComment(bytes("0102beef00026900"))).toBe("i");
});
