import { expect, test } from "vitest";
import type { GateReading } from "../gate.ts";
import { type Attributes, decodeAttributes, text } from "../netlink/attribute.ts";
import { ip } from "../testing/index.ts";
import { ARP_CHAIN, ARP_RULE, ELEMENTS, NETDEV_CHAIN, NETDEV_RULE, SET, SET_OF_IPV6, TABLE } from "./captured.ts";
import { encodeComment } from "./comment.ts";
import { elementsOf } from "./element.ts";
import { type FoundTable, markOf, readGate, type WantedGate } from "./gate-reading.ts";
import { type GateTable, gateTable } from "./gate-table.ts";
import { encodeNft, type TableFamily } from "./message.ts";
import { type Node, number32 } from "./node.ts";

const NAME = "vcluster-kube-vip-77";
const LEASE = "kube-system/vcluster-kube-vip";
const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const attributes = (hex: string): Attributes => decodeAttributes(bytes(hex));
const attributesOf = (nodes: readonly Node[]): Uint8Array => encodeNft(0, 0, "arp", nodes).payload.subarray(4);
const wantedTable = (family: TableFamily): GateTable => gateTable(family, NAME, markOf(LEASE), target);
const wanted: WantedGate = { lease: LEASE, vip: target.vip, tables: [wantedTable("arp"), wantedTable("netdev")] };

const arp: FoundTable = {
  family: "arp",
  table: bytes(TABLE),
  set: bytes(SET),
  chain: bytes(ARP_CHAIN),
  rules: [attributes(ARP_RULE)],
  elements: [],
};
const netdev: FoundTable = {
  ...arp,
  family: "netdev",
  chain: bytes(NETDEV_CHAIN),
  rules: [attributes(NETDEV_RULE)],
};
/** Hook 0 instead of 1. */
const ON_INPUT = ARP_CHAIN.replace("140004000800010000000001", "140004000800010000000000");
const unmarked = attributesOf([
  [1, text(NAME)],
  [2, number32(0)],
]);
const ofAnother = attributesOf([
  [1, text(NAME)],
  [2, number32(0)],
  [6, encodeComment(markOf("default/other"))],
]);
const dormant = attributesOf([
  [1, text(NAME)],
  [2, number32(1)],
  [6, encodeComment(markOf(LEASE))],
]);

function check(found: readonly FoundTable[], expected: Partial<GateReading>): void {
  expect(readGate(found, wanted)).toMatchObject(expected);
}

test("what nft makes of the gate's text is the gate", () => {
  check([arp, netdev], { t: "closed", lease: LEASE });
});

test("nothing of the name is no gate", () => {
  check([], { t: "absent" });
});

test.each<[string, FoundTable, string]>([
  ["table is dormant", { ...arp, table: dormant }, "table arp vcluster-kube-vip-77 is dormant"],
  ["set is gone", { ...arp, set: undefined }, "has lost its set"],
  ["set is for other keys", { ...arp, set: bytes(SET_OF_IPV6) }, "has lost its set, or has another"],
  ["chain is gone", { ...arp, chain: undefined }, "has lost its chain"],
  ["chain is elsewhere", { ...arp, chain: bytes(ON_INPUT) }, "or has it elsewhere"],
  ["rule is gone", { ...arp, rules: [] }, "has other rules"],
  ["rule is another", { ...arp, rules: [attributes(NETDEV_RULE)] }, "has other rules"],
  ["rule is one of two", { ...arp, rules: [attributes(ARP_RULE), attributes(ARP_RULE)] }, "has other rules"],
  ["set is open for another address", { ...arp, elements: [elementFor("10.100.0.101")] }, "was opened by another hand"],
  ["set is open without a timeout", { ...arp, elements: [new Map()] }, "was opened by another hand"],
  ["set is open alone", { ...arp, elements: [elementFor("10.100.0.100")] }, "the tables differ in what is open"],
])("a gate whose %s is damaged", (_, found, what) => {
  check([found, netdev], { t: "damaged", what: expect.stringContaining(what) });
});

test("a gate that lacks a table, or has one more, is damaged", () => {
  check([arp], { t: "damaged", what: "table netdev vcluster-kube-vip-77 is missing" });
  check([arp, netdev, { ...arp, family: "ip6" }], { t: "damaged", what: "table ip6 is left of another gate" });
});

test("a gate on a link that was made again is damaged", () => {
  const tables = ["arp", "netdev"].map((family) =>
    gateTable(family as TableFamily, NAME, markOf(LEASE), { ...target, linkIndex: 4 }),
  );
  expect(readGate([arp, netdev], { ...wanted, tables })).toMatchObject({ t: "damaged" });
});

test("a gate is open as long as the table that closes first", () => {
  const until = { holderIdentity: "cp-0_uid_nonce", untilWallMs: 1_800_000_000_000 };
  const opened = (table: FoundTable, timeoutMs: number): FoundTable => ({
    ...table,
    elements: [elementFor("10.100.0.100", timeoutMs)],
  });
  check([opened(arp, 9000), opened(netdev, 8996)], { t: "open", lease: LEASE, opening: { ...until, timeoutMs: 8996 } });
});

test("a table without our mark is foreign, unless no gate of ours would stand there", () => {
  check([{ ...arp, table: unmarked }, netdev], { t: "foreign", what: `table arp ${NAME} has not our mark` });
  check([arp, netdev, { ...arp, family: "ip6", table: unmarked }], { t: "closed" });
});

test("the gate of another Lease is told by its name, whatever its address", () => {
  const other: FoundTable = { ...arp, table: ofAnother, rules: [] };
  check([other], { t: "closed", lease: "default/other" });
  const opened = { ...other, elements: [elementFor("10.100.0.101")] };
  check([opened], { t: "open", lease: "default/other", opening: { holderIdentity: "cp-0_uid_nonce" } as never });
});

/** The captured element, with a whole millisecond as its end, for this address. */
function elementFor(address: string, timeoutMs = 9744): Attributes {
  const [first, second, third, fourth] = address.split(".").map(Number);
  const hex = Buffer.from([first ?? 0, second ?? 0, third ?? 0, fourth ?? 0]).toString("hex");
  const element = new Map(elementsOf(attributes(ELEMENTS))[0]);
  element.set(1, bytes(`10000100${hex}0000000000000000`));
  element.set(10, bytes(`10000100${hex}18fae27693b3ffff`));
  const expiration = new Uint8Array(8);
  new DataView(expiration.buffer).setBigUint64(0, BigInt(timeoutMs));
  return element.set(5, expiration);
}
