/**
 * An opening as the set's element: from (VIP, 0) to (VIP, the nanosecond before T), with a timeout of its own and the
 * holder's identity as its comment. Pure.
 * Equivalent to: nft add element arp NAME open '{ VIP . 0-T timeout X comment "holderIdentity" }'
 */
import type { Opening } from "../gate.ts";
import { type Attributes, decodeAttributeList, decodeAttributes, optional, text } from "../netlink/attribute.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../netlink/message.ts";
import type { NetlinkPart } from "../netlink/netlink-connection.ts";
import { type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import { decodeComment, encodeComment } from "./comment.ts";
import { OF_TABLE } from "./gate-table.ts";
import { encodeNft, NFT_MSG, type TableFamily } from "./message.ts";
import { equalBytes, listOf, type Node, number64, readNumber64 } from "./node.ts";
import { OPEN_SET, TIME_BYTES } from "./rule.ts";

const OF_SET = 2;
const ELEMENTS = 3;
const KEY = 1;
const TIMEOUT = 4;
const EXPIRATION = 5;
const USER_DATA = 6;
const KEY_END = 10;
const VALUE = 1;
const NANOSECONDS = 1_000_000n;

/** EXCL: the kernel leaves an element that is there as it is, its timeout included, and calls that success. */
export function encodeOpen(family: TableFamily, name: string, vip: IpAddress, opening: Opening): NetlinkPart {
  const element: readonly Node[] = [
    [TIMEOUT, number64(BigInt(opening.timeoutMs))],
    ...keyOf(vip, opening),
    [USER_DATA, encodeComment(opening.holderIdentity)],
  ];
  return verb(NFT_MSG.newElement, NLM_F_CREATE | NLM_F_EXCL, family, name, element);
}

/** Fails where the element is not there any more, or has lapsed. */
export function encodeDeletion(family: TableFamily, name: string, vip: IpAddress, opening: Opening): NetlinkPart {
  return verb(NFT_MSG.deleteElement, 0, family, name, keyOf(vip, opening));
}

/** Every element, none included. */
export function encodeFlush(family: TableFamily, name: string): NetlinkPart {
  return verb(NFT_MSG.deleteElement, 0, family, name, undefined);
}

/** The attributes of each element of a message. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function elementsOf(message: Attributes): readonly Attributes[] {
  const list = message.get(ELEMENTS);
  return list === undefined ? [] : decodeAttributeList(list).map(([, element]) => decodeAttributes(element));
}

export interface Element {
  /** Of the VIP, in network order. */
  readonly address: Uint8Array;
  readonly opening: Opening;
}

/** undefined: no gate made it. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeElement(element: Attributes): Element | undefined {
  const start = dataValue(element.get(KEY));
  const end = dataValue(element.get(KEY_END));
  const holderIdentity = decodeComment(element.get(USER_DATA) ?? new Uint8Array());
  const timeoutMs = optional(element.get(EXPIRATION), readNumber64);
  const address = start.subarray(0, -TIME_BYTES);
  const isOfOneAddress = equalBytes(start, keyBytes(address, 0n)) && equalBytes(address, end.subarray(0, -TIME_BYTES));
  if (!isOfOneAddress || holderIdentity === undefined || timeoutMs === undefined) return undefined;
  const until = readNumber64(end.subarray(-TIME_BYTES)) + 1n;
  if (until % NANOSECONDS !== 0n) return undefined;
  return {
    address,
    opening: { holderIdentity, untilWallMs: Number(until / NANOSECONDS), timeoutMs: Number(timeoutMs) },
  };
}

function verb(
  type: number,
  flags: number,
  family: TableFamily,
  name: string,
  element: readonly Node[] | undefined,
): NetlinkPart {
  const nodes: Node[] = [
    [OF_TABLE, text(name)],
    [OF_SET, text(OPEN_SET)],
  ];
  if (element !== undefined) nodes.push([ELEMENTS, listOf([element])]);
  return encodeNft(type, flags, family, nodes);
}

function keyOf(vip: IpAddress, { untilWallMs }: Opening): readonly Node[] {
  const address = ipAddressBytes(vip);
  return [
    [KEY, [[VALUE, keyBytes(address, 0n)]]],
    // Both ends belong to the range, but at T itself it is over.
    [KEY_END, [[VALUE, keyBytes(address, BigInt(untilWallMs) * NANOSECONDS - 1n)]]],
  ];
}

function keyBytes(address: Uint8Array, nanoseconds: bigint): Uint8Array {
  const bytes = new Uint8Array(address.length + TIME_BYTES);
  bytes.set(address);
  bytes.set(number64(nanoseconds), address.length);
  return bytes;
}

function dataValue(data: Uint8Array | undefined): Uint8Array {
  return (data === undefined ? undefined : decodeAttributes(data).get(VALUE)) ?? new Uint8Array();
}
