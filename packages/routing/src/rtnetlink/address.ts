/**
 * Addresses on the wire: struct ifaddrmsg and IFA_ attributes (linux/if_addr.h). Pure.
 *
 *   0        1               2       3       4
 *   | family | prefix length | flags | scope | link index |
 */
import type { Address } from "../model.ts";
import {
  type Attribute,
  decodeAttributes,
  encodePayload,
  optional,
  readText,
  readU8,
  readU32,
  text,
  u8,
  u32,
} from "../netlink/attribute.ts";
import { fixedPart, viewOf } from "../netlink/message.ts";
import { familyOf, ipAddressBytes } from "../values/ip-address.ts";
import { familyNumber, familyOfNumber, readIpAddress } from "./family.ts";

const FIXED_BYTES = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
/** Linux 5.18; older kernels ignore it. */
const IFA_PROTO = 11;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;
const CACHEINFO_BYTES = 16;
const FOR_EVER = 0xffff_ffff;

/** Every address of both families. */
export function encodeAddressDump(): Uint8Array {
  return encodePayload(new DataView(new ArrayBuffer(FIXED_BYTES)), []);
}

/** For adding and replacing. */
export function encodeAddress(address: Address): Uint8Array {
  const isIpv6 = familyOf(address.address) === 6;
  return encodePayload(fixedOf(address), [
    ...key(address),
    // Two habits that a VIP must not have: a route to its subnet in table main, which would take part of the pod's own
    // traffic, and (IPv6) duplicate address detection, which keeps it unusable for a second or two.
    [IFA_FLAGS, u32(IFA_F_NOPREFIXROUTE | (isIpv6 ? IFA_F_NODAD : 0))],
    [IFA_CACHEINFO, lifetime(address.validSeconds)],
    ...(address.label === undefined ? [] : [[IFA_LABEL, text(address.label)] as const]),
    ...(address.protocol === undefined ? [] : [[IFA_PROTO, u8(address.protocol)] as const]),
  ]);
}

/** For deleting: by link, address and prefix length alone, whoever made it. */
export function encodeAddressKey(address: Address): Uint8Array {
  return encodePayload(fixedOf(address), key(address));
}

/** @returns undefined for other families. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeAddress(payload: Uint8Array): Address | undefined {
  const fixed = fixedPart(payload, FIXED_BYTES);
  if (familyOfNumber(fixed.getUint8(0)) === undefined) return undefined;
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  // On point-to-point links IFA_ADDRESS is the other end's; IPv6 has IFA_LOCAL only there.
  const address = optional(attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS), readIpAddress);
  if (address === undefined) return undefined;
  return {
    linkIndex: fixed.getUint32(4, true),
    address,
    prefixLength: fixed.getUint8(1),
    validSeconds: optional(attributes.get(IFA_CACHEINFO), readValidSeconds),
    protocol: optional(attributes.get(IFA_PROTO), readU8),
    label: optional(attributes.get(IFA_LABEL), readText),
  };
}

function fixedOf(address: Address): DataView<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(familyOf(address.address)));
  fixed.setUint8(1, address.prefixLength);
  fixed.setUint32(4, address.linkIndex, true);
  return fixed;
}

function key({ address }: Address): readonly Attribute[] {
  const bytes = ipAddressBytes(address);
  return [
    [IFA_LOCAL, bytes],
    [IFA_ADDRESS, bytes],
  ];
}

/** struct ifa_cacheinfo. preferred_lft is 0, so that the kernel does not choose the VIP as a source by itself. */
function lifetime(validSeconds: number | undefined): Uint8Array {
  const bytes = new Uint8Array(CACHEINFO_BYTES);
  viewOf(bytes).setUint32(4, validSeconds ?? FOR_EVER, true);
  return bytes;
}

function readValidSeconds(value: Uint8Array): number | undefined {
  const seconds = readU32(value.subarray(4, 8));
  return seconds === FOR_EVER ? undefined : seconds;
}
