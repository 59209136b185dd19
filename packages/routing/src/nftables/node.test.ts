import fc from "fast-check";
import { expect, test } from "vitest";
import { encodePayload, includesNodes, listOf, type Node, number32, number64, readNumber64 } from "./node.ts";

const bytesOf = (nodes: readonly Node[]): Uint8Array => encodePayload(new Uint8Array(), nodes);

const tree: readonly Node[] = [
  [1, number32(7)],
  [2, listOf([[[1, number32(4)]], [[1, number32(8)]]])],
];

test("numbers are big-endian, and what holds others says so", () => {
  expect(Buffer.from(bytesOf([[2, [[1, number32(258)]]]])).toString("hex")).toBe("0c000280" + "0800010000000102");
});

test("what the kernel adds makes no difference", () => {
  expect(includesNodes(bytesOf([...tree, [9, number64(1n)]]), tree)).toBe(true);
});

test.each<[string, readonly Node[]]>([
  ["another number", [[1, number32(8)], ...tree.slice(1)]],
  ["nothing of a type", tree.slice(1)],
  [
    "one item of a list less",
    [
      [1, number32(7)],
      [2, listOf([[[1, number32(4)]]])],
    ],
  ],
  [
    "an item of a list twice",
    [
      [1, number32(7)],
      [2, listOf([[[1, number32(4)]], [[1, number32(4)]]])],
    ],
  ],
])("%s does", (_, found) => {
  expect(includesNodes(bytesOf(found), tree)).toBe(false);
});

test("what is cut short is malformed", () => {
  const bytes = bytesOf(tree);
  fc.assert(
    fc.property(fc.integer({ min: 9, max: bytes.length - 1 }), (length) => {
      expect(() => includesNodes(bytes.subarray(0, length), tree)).toThrow("KERNEL_ANSWER_MALFORMED");
    }),
  );
});

test("any number of 64 bits is read as it was written", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), (value) => {
      expect(readNumber64(number64(value))).toBe(value);
    }),
  );
  expect(() => readNumber64(new Uint8Array(7))).toThrow("KERNEL_ANSWER_MALFORMED");
});
