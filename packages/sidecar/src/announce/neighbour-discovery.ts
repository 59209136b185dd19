/**
 * Neighbour solicitation and advertisement of IPv6, as whole frames (RFC 4861 sections 4.3 and 4.4): what ARP is for
 * IPv4. No router discovery, no redirects, no extension headers (RFC 6980 and practice: there are none before these).
 *
 *  14  1  version 6                        54  1  ICMPv6 type: 135 solicitation, 136 advertisement
 *  18  2  payload length                   55  1  code: 0
 *  20  1  next header: 58 (ICMPv6)         56  2  checksum, with the pseudo header of RFC 8200 section 8.1
 *  21  1  hop limit: 255                   58  4  flags of an advertisement: Router, Solicited, Override
 *  22 16  source                           62 16  target
 *  38 16  destination                      78  8  option: 1 source or 2 target link-layer address
 */
import {
  familyOf,
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
  type MacAddress,
  macAddressBytes,
  macAddressFromBytes,
} from "@vcluster-kube-vip/routing";
import { ETHER_TYPE_IPV6, ethernetFrame, readEthernetHeader, viewOf } from "./ethernet.ts";

interface NeighbourFrame {
  /** Of the Ethernet header. */
  readonly to: MacAddress;
  readonly from: MacAddress;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly target: IpAddress;
  /** The option's: source link-layer address of a solicitation, target link-layer address of an advertisement. */
  readonly linkLayer: MacAddress | undefined;
}

export interface Solicitation extends NeighbourFrame {
  readonly t: "solicitation";
}

export interface Advertisement extends NeighbourFrame {
  readonly t: "advertisement";
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
}

export type NeighbourMalformed =
  | "truncated"
  | "not-ipv6"
  | "not-neighbour-discovery"
  /** RFC 4861 section 7.1: below 255 it came through a router, hence from outside the segment. */
  | "hop-limit"
  | "checksum"
  /** An option of length 0: everything behind it would be read forever. */
  | "option-length";

const IPV6 = 14;
const ICMPV6 = 54;
const OPTIONS = 78;
const OPTION_BYTES = 8;
const NEXT_HEADER_ICMPV6 = 58;
const TYPE = { solicitation: 135, advertisement: 136 } as const;
const OPTION_TYPE = { solicitation: 1, advertisement: 2 } as const;
const MALFORMED_OPTION = Symbol("malformed option");
const ROUTER = 0x8000_0000;
const SOLICITED = 0x4000_0000;
const OVERRIDE = 0x2000_0000;

/** @throws TypeError for an IPv4 address. */
export function encodeNeighbour(message: Solicitation | Advertisement): Uint8Array {
  const icmpBytes = OPTIONS - ICMPV6 + (message.linkLayer === undefined ? 0 : OPTION_BYTES);
  const { to, from } = message;
  const frame = ethernetFrame({ to, from, etherType: ETHER_TYPE_IPV6 }, ICMPV6 - IPV6 + icmpBytes);
  const view = viewOf(frame);
  view.setUint8(14, 0x60);
  view.setUint16(18, icmpBytes);
  view.setUint8(20, NEXT_HEADER_ICMPV6);
  view.setUint8(21, 255);
  frame.set(ipv6Bytes(message.source), 22);
  frame.set(ipv6Bytes(message.destination), 38);
  view.setUint8(54, TYPE[message.t]);
  view.setUint32(58, message.t === "advertisement" ? flagsOf(message) : 0);
  frame.set(ipv6Bytes(message.target), 62);
  if (message.linkLayer !== undefined) {
    view.setUint8(78, OPTION_TYPE[message.t]);
    view.setUint8(79, 1);
    frame.set(macAddressBytes(message.linkLayer), 80);
  }
  view.setUint16(56, checksum(frame, icmpBytes));
  return frame;
}

export function decodeNeighbour(frame: Uint8Array): Solicitation | Advertisement | NeighbourMalformed {
  const ethernet = readEthernetHeader(frame);
  if (ethernet === undefined) return "truncated";
  if (ethernet.etherType !== ETHER_TYPE_IPV6) return "not-ipv6";
  const source = ipAddressFromBytes(frame.subarray(22, 38));
  const destination = ipAddressFromBytes(frame.subarray(38, 54));
  if (!source || !destination) return "truncated";
  const view = viewOf(frame);
  if (view.getUint8(14) >> 4 !== 6) return "not-ipv6";
  if (view.getUint8(20) !== NEXT_HEADER_ICMPV6) return "not-neighbour-discovery";
  const target = ipAddressFromBytes(frame.subarray(62, OPTIONS));
  const icmpBytes = view.getUint16(18);
  if (!target || icmpBytes < OPTIONS - ICMPV6 || frame.length < ICMPV6 + icmpBytes) return "truncated";
  const t = kindOf(view.getUint8(54));
  if (t === undefined || view.getUint8(55) !== 0) return "not-neighbour-discovery";
  if (view.getUint8(21) !== 255) return "hop-limit";
  // Over a message with its right checksum in place the sum comes out as 0.
  if (checksum(frame, icmpBytes) !== 0) return "checksum";
  const linkLayer = linkLayerOption(frame.subarray(OPTIONS, ICMPV6 + icmpBytes), OPTION_TYPE[t]);
  if (linkLayer === MALFORMED_OPTION) return "option-length";
  const { to, from } = ethernet;
  const common = { to, from, source, destination, target, linkLayer };
  return t === "solicitation" ? { t, ...common } : { t, ...common, ...flagsFrom(view.getUint32(58)) };
}

function kindOf(type: number): "solicitation" | "advertisement" | undefined {
  if (type === TYPE.solicitation) return "solicitation";
  return type === TYPE.advertisement ? "advertisement" : undefined;
}

/** The first option of that type. Each says its length in units of 8 bytes. */
function linkLayerOption(options: Uint8Array, type: number): MacAddress | undefined | typeof MALFORMED_OPTION {
  for (let at = 0; at < options.length; ) {
    const bytes = (options[at + 1] ?? 0) * OPTION_BYTES;
    if (bytes === 0 || at + bytes > options.length) return MALFORMED_OPTION;
    if (options[at] === type && bytes === OPTION_BYTES) return macAddressFromBytes(options.subarray(at + 2, at + 8));
    at += bytes;
  }
  return undefined;
}

function flagsOf({ router, solicited, override }: Advertisement): number {
  return (router ? ROUTER : 0) + (solicited ? SOLICITED : 0) + (override ? OVERRIDE : 0);
}

function flagsFrom(word: number): Pick<Advertisement, "router" | "solicited" | "override"> {
  return { router: (word & ROUTER) !== 0, solicited: (word & SOLICITED) !== 0, override: (word & OVERRIDE) !== 0 };
}

/** The internet checksum (RFC 1071) over both addresses, length, next header and the ICMPv6 message. */
function checksum(frame: Uint8Array, icmpBytes: number): number {
  const view = viewOf(frame);
  let sum = icmpBytes + NEXT_HEADER_ICMPV6;
  for (let at = 22; at < ICMPV6; at += 2) sum += view.getUint16(at);
  for (let at = ICMPV6; at + 1 < ICMPV6 + icmpBytes; at += 2) sum += view.getUint16(at);
  if (icmpBytes % 2 === 1) sum += view.getUint8(ICMPV6 + icmpBytes - 1) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ipv6Bytes(address: IpAddress): Uint8Array {
  if (familyOf(address) !== 6) throw new TypeError(`neighbour discovery has no room for ${address}`);
  return ipAddressBytes(address);
}
