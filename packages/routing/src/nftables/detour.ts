/**
 * The detour's table: one chain where the destination of a connection's first segment is changed; conntrack does the
 * same for the others, and back. `inet`, so that both families are one table. Its set has the VIP for as long as the
 * detour was asked for, by the kernel's clock: nobody is sent to the port of a process that is gone. Pure.
 */
import type { DetourTarget } from "../detour.ts";
import { text } from "../netlink/attribute.ts";
import type { NetlinkPart } from "../netlink/datagram.ts";
import { NLM_F_CREATE } from "../netlink/message.ts";
import { familyOf, ipAddressBytes } from "../values/ip-address.ts";
import { encodeComment } from "./comment.ts";
import { encodeFlush, encodeTimedElement } from "./element.ts";
import {
  compare,
  isIn,
  loadMeta,
  loadNetwork,
  loadTransport,
  loadValue,
  loadValueBehind,
  mask,
  translateDestination,
} from "./expression.ts";
import {
  ADDRESS_BYTES,
  ADDRESS_TYPE,
  CHAIN_NAME,
  encodeRemoval,
  encodeRules,
  OF_TABLE,
  SET_ID,
  SET_NAME,
  SET_TIMEOUT,
  TABLE_USER_DATA,
} from "./gate-table.ts";
import { encodeNft, NFT_MSG } from "./message.ts";
import { hostNumber32, type Node, number32 } from "./node.ts";
import type { Rule } from "./rule.ts";

export const DETOUR_FAMILY = "inet";
/** The set that has the VIP as long as the detour is open. */
const DETOURED_SET = "detoured";
const CHAIN = "in";
const PREROUTING = 0;
/** NF_IP_PRI_NAT_DST. */
const PRIORITY = -100;
const POLICY_ACCEPT = 1;
const TCP = Uint8Array.of(6);
const DESTINATION_PORT = 2;
const TCP_FLAGS = 13;
const SYN = Uint8Array.of(0x02);
const SYN_AND_ACK = Uint8Array.of(0x12);
const NFPROTO = { 4: Uint8Array.of(2), 6: Uint8Array.of(10) } as const;
const DESTINATION = { 4: 16, 6: 24 } as const;

/**
 * Instead of whatever is there of the name. Equivalent to: nft "add table inet …; add set …; add chain … { type nat hook
 * prerouting priority dstnat; }; add rule …; add element … { VIP timeout … }"
 * @param mark - what makes the table ours, at most COMMENT_BYTES_MAX bytes
 */
export function encodeDetour(
  name: string,
  mark: string,
  target: DetourTarget,
  toPort: number,
  timeoutMs: number,
): readonly NetlinkPart[] {
  const family = familyOf(target.vip);
  const ofTable: Node = [OF_TABLE, text(name)];
  return [
    ...encodeRemoval(DETOUR_FAMILY, name),
    encodeNft(NFT_MSG.newTable, NLM_F_CREATE, DETOUR_FAMILY, [
      ofTable,
      [2, number32(0)],
      [TABLE_USER_DATA, encodeComment(mark)],
    ]),
    encodeNft(NFT_MSG.newSet, NLM_F_CREATE, DETOUR_FAMILY, [
      ofTable,
      [SET_NAME, text(DETOURED_SET)],
      [SET_ID, number32(1)],
      [3, number32(SET_TIMEOUT)],
      [4, number32(ADDRESS_TYPE[family])],
      [5, number32(ADDRESS_BYTES[family])],
    ]),
    encodeNft(NFT_MSG.newChain, NLM_F_CREATE, DETOUR_FAMILY, [
      ofTable,
      [CHAIN_NAME, text(CHAIN)],
      [
        4,
        [
          [1, number32(PREROUTING)],
          [2, number32(PRIORITY)],
        ],
      ],
      [5, number32(POLICY_ACCEPT)],
      [7, text("nat")],
    ]),
    ...encodeRules({ family: DETOUR_FAMILY, name }, CHAIN, [detourRule(target, toPort)]),
    encodeTimedElement(DETOUR_FAMILY, name, DETOURED_SET, target.vip, timeoutMs),
  ];
}

/** One that is open lasts so long anew. Equivalent to: nft "flush set …; add element … { VIP timeout … }" */
export function encodeExtension(name: string, { vip }: DetourTarget, timeoutMs: number): readonly NetlinkPart[] {
  return [
    // An element that is there would keep the time that it has.
    encodeFlush(DETOUR_FAMILY, name, DETOURED_SET),
    encodeTimedElement(DETOUR_FAMILY, name, DETOURED_SET, vip, timeoutMs),
  ];
}

/**
 * `nft`: iif LINK meta l4proto tcp ip daddr @detoured tcp dport PORT tcp flags & (syn | ack) == syn dnat to VIP:TO
 * Without the flags, connections that were there before it would be changed in the middle: conntrack meets them anew.
 * The VIP stays the destination, so that routes, rules and the kernel's check of sources see what they saw before.
 */
function detourRule({ vip, port, linkIndex }: DetourTarget, toPort: number): Rule {
  const family = familyOf(vip);
  const bytes = ADDRESS_BYTES[family];
  return [
    ...[loadMeta("iif"), compare("equal", hostNumber32(linkIndex))],
    ...[loadMeta("nfproto"), compare("equal", NFPROTO[family])],
    ...[loadMeta("l4proto"), compare("equal", TCP)],
    ...[loadNetwork(DESTINATION[family], bytes), isIn(DETOURED_SET)],
    ...[loadTransport(DESTINATION_PORT, 2), compare("equal", portBytes(port))],
    ...[loadTransport(TCP_FLAGS, 1), mask(SYN_AND_ACK), compare("equal", SYN)],
    ...[loadValue(ipAddressBytes(vip)), loadValueBehind(bytes, portBytes(toPort)), translateDestination(family)],
  ];
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
