import { expect, test } from "vitest";
import { encodePayload, u32 } from "../netlink/attribute.ts";
import { decodeNeighbourTable, encodeNeighbourTableDump } from "./neighbour-table.ts";

const AF_INET = 2;

/** As the kernel lays it out: ndtmsg, NDTA_THRESH3, NDTA_CONFIG, NDTA_STATS. */
function message({ family = AF_INET, configBytes = 32, statsBytes = 88 } = {}): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(4));
  fixed.setUint8(0, family);
  const config = Buffer.alloc(configBytes);
  config.writeUInt16LE(4, 0);
  config.writeUInt16LE(336, 2);
  config.writeUInt32LE(46, 4);
  const stats = Buffer.alloc(88);
  stats.writeBigUInt64LE(8273n, 0);
  stats.writeBigUInt64LE(12n, 80);
  return encodePayload(fixed, [
    [4, u32(1024)],
    [5, config],
    [7, stats.subarray(0, statsBytes)],
  ]);
}

test("a table says how much room it has, and how often there was none", () => {
  expect(decodeNeighbourTable(message())).toEqual({ family: 4, entries: 46, entriesMax: 1024, overflows: 12 });
});

test("a link's parameters and another family's table are no table", () => {
  expect(decodeNeighbourTable(encodeNeighbourTableDump(4))).toBeUndefined();
  expect(decodeNeighbourTable(message({ family: 7 }))).toBeUndefined();
});

test("a table cut short is malformed", () => {
  expect(() => decodeNeighbourTable(new Uint8Array(3))).toThrow("KERNEL_ANSWER_MALFORMED");
  expect(() => decodeNeighbourTable(message({ statsBytes: 80 }))).toThrow("KERNEL_ANSWER_MALFORMED");
  expect(() => decodeNeighbourTable(message().subarray(0, 30))).toThrow("KERNEL_ANSWER_MALFORMED");
});

test("a dump asks for one family", () => {
  expect(Buffer.from(encodeNeighbourTableDump(6)).toString("hex")).toBe("0a000000");
});
