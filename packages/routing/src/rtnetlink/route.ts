/**
 * Routes on the wire: struct rtmsg and RTA_ attributes (linux/rtnetlink.h). Pure.
 *
 *   0        1          2          3     4       5          6       7      8
 *   | family | dst bits | src bits | tos | table | protocol | scope | type | flags |
 */
import type { Family, Route } from "../model.ts";
import { type Attribute, decodeAttributes, encodePayload, optional, readU32, u32 } from "../netlink/attribute.ts";
import { fixedPart } from "../netlink/message.ts";
import { ipAddressBytes } from "../values/ip-address.ts";
import { ipPrefix, networkAddress, prefixLength } from "../values/ip-prefix.ts";
import { familyNumber, familyOfNumber, readIpAddress } from "./family.ts";

const FIXED_BYTES = 12;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_TABLE = 15;
const RTN_UNICAST = 1;
const RTN_UNREACHABLE = 7;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
/** The number of a table above 255 does not fit the fixed part; RTA_TABLE has it. */
const RT_TABLE_COMPAT = 252;

/** Every route of a family, in all tables. */
export function encodeRouteDump(family: Family): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(family));
  return encodePayload(fixed, []);
}

/** For replacing and deleting: the kernel looks for all that is given. */
export function encodeRoute(route: Route): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(route.family));
  fixed.setUint8(1, route.destination === undefined ? 0 : prefixLength(route.destination));
  fixed.setUint8(4, route.table > 255 ? RT_TABLE_COMPAT : route.table);
  fixed.setUint8(5, route.protocol);
  fixed.setUint8(6, route.scope === "link" ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
  fixed.setUint8(7, route.type === "unicast" ? RTN_UNICAST : RTN_UNREACHABLE);
  const attributes: Attribute[] = [
    [RTA_TABLE, u32(route.table)],
    [RTA_PRIORITY, u32(route.metric)],
  ];
  if (route.destination !== undefined) attributes.push([RTA_DST, ipAddressBytes(networkAddress(route.destination))]);
  if (route.gateway !== undefined) attributes.push([RTA_GATEWAY, ipAddressBytes(route.gateway)]);
  if (route.linkIndex !== undefined) attributes.push([RTA_OIF, u32(route.linkIndex)]);
  return encodePayload(fixed, attributes);
}

/**
 * @returns undefined for what a Route cannot say: other types (local, broadcast, blackhole, …), routes by TOS or by
 * source. Of several next hops none is told. @throws RoutingError KERNEL_ANSWER_MALFORMED
 */
export function decodeRoute(payload: Uint8Array): Route | undefined {
  const fixed = fixedPart(payload, FIXED_BYTES);
  const family = familyOfNumber(fixed.getUint8(0));
  const type = typeOf(fixed.getUint8(7));
  const isSelective = fixed.getUint8(2) !== 0 || fixed.getUint8(3) !== 0;
  if (family === undefined || type === undefined || isSelective) return undefined;
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  const destination = optional(attributes.get(RTA_DST), readIpAddress);
  return {
    family,
    table: optional(attributes.get(RTA_TABLE), readU32) ?? fixed.getUint8(4),
    protocol: fixed.getUint8(5),
    type,
    destination: destination === undefined ? undefined : ipPrefix(destination, fixed.getUint8(1)),
    gateway: optional(attributes.get(RTA_GATEWAY), readIpAddress),
    linkIndex: optional(attributes.get(RTA_OIF), readU32),
    scope: fixed.getUint8(6) === RT_SCOPE_LINK ? "link" : "global",
    metric: optional(attributes.get(RTA_PRIORITY), readU32) ?? 0,
  };
}

function typeOf(number: number): Route["type"] | undefined {
  if (number === RTN_UNICAST) return "unicast";
  return number === RTN_UNREACHABLE ? "unreachable" : undefined;
}
