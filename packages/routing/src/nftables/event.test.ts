import { expect, test } from "vitest";
import { changedTable, EVENT_GROUP } from "./event.ts";

/** @param hex - family, version and resource; attributes. Captured on Linux 6.18. */
function check(type: number, hex: string, expected: string | undefined): void {
  const payload = Uint8Array.from(Buffer.from(hex, "hex"));
  expect(changedTable({ type, flags: 0, sequence: 0, portId: 0, payload })).toBe(expected);
}

test("an object's first attribute is its table", () => {
  check(0xa0e, "03000005070001006b760000090002006f70656e00000000", "kv");
});

test("the end of a batch is of no table", () => {
  check(0xa0f, "0000000308000100000000030800020000006397080003006e667400", undefined);
});

test("what has no table is of none", () => {
  check(0xa00, "03000005", undefined);
});

test("what is cut short is malformed", () => {
  for (const hex of ["", "0300", "03000005070001006b"]) {
    expect(() => check(0xa00, hex, undefined)).toThrow("KERNEL_ANSWER_MALFORMED");
  }
});

test("the group is NFNLGRP_NFTABLES, the seventh", () => {
  expect(EVENT_GROUP).toBe(0x40);
});
