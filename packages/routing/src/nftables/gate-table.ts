/** A gate's table as the kernel is to have it: mark, set, chains and rules, and the verbs that make it so. Pure. */
import type { GateTarget } from "../gate.ts";
import { text } from "../netlink/attribute.ts";
import type { NetlinkPart } from "../netlink/datagram.ts";
import { NLM_F_CREATE } from "../netlink/message.ts";
import { familyOf, type IpAddress } from "../values/ip-address.ts";
import { encodeComment } from "./comment.ts";
import { encodeNft, type GateFamily, NFT_MSG, type TableFamily } from "./message.ts";
import { listOf, type Node, number32 } from "./node.ts";
import { constantRules, DEADLINE_CHAIN, deadlineRule, OPEN_SET, type Rule } from "./rule.ts";

export interface GateTable {
  readonly family: GateFamily;
  readonly name: string;
  readonly vip: IpAddress;
  /** Nodes that the kernel has to say back: otherwise somebody changed it. */
  readonly table: readonly Node[];
  readonly set: readonly Node[];
  readonly chain: readonly Node[];
  /** Of the chain, the same for ever. They jump to the chain with the deadline, which changes. */
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
export const SET_TIMEOUT = 0x10;
/** Within a batch. */
export const SET_ID = 10;
/** nft's own numbers, by which it prints keys; the kernel only keeps them. */
export const ADDRESS_TYPE = { 4: 7, 6: 8 } as const;
export const ADDRESS_BYTES = { 4: 4, 6: 16 } as const;
const HOOK: Readonly<Record<GateFamily, number>> = { arp: 1, ip6: 3, netdev: 1 };
const POLICY_ACCEPT = 1;

/** @param mark - what makes the table ours, at most COMMENT_BYTES_MAX bytes. */
export function gateTable(family: GateFamily, name: string, mark: string, target: GateTarget): GateTable {
  const addressFamily = familyOf(target.vip);
  const isOfLink = isOfFrames(family);
  const link: readonly Node[] = isOfLink ? [[3, text(target.linkName)]] : [];
  // Since 6.16 the kernel lets a chain wait for a link of its name: by name alone another link would look the same.
  const linkMark: readonly Node[] = isOfLink ? [[12, encodeComment(`link ${target.linkIndex}`)]] : [];
  const ofTable: Node = [OF_TABLE, text(name)];
  return {
    family,
    name,
    vip: target.vip,
    // Flags 0: a "dormant" table is there and asks nobody.
    table: [ofTable, [2, number32(0)], [TABLE_USER_DATA, encodeComment(mark)]],
    set: [
      ofTable,
      [SET_NAME, text(OPEN_SET)],
      [3, number32(SET_TIMEOUT)],
      [4, number32(ADDRESS_TYPE[addressFamily])],
      [5, number32(ADDRESS_BYTES[addressFamily])],
    ],
    chain: [
      ofTable,
      [CHAIN_NAME, text(CHAIN)],
      [4, [[1, number32(HOOK[family])], [2, number32(0)], ...link]],
      [5, number32(POLICY_ACCEPT)],
      [7, text("filter")],
      ...linkMark,
    ],
    rules: constantRules(target.vip, isOfLink),
  };
}

/** Closed. Equivalent to: nft "add table …; add set …; add chain …; add chain …; add rule …" */
export function encodeCreation(gate: GateTable): readonly NetlinkPart[] {
  const { family, name, table, set, chain, rules } = gate;
  return [
    encodeNft(NFT_MSG.newTable, NLM_F_CREATE, family, table),
    encodeNft(NFT_MSG.newSet, NLM_F_CREATE, family, [...set, [SET_ID, number32(1)]]),
    encodeNft(NFT_MSG.newChain, NLM_F_CREATE, family, [
      [OF_TABLE, text(name)],
      [CHAIN_NAME, text(DEADLINE_CHAIN)],
    ]),
    encodeNft(NFT_MSG.newChain, NLM_F_CREATE, family, chain),
    ...rules.map((rule) => encodeRule(gate, CHAIN, rule)),
  ];
}

/**
 * Another T instead of that which is there, and nothing else: the kernel's work grows with the rules that are written.
 * Equivalent to: nft "flush chain … deadline; add rule … deadline meta time >= T drop"
 */
export function encodeDeadline(gate: GateTable, untilWallMs: number): readonly NetlinkPart[] {
  return encodeRules(gate, DEADLINE_CHAIN, [deadlineRule(untilWallMs)]);
}

/** Instead of whatever the chain has. Equivalent to: nft "flush chain …; add rule …" */
export function encodeRules(
  table: { readonly family: TableFamily; readonly name: string },
  chain: string,
  rules: readonly Rule[],
): readonly NetlinkPart[] {
  const flush = encodeNft(NFT_MSG.deleteRule, 0, table.family, ofChain(table.name, chain));
  return [flush, ...rules.map((rule) => encodeRule(table, chain, rule))];
}

function encodeRule(
  { family, name }: { readonly family: TableFamily; readonly name: string },
  chain: string,
  rule: Rule,
): NetlinkPart {
  const nodes: readonly Node[] = [...ofChain(name, chain), [RULE_EXPRESSIONS, listOf(rule)]];
  return encodeNft(NFT_MSG.newRule, NLM_F_CREATE | NLM_F_APPEND, family, nodes);
}

function ofChain(name: string, chain: string): readonly Node[] {
  return [
    [OF_TABLE, text(name)],
    [RULE_CHAIN, text(chain)],
  ];
}

/** Of any protocol; the hooks of the other families have but one. */
function isOfFrames(family: TableFamily): boolean {
  return family === "netdev";
}

/** Whether it is there or not. Equivalent to: nft "add table …; delete table …" */
export function encodeRemoval(family: TableFamily, name: string): readonly NetlinkPart[] {
  const nodes: readonly Node[] = [[OF_TABLE, text(name)]];
  return [encodeNft(NFT_MSG.newTable, NLM_F_CREATE, family, nodes), encodeNft(NFT_MSG.deleteTable, 0, family, nodes)];
}
