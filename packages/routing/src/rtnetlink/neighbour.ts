/**
 * Entries of the neighbour cache on the wire: struct ndmsg and NDA_ attributes (linux/neighbour.h). Pure.
 *
 *   0        1         4            8       10      11
 *   | family | padding | link index | state | flags | type |
 */
import type { Neighbour } from "../model.ts";
import { decodeAttributes, encodePayload, optional, u32 } from "../netlink/attribute.ts";
import { fixedPart } from "../netlink/message.ts";
import { familyOf, type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import { macAddressFromBytes } from "../values/mac-address.ts";
import { familyNumber, familyOfNumber, readIpAddress } from "./family.ts";

const FIXED_BYTES = 12;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_IFINDEX = 8;
/** As if a packet had been sent there. */
const NTF_USE = 0x01;

/** The entries of one link, in both families. Kernels before 4.20 may send those of other links, too. */
export function encodeNeighbourDump(linkIndex: number): Uint8Array {
  return encodePayload(new DataView(new ArrayBuffer(FIXED_BYTES)), [[NDA_IFINDEX, u32(linkIndex)]]);
}

export function encodeNeighbourUse(linkIndex: number, address: IpAddress): Uint8Array<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(familyOf(address)));
  fixed.setInt32(4, linkIndex, true);
  fixed.setUint8(10, NTF_USE);
  return encodePayload(fixed, [[NDA_DST, ipAddressBytes(address)]]);
}

/** @returns undefined for other families (bridge forwarding entries). @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeNeighbour(payload: Uint8Array): Neighbour | undefined {
  const fixed = fixedPart(payload, FIXED_BYTES);
  if (familyOfNumber(fixed.getUint8(0)) === undefined) return undefined;
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  const address = optional(attributes.get(NDA_DST), readIpAddress);
  if (address === undefined) return undefined;
  return {
    linkIndex: fixed.getInt32(4, true),
    address,
    mac: optional(attributes.get(NDA_LLADDR), macAddressFromBytes),
    state: fixed.getUint16(8, true),
  };
}
