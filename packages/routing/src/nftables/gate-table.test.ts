import { expect, test } from "vitest";
import { decodeAttributes } from "../netlink/attribute.ts";
import { ip } from "../testing/index.ts";
import {
  ARP_CHAIN,
  ARP_JUMP,
  ARP_RULE,
  DEADLINE_CHAIN,
  DEADLINE_RULE,
  NETDEV_CHAIN,
  NETDEV_JUMP,
  NETDEV_RULE,
  SET,
  TABLE,
} from "./captured.ts";
import { encodeCreation, encodeDeadline, encodeRemoval, gateTable } from "./gate-table.ts";
import { encodeBatch, type GateFamily, NFT_MSG } from "./message.ts";

const MARK = "vcluster-kube-vip of Lease kube-system/vcluster-kube-vip";
const NAME = "vcluster-kube-vip-77";
const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };
/** Handles, counts and generations, which the kernel adds; the set's number within a batch, which it does not keep. */
const KERNELS_OWN: Readonly<Record<string, readonly number[]>> = {
  table: [3, 4],
  set: [9, 10, 13, 16],
  chain: [2, 6, 10],
  rule: [3, 6],
};

/** The attributes by type, without NLA_F_NESTED and the kernel's own, as far down as they are compared. */
function plain(kind: string, bytes: Uint8Array): unknown {
  const attributes = [...decodeAttributes(bytes)].filter(([type]) => !KERNELS_OWN[kind]?.includes(type));
  return Object.fromEntries(attributes.map(([type, value]) => [type, unflagged(Buffer.from(value).toString("hex"))]));
}

/** Within: types are little-endian and below 32, so that a flag shows as 80 after them. */
function unflagged(hex: string): string {
  return hex.replaceAll(/(....)(0[1-9a-f])80/g, "$1$200");
}

function check(family: GateFamily, captured: readonly string[]): void {
  const made = encodeCreation(gateTable(family, NAME, MARK, target));
  const kinds = ["table", "set", "chain", "chain", "rule", "rule"];
  expect(made.map(({ payload }, index) => plain(kinds[index] ?? "", payload.subarray(4)))).toEqual(
    captured.map((hex, index) => plain(kinds[index] ?? "", Buffer.from(hex, "hex"))),
  );
}

test("the table of the kernel's answers is what nft makes of its text", () => {
  check("arp", [TABLE, SET, DEADLINE_CHAIN, ARP_CHAIN, ARP_JUMP, ARP_RULE]);
});

test("the table of the frames is what nft makes of its text", () => {
  // Beside its name (DEV), the kernel says the one link of the chain in a list (DEVS).
  check("netdev", [
    TABLE,
    SET,
    DEADLINE_CHAIN,
    NETDEV_CHAIN.replace("30000400", "20000400").replace("10000400090001006e65743100000000", ""),
    NETDEV_JUMP,
    NETDEV_RULE,
  ]);
});

test("another deadline is one rule in a chain of its own, and what nft makes of its text", () => {
  const [flush, deadline, ...others] = encodeDeadline(gateTable("arp", NAME, MARK, target), 1_800_000_000_000);
  expect(others).toEqual([]);
  expect(flush?.type).toBe(NFT_MSG.deleteRule);
  expect(plain("rule", deadline?.payload.subarray(4) ?? new Uint8Array())).toEqual(
    plain("rule", Buffer.from(DEADLINE_RULE, "hex")),
  );
});

test("a gate for IPv6 has each rule for advertisements of the VIP, and for what comes from it", () => {
  const gate = gateTable("ip6", NAME, MARK, { ...target, vip: ip("fd00:100::64") });
  expect(gate.rules).toHaveLength(4);
  // The kernel's work for a refresh grows with the rules it writes.
  expect(encodeDeadline(gate, 1)).toHaveLength(2);
});

test("a removal makes the table first, so that it cannot be missing", () => {
  expect(encodeRemoval("arp", "kv").map(({ type, flags }) => [type, flags])).toEqual([
    [0xa00, 0x400],
    [0xa02, 0],
  ]);
});

test("a batch has borders, and its last verb is acknowledged", () => {
  const [begin, add, remove, end] = encodeBatch(encodeRemoval("arp", "kv"));
  expect([begin?.type, end?.type]).toEqual([0x10, 0x11]);
  expect([begin, end].map((border) => Buffer.from(border?.payload ?? []).toString("hex"))).toEqual([
    "0000000a",
    "0000000a",
  ]);
  expect([add?.flags, remove?.flags]).toEqual([0x400, 0x4]);
});
