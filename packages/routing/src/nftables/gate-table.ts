/** A gate's table as the kernel is to have it: mark, set, chain and rules, and the verbs that make it so. Pure. */
import type { GateTarget } from "../gate.ts";
import { text } from "../netlink/attribute.ts";
import { NLM_F_CREATE } from "../netlink/message.ts";
import type { NetlinkPart } from "../netlink/netlink-connection.ts";
import { familyOf } from "../values/ip-address.ts";
import { encodeComment } from "./comment.ts";
import { encodeNft, NFT_MSG, type TableFamily } from "./message.ts";
import { listOf, type Node, number32 } from "./node.ts";
import { gateRules, OPEN_SET, type Rule, TIME_BYTES } from "./rule.ts";

export interface GateTable {
  readonly family: TableFamily;
  readonly name: string;
  /** Nodes that the kernel has to say back: otherwise somebody changed it. */
  readonly table: readonly Node[];
  readonly set: readonly Node[];
  /** What the set's fields mean to the nft program. */
  readonly setUserData: Uint8Array;
  readonly chain: readonly Node[];
  readonly rules: readonly Rule[];
}

export const CHAIN = "out";
/** Attribute 1 of every object of a table. */
export const OF_TABLE = 1;
export const TABLE_USER_DATA = 6;
export const RULE_CHAIN = 2;
export const RULE_EXPRESSIONS = 4;
export const SET_NAME = 2;
export const CHAIN_NAME = 3;

const NLM_F_APPEND = 0x800;
const SET_INTERVAL = 0x4;
const SET_TIMEOUT = 0x10;
const SET_CONCATENATION = 0x80;
const SET_ID = 10;
const SET_USER_DATA = 13;
/** nft's own numbers, by which it prints keys; the kernel only keeps them. */
const TYPE = { 4: 7, 6: 8 } as const;
/**
 * `typeof arp saddr ip . meta time` and `typeof ip6 saddr . meta time`, as nft keeps it: types and lengths within each
 * other. Without it nft prints the set as of `type ipv4_addr . time` and cannot read that back (`nft -f`).
 */
const TYPE_OF_KEY = { 4: typeOfKey(15, 7), 6: typeOfKey(13, 8) } as const;
const TYPE_TIME = 43;
const TYPE_BITS = 6;
const HOOK: Readonly<Record<TableFamily, number>> = { arp: 1, ip6: 3, netdev: 1 };
const POLICY_ACCEPT = 1;

/** @param mark - what makes the table ours, at most COMMENT_BYTES_MAX bytes. */
export function gateTable(family: TableFamily, name: string, mark: string, target: GateTarget): GateTable {
  const addressFamily = familyOf(target.vip);
  const addressBytes = addressFamily === 4 ? 4 : 16;
  const isOfLink = family === "netdev";
  const link: readonly Node[] = isOfLink ? [[3, text(target.linkName)]] : [];
  // Since 6.16 the kernel lets a chain wait for a link of its name: by name alone another link would look the same.
  const linkMark: readonly Node[] = isOfLink ? [[12, encodeComment(`link ${target.linkIndex}`)]] : [];
  const ofTable: Node = [OF_TABLE, text(name)];
  return {
    family,
    name,
    // Flags 0: a "dormant" table is there and asks nobody.
    table: [ofTable, [2, number32(0)], [TABLE_USER_DATA, encodeComment(mark)]],
    set: [
      ofTable,
      [SET_NAME, text(OPEN_SET)],
      [3, number32(SET_INTERVAL | SET_TIMEOUT | SET_CONCATENATION)],
      [4, number32((TYPE[addressFamily] << TYPE_BITS) | TYPE_TIME)],
      [5, number32(addressBytes + TIME_BYTES)],
      [9, [[2, listOf([addressBytes, TIME_BYTES].map((bytes): readonly Node[] => [[1, number32(bytes)]]))]]],
    ],
    setUserData: TYPE_OF_KEY[addressFamily],
    chain: [
      ofTable,
      [CHAIN_NAME, text(CHAIN)],
      [4, [[1, number32(HOOK[family])], [2, number32(0)], ...link]],
      [5, number32(POLICY_ACCEPT)],
      [7, text("filter")],
      ...linkMark,
    ],
    rules: gateRules(target.vip, isOfLink),
  };
}

/** Equivalent to: nft "add table …; add set …; add chain …; add rule …" */
export function encodeCreation({
  family,
  name,
  table,
  set,
  setUserData,
  chain,
  rules,
}: GateTable): readonly NetlinkPart[] {
  const ofChain: readonly Node[] = [
    [OF_TABLE, text(name)],
    [RULE_CHAIN, text(CHAIN)],
  ];
  return [
    encodeNft(NFT_MSG.newTable, NLM_F_CREATE, family, table),
    encodeNft(NFT_MSG.newSet, NLM_F_CREATE, family, [...set, [SET_USER_DATA, setUserData], [SET_ID, number32(1)]]),
    encodeNft(NFT_MSG.newChain, NLM_F_CREATE, family, chain),
    ...rules.map((rule) =>
      encodeNft(NFT_MSG.newRule, NLM_F_CREATE | NLM_F_APPEND, family, [...ofChain, [RULE_EXPRESSIONS, listOf(rule)]]),
    ),
  ];
}

/** Whether it is there or not. Equivalent to: nft "add table …; delete table …" */
export function encodeRemoval(family: TableFamily, name: string): readonly NetlinkPart[] {
  const nodes: readonly Node[] = [[OF_TABLE, text(name)]];
  return [encodeNft(NFT_MSG.newTable, NLM_F_CREATE, family, nodes), encodeNft(NFT_MSG.deleteTable, 0, family, nodes)];
}

/** @param header - nft's number of ARP or IPv6. @param field - its number of the sender's address in it. */
function typeOfKey(header: number, field: number): Uint8Array {
  const number = (type: number, value: number): readonly number[] => [type, 4, value, 0, 0, 0];
  const nested = (type: number, ...within: readonly number[]): readonly number[] => [type, within.length, ...within];
  const [concatenation, payload, meta, time] = [13, 7, 9, 30];
  const address = nested(0, ...number(0, payload), ...nested(1, ...number(0, header), ...number(1, field)));
  const now = nested(1, ...number(0, meta), ...nested(1, ...number(0, time)));
  return Uint8Array.of(...number(0, 0), ...nested(3, ...number(0, concatenation), ...nested(1, ...address, ...now)));
}
