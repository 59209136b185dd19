import { expect, test } from "vitest";
import { ip, mac } from "../testing/index.ts";
import { FAILED_NEIGHBOUR, STALE_NEIGHBOUR } from "./captured.ts";
import { decodeNeighbour, encodeNeighbourDump, encodeNeighbourUse } from "./neighbour.ts";

test("captured neighbours are read, with and without a hardware address", () => {
  expect(decodeNeighbour(Buffer.from(STALE_NEIGHBOUR, "hex"))).toEqual({
    linkIndex: 3,
    address: ip("10.100.0.1"),
    mac: mac("02:00:00:00:00:99"),
    state: 0x04,
  });
  expect(decodeNeighbour(Buffer.from(FAILED_NEIGHBOUR, "hex"))).toEqual({
    linkIndex: 3,
    address: ip("10.100.0.2"),
    mac: undefined,
    state: 0x20,
  });
});

test("a bridge's forwarding entry is no neighbour", () => {
  const entry = Buffer.from(STALE_NEIGHBOUR, "hex");
  entry.writeUInt8(7, 0);
  expect(decodeNeighbour(entry)).toBeUndefined();
});

test("a dump asks for one link", () => {
  expect(Buffer.from(encodeNeighbourDump(3)).toString("hex")).toBe("0000000000000000000000000800080003000000");
});

test("a request to use a neighbour names link, flag and address", () => {
  const hex = (address: string) => Buffer.from(encodeNeighbourUse(3, ip(address))).toString("hex");
  expect(hex("10.100.0.9")).toBe("020000000300000000000100080001000a640009");
  expect(hex("fd00:100::9")).toBe("0a000000030000000000010014000100fd000100000000000000000000000009");
});

test("a neighbour cut short is malformed", () => {
  for (const length of [0, 11, 13, 19]) {
    expect(() => decodeNeighbour(Buffer.from(STALE_NEIGHBOUR, "hex").subarray(0, length))).toThrow(
      "KERNEL_ANSWER_MALFORMED",
    );
  }
});
