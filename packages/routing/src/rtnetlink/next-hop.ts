/**
 * The question which way a packet would take, and the answer's next hop: RTM_GETROUTE of one address and its RTM_NEWROUTE
 * (linux/rtnetlink.h; the fixed part is route.ts's). Pure.
 */
import type { NextHop } from "../model.ts";
import { decodeAttributes, encodePayload, optional, readU32 } from "../netlink/attribute.ts";
import { fixedPart } from "../netlink/message.ts";
import { familyOf, hostPrefixLength, type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import { familyNumber, readIpAddress } from "./family.ts";

const FIXED_BYTES = 12;
const RTA_DST = 1;
const RTA_SRC = 2;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
/** A gateway of the other family, which nothing here has. */
const RTA_VIA = 18;
const RTN_UNICAST = 1;

/** For a packet that this host sends: the rules that ask for its source count. */
export function encodeNextHopQuery(destination: IpAddress, source: IpAddress): Uint8Array<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(familyOf(destination)));
  fixed.setUint8(1, hostPrefixLength(destination));
  fixed.setUint8(2, hostPrefixLength(source));
  return encodePayload(fixed, [
    [RTA_DST, ipAddressBytes(destination)],
    [RTA_SRC, ipAddressBytes(source)],
  ]);
}

/** @returns undefined where there is no neighbour to send it to: local, unreachable. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeNextHop(payload: Uint8Array): NextHop | undefined {
  const fixed = fixedPart(payload, FIXED_BYTES);
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  const linkIndex = optional(attributes.get(RTA_OIF), readU32);
  const address = optional(attributes.get(RTA_GATEWAY) ?? attributes.get(RTA_DST), readIpAddress);
  if (fixed.getUint8(7) !== RTN_UNICAST || attributes.has(RTA_VIA)) return undefined;
  return linkIndex === undefined || address === undefined ? undefined : { linkIndex, address };
}
