import { expect, test } from "vitest";
import type { GateReading } from "../gate.ts";
import { type Attributes, decodeAttributes, text } from "../netlink/attribute.ts";
import { ip } from "../testing/index.ts";
import {
  ARP_CHAIN,
  ARP_JUMP,
  ARP_RULE,
  DEADLINE_RULE,
  ELEMENTS,
  NETDEV_CHAIN,
  NETDEV_JUMP,
  NETDEV_RULE,
  SET,
  TABLE,
} from "./captured.ts";
import { encodeComment } from "./comment.ts";
import { elementsOf } from "./element.ts";
import { type FoundTable, markOf, readGate, type WantedGate } from "./gate-reading.ts";
import { type GateTable, gateTable } from "./gate-table.ts";
import { encodeNft, type GateFamily } from "./message.ts";
import { type Node, number32, number64 } from "./node.ts";

const NAME = "vcluster-kube-vip-77";
const LEASE = "kube-system/vcluster-kube-vip";
const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const attributes = (hex: string): Attributes => decodeAttributes(bytes(hex));
const attributesOf = (nodes: readonly Node[]): Uint8Array => encodeNft(0, 0, "arp", nodes).payload.subarray(4);
const wantedTable = (family: GateFamily): GateTable => gateTable(family, NAME, markOf(LEASE), target);
const wanted: WantedGate = { lease: LEASE, vip: target.vip, tables: [wantedTable("arp"), wantedTable("netdev")] };

const arp: FoundTable = {
  family: "arp",
  table: bytes(TABLE),
  set: bytes(SET),
  chain: bytes(ARP_CHAIN),
  rules: [attributes(ARP_JUMP), attributes(ARP_RULE)],
  deadline: [],
  elements: [],
};
const netdev: FoundTable = {
  ...arp,
  family: "netdev",
  chain: bytes(NETDEV_CHAIN),
  rules: [attributes(NETDEV_JUMP), attributes(NETDEV_RULE)],
};
/** Hook 0 instead of 1. */
const ON_INPUT = ARP_CHAIN.replace("140004000800010000000001", "140004000800010000000000");
const opened: FoundTable = {
  ...arp,
  deadline: [attributes(DEADLINE_RULE)],
  elements: [elementFor("10.100.0.100")],
};
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
  [
    "set is for other keys",
    { ...arp, set: bytes(SET.replace("0800050000000004", "0800050000000010")) },
    "has lost its set, or has another",
  ],
  ["chain is gone", { ...arp, chain: undefined }, "has lost its chain"],
  ["chain is elsewhere", { ...arp, chain: bytes(ON_INPUT) }, "or has it elsewhere"],
  ["rule is gone", { ...arp, rules: [] }, "has other rules"],
  ["rule is another", { ...arp, rules: netdev.rules }, "has other rules"],
  ["rule is one too many", { ...arp, rules: [...arp.rules, attributes(ARP_RULE)] }, "has other rules"],
  ["rules are in another order", { ...arp, rules: arp.rules.toReversed() }, "has other rules"],
  ["deadline is asked by nobody", { ...opened, rules: [attributes(ARP_RULE)] }, "has other rules"],
  ["deadline is another rule", { ...opened, deadline: [attributes(ARP_RULE)] }, "has other rules"],
  ["deadline has a rule behind it", { ...opened, deadline: [...opened.deadline, ...arp.rules] }, "has other rules"],
  [
    "set is open for another address",
    { ...opened, elements: [elementFor("10.100.0.101")] },
    "was opened by another hand",
  ],
  ["set is open without a timeout", { ...opened, elements: [new Map()] }, "was opened by another hand"],
  ["set is open without a deadline", { ...opened, deadline: [] }, "is open without a deadline"],
  ["set is open alone", opened, "the tables differ in what is open"],
])("a gate whose %s is damaged", (_, found, what) => {
  check([found, netdev], { t: "damaged", what: expect.stringContaining(what) });
});

test("a gate that lacks a table, or has one more, is damaged", () => {
  check([arp], { t: "damaged", what: "table netdev vcluster-kube-vip-77 is missing" });
  check([arp, netdev, { ...arp, family: "ip6" }], { t: "damaged", what: "table ip6 is left of another gate" });
});

test("a gate on a link that was made again is damaged", () => {
  const tables = ["arp", "netdev"].map((family) =>
    gateTable(family as GateFamily, NAME, markOf(LEASE), { ...target, linkIndex: 4 }),
  );
  expect(readGate([arp, netdev], { ...wanted, tables })).toMatchObject({ t: "damaged" });
});

test("a gate is open as long as the table that closes first", () => {
  const tables = [wantedTable("arp"), wantedTable("ip6")];
  const other: FoundTable = { ...opened, family: "ip6", elements: [elementFor("10.100.0.100", 4000)] };
  const hooked = tables.map((table) => ({ ...table, chain: wantedTable("arp").chain }));
  const opening = { holderIdentity: "cp-0_uid_nonce", untilWallMs: 1_800_000_000_000, timeoutMs: 4000 };
  expect(readGate([opened, other], { ...wanted, tables: hooked })).toEqual({ t: "open", lease: LEASE, opening });
});

test("a gate that was open is closed when its element is gone", () => {
  check([{ ...opened, elements: [] }, netdev], { t: "closed", lease: LEASE });
  check([{ ...opened, elements: [elementFor("10.100.0.100", 0)] }, netdev], { t: "closed", lease: LEASE });
});

test("a table without our mark is foreign, unless no gate of ours would stand there", () => {
  check([{ ...arp, table: unmarked }, netdev], { t: "foreign", what: `table arp ${NAME} has not our mark` });
  check([arp, netdev, { ...arp, family: "ip6", table: unmarked }], { t: "closed" });
});

test("the gate of another Lease is told by its name, whatever its address", () => {
  const other: FoundTable = { ...arp, table: ofAnother, rules: [] };
  check([other], { t: "closed", lease: "default/other" });
  check([{ ...opened, table: ofAnother, elements: [elementFor("10.100.0.101")] }], {
    t: "open",
    lease: "default/other",
    opening: { holderIdentity: "cp-0_uid_nonce" } as never,
  });
});

/** The captured element, for this address. */
function elementFor(address: string, timeoutMs = 8056): Attributes {
  const [captured] = elementsOf(attributes(ELEMENTS));
  const key = bytes(`08000100${Buffer.from(address.split(".").map(Number)).toString("hex")}`);
  return new Map([...(captured ?? []), [1, key], [5, number64(BigInt(timeoutMs))]]);
}
