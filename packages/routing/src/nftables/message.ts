/**
 * Messages of nf_tables, subsystem 10 of nfnetlink: all begin with struct nfgenmsg. Numbers in them are big-endian, other
 * than in rtnetlink. Pure.
 *
 *   0        1         2
 *   | family | version | resource |   attributes
 *
 * linux/netfilter/nfnetlink.h · linux/netfilter/nf_tables.h
 */
import { type Attributes, decodeAttributes } from "../netlink/attribute.ts";
import type { NetlinkPart } from "../netlink/datagram.ts";
import { fixedPart, type NetlinkMessage, NLM_F_ACK } from "../netlink/message.ts";
import { encodePayload, type Node } from "./node.ts";

/** Where a table's chains are asked: IPv4 and IPv6 alike, the kernel's own ARP, a link's frames, all of IPv6. */
const TABLE_FAMILY = { inet: 1, arp: 3, netdev: 5, ip6: 10 } as const;
export type TableFamily = keyof typeof TABLE_FAMILY;
/** Of the tables that a gate may consist of. */
export const GATE_FAMILIES = ["arp", "netdev", "ip6"] as const;
export type GateFamily = (typeof GATE_FAMILIES)[number];

const SUBSYSTEM = 10;
const FIXED_BYTES = 4;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;

export const NFT_MSG = {
  newTable: message(0),
  getTable: message(1),
  deleteTable: message(2),
  newChain: message(3),
  getChain: message(4),
  newRule: message(6),
  getRule: message(7),
  deleteRule: message(8),
  newSet: message(9),
  getSet: message(10),
  newElement: message(12),
  getElement: message(13),
  deleteElement: message(14),
  newGeneration: message(15),
  getGeneration: message(16),
} as const;

/** @param flags - NLM_F_CREATE and the like. */
export function encodeNft(type: number, flags: number, family: TableFamily, nodes: readonly Node[]): NetlinkPart {
  return { type, flags, payload: encodePayload(Uint8Array.of(TABLE_FAMILY[family], 0, 0, 0), nodes) };
}

/** The kernel does all of it or nothing. Acknowledged is the last verb; a refusal may name any, BATCH_BEGIN included. */
export function encodeBatch(verbs: readonly NetlinkPart[]): readonly NetlinkPart[] {
  const last = verbs.length - 1;
  const acknowledged = verbs.map((verb, index) => (index === last ? { ...verb, flags: verb.flags | NLM_F_ACK } : verb));
  return [batchBorder(NFNL_MSG_BATCH_BEGIN), ...acknowledged, batchBorder(NFNL_MSG_BATCH_END)];
}

/** What follows the fixed part. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function attributeBytes({ payload }: NetlinkMessage): Uint8Array {
  fixedPart(payload, FIXED_BYTES);
  return payload.subarray(FIXED_BYTES);
}

/** @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function attributesOf(message: NetlinkMessage): Attributes {
  return decodeAttributes(attributeBytes(message));
}

function message(number: number): number {
  return (SUBSYSTEM << 8) | number;
}

function batchBorder(type: number): NetlinkPart {
  return { type, flags: 0, payload: Uint8Array.of(0, 0, 0, SUBSYSTEM) };
}
