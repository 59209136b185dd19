import { expect, test } from "vitest";
import { ip } from "../testing/index.ts";
import { IPV6_NEXT_HOP, LOCAL_NEXT_HOP, NEXT_HOP_BY_GATEWAY, NEXT_HOP_ON_LINK } from "./captured.ts";
import { decodeNextHop, encodeNextHopQuery } from "./next-hop.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");

test.each([
  ["on the link", NEXT_HOP_ON_LINK, { linkIndex: 3, address: ip("10.100.0.51") }],
  ["behind a gateway", NEXT_HOP_BY_GATEWAY, { linkIndex: 3, address: ip("10.100.0.1") }],
  ["behind an IPv6 gateway", IPV6_NEXT_HOP, { linkIndex: 3, address: ip("fd00:100::1") }],
  ["on this very host", LOCAL_NEXT_HOP, undefined],
])("a captured answer is read: %s", (_name, captured, expected) => {
  expect(decodeNextHop(bytes(captured))).toEqual(expected);
});

test("a query names destination and source", () => {
  expect(Buffer.from(encodeNextHopQuery(ip("10.100.0.51"), ip("10.100.0.101"))).toString("hex")).toBe(
    "022020000000000000000000080001000a640033080002000a640065",
  );
  expect(Buffer.from(encodeNextHopQuery(ip("fd00:200::50"), ip("fd00:100::65"))).toString("hex")).toBe(
    "0a808000000000000000000014000100fd00020000000000000000000000005014000200fd000100000000000000000000000065",
  );
});

test("a gateway of the other family is no next hop that could be told", () => {
  const via = Buffer.concat([bytes(NEXT_HOP_ON_LINK), bytes("0a0012000a00fe8000000000")]);
  expect(decodeNextHop(via)).toBeUndefined();
});

test("an answer cut short is malformed", () => {
  for (const length of [0, 11, 13, 19])
    expect(() => decodeNextHop(bytes(NEXT_HOP_ON_LINK).subarray(0, length))).toThrow("KERNEL_ANSWER_MALFORMED");
});
