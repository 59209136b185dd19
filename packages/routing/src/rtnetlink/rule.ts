/**
 * Policy rules on the wire: struct fib_rule_hdr and FRA_ attributes (linux/fib_rules.h). Pure.
 *
 *   0        1          2          3     4       5          7        8
 *   | family | dst bits | src bits | tos | table | reserved | action | flags |
 */
import type { Family, Rule } from "../model.ts";
import {
  type Attribute,
  decodeAttributes,
  encodePayload,
  optional,
  readU8,
  readU32,
  u8,
  u32,
} from "../netlink/attribute.ts";
import { fixedPart } from "../netlink/message.ts";
import { ipAddressBytes } from "../values/ip-address.ts";
import { ipPrefix, networkAddress, prefixLength } from "../values/ip-prefix.ts";
import { familyNumber, familyOfNumber, readIpAddress } from "./family.ts";

const FIXED_BYTES = 12;
const FRA_SRC = 2;
const FRA_PRIORITY = 6;
const FRA_SUPPRESS_PREFIXLEN = 14;
const FRA_TABLE = 15;
const FRA_PROTOCOL = 21;
const FR_ACT_TO_TBL = 1;
const FIB_RULE_INVERT = 0x2;
const NOT_SUPPRESSED = 0xffff_ffff;
const RT_TABLE_COMPAT = 252;
/** All that a Rule can say. Any other attribute (iif, fwmark, uid range, …) makes the rule match less than it would seem. */
const KNOWN = new Set([FRA_SRC, FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_PROTOCOL]);

/** Every rule of a family. */
export function encodeRuleDump(family: Family): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(family));
  return encodePayload(fixed, []);
}

/** For adding and deleting: the kernel looks for all that is given. */
export function encodeRule(rule: Rule): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(rule.family));
  fixed.setUint8(2, rule.source === undefined ? 0 : prefixLength(rule.source));
  fixed.setUint8(4, rule.table > 255 ? RT_TABLE_COMPAT : rule.table);
  fixed.setUint8(7, FR_ACT_TO_TBL);
  const attributes: Attribute[] = [
    [FRA_PRIORITY, u32(rule.priority)],
    [FRA_TABLE, u32(rule.table)],
    [FRA_PROTOCOL, u8(rule.protocol)],
  ];
  if (rule.source !== undefined) attributes.push([FRA_SRC, ipAddressBytes(networkAddress(rule.source))]);
  return encodePayload(fixed, attributes);
}

/** @returns undefined for what a Rule cannot say. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeRule(payload: Uint8Array): Rule | undefined {
  const fixed = fixedPart(payload, FIXED_BYTES);
  const family = familyOfNumber(fixed.getUint8(0));
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  if (family === undefined || isSelective(fixed) || [...attributes.keys()].some((type) => !KNOWN.has(type)))
    return undefined;
  const suppressed = optional(attributes.get(FRA_SUPPRESS_PREFIXLEN), readU32) ?? NOT_SUPPRESSED;
  if (suppressed !== NOT_SUPPRESSED) return undefined;
  const source = optional(attributes.get(FRA_SRC), readIpAddress);
  return {
    family,
    // The kernel leaves out a priority of 0.
    priority: optional(attributes.get(FRA_PRIORITY), readU32) ?? 0,
    source: source === undefined ? undefined : ipPrefix(source, fixed.getUint8(2)),
    table: optional(attributes.get(FRA_TABLE), readU32) ?? fixed.getUint8(4),
    // Absent before Linux 4.17: as if the boot scripts had made it.
    protocol: optional(attributes.get(FRA_PROTOCOL), readU8) ?? 0,
  };
}

/** By destination or TOS, not a lookup, or "not from". */
function isSelective(fixed: DataView): boolean {
  const isLookup = fixed.getUint8(7) === FR_ACT_TO_TBL;
  const isInverted = (fixed.getUint32(8, true) & FIB_RULE_INVERT) !== 0;
  return fixed.getUint8(1) !== 0 || fixed.getUint8(3) !== 0 || !isLookup || isInverted;
}
