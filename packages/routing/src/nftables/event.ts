/** Notifications of nf_tables: which table another hand changed. Pure. */
import { readText } from "../netlink/attribute.ts";
import type { NetlinkMessage } from "../netlink/message.ts";
import { OF_TABLE } from "./gate-table.ts";
import { attributesOf, NFT_MSG } from "./message.ts";

/** NFNLGRP_NFTABLES (7) as the bit of nl_groups. */
export const EVENT_GROUP = 1 << 6;

/**
 * Its name; the first attribute of every object is its table. undefined: of the generation's number, which ends each
 * batch, or of an object without a table. An element that lapses is not told.
 * @throws RoutingError KERNEL_ANSWER_MALFORMED
 */
export function changedTable(message: NetlinkMessage): string | undefined {
  if (message.type === NFT_MSG.newGeneration) return undefined;
  const name = attributesOf(message).get(OF_TABLE);
  return name === undefined ? undefined : readText(name);
}
