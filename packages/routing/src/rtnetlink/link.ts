/**
 * Network interfaces on the wire: struct ifinfomsg and IFLA_ attributes (linux/if_link.h). Pure. Links belong to
 * the CNI plugin: of what it made only the answering of ARP is ever changed.
 *
 *   0        2      4       8       12
 *   | family | type | index | flags | change |
 */
import type { ArpSetting, Link } from "../model.ts";
import {
  type Attribute,
  decodeAttributes,
  encodeAttributes,
  encodePayload,
  optional,
  readText,
  readU32,
  u32,
} from "../netlink/attribute.ts";
import { fixedPart } from "../netlink/message.ts";
import { macAddressFromBytes } from "../values/mac-address.ts";

const FIXED_BYTES = 16;
const AF_UNSPEC = 0;
const IFF_UP = 0x1;
const IFF_LOWER_UP = 0x10000;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_IFALIAS = 20;
const IFLA_AF_SPEC = 26;
const AF_INET = 2;
const IFLA_INET_CONF = 1;
/** linux/ip.h; they count from 1. */
const IPV4_DEVCONF_ARP_IGNORE = 19;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 1 << 3;

/** Every link, without IPv6's counters: nobody here reads them, and they are a third of each message. */
export function encodeLinkDump(): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  return encodePayload(fixed, [[IFLA_EXT_MASK, u32(RTEXT_FILTER_SKIP_STATS)]]);
}

/** IPv4's settings stand as attributes by number in a request, and as one array in an answer. */
export function encodeArpSetting({ linkIndex, arpIgnore, alias }: ArpSetting): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setInt32(4, linkIndex, true);
  const settings: Attribute = [IFLA_INET_CONF, encodeAttributes([[IPV4_DEVCONF_ARP_IGNORE, u32(arpIgnore)]])];
  return encodePayload(fixed, [
    // Without the closing zero that other strings have: a length of none is what takes an alias away.
    [IFLA_IFALIAS, new TextEncoder().encode(alias ?? "")],
    [IFLA_AF_SPEC, encodeAttributes([[AF_INET, encodeAttributes([settings])]])],
  ]);
}

/**
 * @returns undefined for what only looks like a link: a bridge tells under RTM_DELLINK, family AF_BRIDGE, that a link
 * is no longer its port. @throws RoutingError KERNEL_ANSWER_MALFORMED
 */
export function decodeLink(payload: Uint8Array): Link | undefined {
  const fixed = fixedPart(payload, FIXED_BYTES);
  if (fixed.getUint8(0) !== AF_UNSPEC) return undefined;
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  const flags = fixed.getUint32(8, true);
  const information = optional(attributes.get(IFLA_LINKINFO), decodeAttributes);
  return {
    index: fixed.getInt32(4, true),
    name: optional(attributes.get(IFLA_IFNAME), readText) ?? "",
    mac: optional(attributes.get(IFLA_ADDRESS), macAddressFromBytes),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    mtuBytes: optional(attributes.get(IFLA_MTU), readU32) ?? 0,
    kind: optional(information?.get(IFLA_INFO_KIND), readText),
    alias: optional(attributes.get(IFLA_IFALIAS), readText),
    arpIgnore: optional(attributes.get(IFLA_AF_SPEC), readArpIgnore),
  };
}

/** Kernels have more settings with each version, at the end: this one has been there since the array has (2.6.37). */
function readArpIgnore(families: Uint8Array): number | undefined {
  const ipv4 = optional(decodeAttributes(families).get(AF_INET), decodeAttributes);
  const settings = ipv4?.get(IFLA_INET_CONF);
  if (settings === undefined) return undefined;
  const at = (IPV4_DEVCONF_ARP_IGNORE - 1) * 4;
  return readU32(settings.subarray(at, at + 4));
}
