/**
 * The element that opens a gate: the VIP, with the opening's timeout and the holder's identity as its comment. Until when
 * by the wall clock is said by the rules (rule.ts). Pure.
 * Equivalent to: nft add element arp NAME open '{ VIP timeout X comment "holderIdentity" }'
 */
import type { Opening } from "../gate.ts";
import { type Attributes, decodeAttributeList, decodeAttributes, optional, text } from "../netlink/attribute.ts";
import type { NetlinkPart } from "../netlink/datagram.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../netlink/message.ts";
import { type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import { decodeComment, encodeComment } from "./comment.ts";
import { OF_TABLE } from "./gate-table.ts";
import { encodeNft, NFT_MSG, type TableFamily } from "./message.ts";
import { listOf, type Node, number64, readNumber64 } from "./node.ts";
import { OPEN_SET } from "./rule.ts";

const OF_SET = 2;
const ELEMENTS = 3;
const KEY = 1;
const TIMEOUT = 4;
const EXPIRATION = 5;
const USER_DATA = 6;
const VALUE = 1;

/** EXCL: the kernel leaves an element that is there as it is, its timeout included, and calls that success. */
export function encodeElement(family: TableFamily, name: string, vip: IpAddress, opening: Opening): NetlinkPart {
  const element: readonly Node[] = [
    ...keyOf(vip),
    [TIMEOUT, number64(BigInt(opening.timeoutMs))],
    [USER_DATA, encodeComment(opening.holderIdentity)],
  ];
  return encodeElements(NFT_MSG.newElement, NLM_F_CREATE | NLM_F_EXCL, { family, name }, OPEN_SET, element);
}

/** Fails where the element is not there any more, or has lapsed. */
export function encodeDeletion(family: TableFamily, name: string, vip: IpAddress): NetlinkPart {
  return encodeElements(NFT_MSG.deleteElement, 0, { family, name }, OPEN_SET, keyOf(vip));
}

/** Every element, none included. */
export function encodeFlush(family: TableFamily, name: string, set: string = OPEN_SET): NetlinkPart {
  return encodeElements(NFT_MSG.deleteElement, 0, { family, name }, set, undefined);
}

/** Of any set that has the VIP for some time. */
export function encodeTimedElement(
  family: TableFamily,
  name: string,
  set: string,
  vip: IpAddress,
  timeoutMs: number,
): NetlinkPart {
  const element: readonly Node[] = [...keyOf(vip), [TIMEOUT, number64(BigInt(timeoutMs))]];
  return encodeElements(NFT_MSG.newElement, NLM_F_CREATE, { family, name }, set, element);
}

/** The attributes of each element of a message. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function elementsOf(message: Attributes): readonly Attributes[] {
  const list = message.get(ELEMENTS);
  return list === undefined ? [] : decodeAttributeList(list).map(([, element]) => decodeAttributes(element));
}

export interface Element {
  /** Of the VIP, in network order. */
  readonly address: Uint8Array;
  readonly holderIdentity: string;
  /** What is left. */
  readonly timeoutMs: number;
}

/** undefined: no gate made it. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeElement(element: Attributes): Element | undefined {
  const key = element.get(KEY);
  const address = key === undefined ? undefined : decodeAttributes(key).get(VALUE);
  const holderIdentity = optional(element.get(USER_DATA), decodeComment);
  const timeoutMs = optional(element.get(EXPIRATION), readNumber64);
  if (address === undefined || holderIdentity === undefined || timeoutMs === undefined) return undefined;
  return { address, holderIdentity, timeoutMs: Number(timeoutMs) };
}

function encodeElements(
  type: number,
  flags: number,
  table: { readonly family: TableFamily; readonly name: string },
  set: string,
  element: readonly Node[] | undefined,
): NetlinkPart {
  const nodes: Node[] = [
    [OF_TABLE, text(table.name)],
    [OF_SET, text(set)],
  ];
  if (element !== undefined) nodes.push([ELEMENTS, listOf([element])]);
  return encodeNft(type, flags, table.family, nodes);
}

function keyOf(vip: IpAddress): readonly Node[] {
  return [[KEY, [[VALUE, ipAddressBytes(vip)]]]];
}
