/**
 * The neighbour tables on the wire: struct ndtmsg and NDTA_ attributes, of which ndt_config and ndt_stats are structs
 * again (linux/neighbour.h). A dump has a message for each table and one for each link's parameters; only the first
 * kind counts. Pure. Reads only.
 */
import type { Family, NeighbourTable } from "../model.ts";
import { decodeAttributes, encodePayload, readU32 } from "../netlink/attribute.ts";
import { fixedPart } from "../netlink/message.ts";
import { familyNumber, familyOfNumber } from "./family.ts";

const FIXED_BYTES = 4;
const NDTA_THRESH3 = 4;
const NDTA_CONFIG = 5;
const NDTA_STATS = 7;
/** ndt_config: key length, entry size (u16 each), entries, … */
const ENTRIES_AT = 4;
const CONFIG_BYTES = 8;
/** ndt_stats: ten counters of eight bytes before ndts_table_fulls, which Linux 4.9 and later have. */
const FULLS_AT = 80;
const STATS_BYTES = 88;

export function encodeNeighbourTableDump(family: Family): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(FIXED_BYTES));
  fixed.setUint8(0, familyNumber(family));
  return encodePayload(fixed, []);
}

/** @returns undefined for a link's parameters and other families. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeNeighbourTable(payload: Uint8Array): NeighbourTable | undefined {
  const family = familyOfNumber(fixedPart(payload, FIXED_BYTES).getUint8(0));
  const attributes = decodeAttributes(payload.subarray(FIXED_BYTES));
  const [most, config, stats] = [NDTA_THRESH3, NDTA_CONFIG, NDTA_STATS].map((type) => attributes.get(type));
  if (family === undefined || most === undefined || config === undefined || stats === undefined) return undefined;
  return {
    family,
    entries: fixedPart(config, CONFIG_BYTES).getUint32(ENTRIES_AT, true),
    entriesMax: readU32(most),
    overflows: Number(fixedPart(stats, STATS_BYTES).getBigUint64(FULLS_AT, true)),
  };
}
