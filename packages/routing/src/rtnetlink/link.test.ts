import { expect, test } from "vitest";
import { mac } from "../testing/index.ts";
import { LINK, NO_LONGER_A_PORT } from "./captured.ts";
import { decodeLink, encodeArpSetting, encodeLinkDump } from "./link.ts";

const bytes = Buffer.from(LINK, "hex");

test("a captured veth is read", () => {
  expect(decodeLink(bytes)).toEqual({
    index: 3,
    name: "net1",
    mac: mac("02:00:00:00:00:01"),
    up: true,
    carrier: true,
    mtuBytes: 1500,
    kind: "veth",
    alias: undefined,
    arpIgnore: 0,
  });
});

test.each([
  ["set down", 0x1002, { up: false, carrier: false }],
  ["up without carrier", 0x1003, { up: true, carrier: false }],
])("a link %s is read as such", (_, flags, expected) => {
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(flags, 8);
  expect(decodeLink(changed)).toMatchObject(expected);
});

test("a link that is no longer a bridge's port is not a link that went", () => {
  expect(decodeLink(Buffer.from(NO_LONGER_A_PORT, "hex"))).toBeUndefined();
});

test("a hardware address of another length is none", () => {
  const tunnel = Buffer.from("00000003050000000000000000000000080001000a0000010a00030067726531000000", "hex").subarray(
    0,
    34,
  );
  expect(decodeLink(tunnel)).toMatchObject({ index: 5, name: "gre1", mac: undefined, kind: undefined });
});

test("a link cut short is malformed", () => {
  for (const length of [0, 15, 17, 40]) {
    expect(() => decodeLink(bytes.subarray(0, length))).toThrow("KERNEL_ANSWER_MALFORMED");
  }
});

test("a dump asks for every link without IPv6's counters", () => {
  expect(Buffer.from(encodeLinkDump()).toString("hex")).toBe("0000000000000000000000000000000008001d0008000000");
});

test.each([
  ["that says so in the alias", "was 0", "09001400 77617320 30000000"],
  ["that takes the alias away", undefined, "04001400"],
])("muting a link is one request %s", (_, alias, aliasBytes) => {
  // struct ifinfomsg of link 3 | IFLA_IFALIAS | IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { 19: 8 } } }
  const expected = `00000000 03000000 00000000 00000000 ${aliasBytes} 14001a00 10000200 0c000100 08001300 08000000`;
  const encoded = encodeArpSetting({ linkIndex: 3, arpIgnore: 8, alias });
  expect(Buffer.from(encoded).toString("hex")).toBe(expected.replaceAll(" ", ""));
});

test("arp_ignore is the nineteenth of IPv4's settings", () => {
  const muted = Buffer.from(bytes);
  const settings = muted.indexOf(Buffer.from("8c00020088000100", "hex")) + 8;
  muted.writeUInt32LE(8, settings + 18 * 4);
  expect(decodeLink(muted)?.arpIgnore).toBe(8);
});

test("an array of settings that ends before arp_ignore is malformed", () => {
  const short = "00000000030000000000000000000000 10001a00 0c000200 08000100 01000000".replaceAll(" ", "");
  expect(() => decodeLink(Buffer.from(short, "hex"))).toThrow("KERNEL_ANSWER_MALFORMED");
});
