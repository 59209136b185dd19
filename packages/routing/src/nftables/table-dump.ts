/** Reads the tables of one name out of the kernel, as of one moment. Knows what is asked, not what it should be. */
import { constants } from "node:os";
import { type Attributes, text } from "../netlink/attribute.ts";
import type { NetlinkMessage } from "../netlink/message.ts";
import type { NetlinkConnection } from "../netlink/netlink-connection.ts";
import { RoutingError } from "../routing-error.ts";
import { elementsOf } from "./element.ts";
import type { FoundTable } from "./gate-reading.ts";
import { CHAIN, CHAIN_NAME, OF_TABLE, RULE_CHAIN, SET_NAME } from "./gate-table.ts";
import { attributeBytes, attributesOf, encodeNft, GATE_FAMILIES, type GateFamily, NFT_MSG } from "./message.ts";
import { equalBytes, type Node } from "./node.ts";
import { gateRefusal } from "./outcome.ts";
import { DEADLINE_CHAIN, OPEN_SET } from "./rule.ts";

const WHAT = "read the gate";
/** How often a reading is begun in all when another hand changes nf_tables meanwhile. */
const ATTEMPTS_MAX = 4;
const { ENOENT } = constants.errno;

/**
 * Those that are there, of every family that a gate may have.
 * @throws RoutingError KERNEL_BUSY: the kernel's tables do not stand still. Else as NetlinkConnection's.
 */
export async function dumpTables(connection: NetlinkConnection, name: string): Promise<readonly FoundTable[]> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const before = await generation(connection);
    const tables: FoundTable[] = [];
    for (const family of GATE_FAMILIES) {
      const table = await dumpTable(connection, family, name);
      if (table !== undefined) tables.push(table);
    }
    // The kernel counts the transactions: the same number says that all was read between two of them.
    if (equalBytes(before, await generation(connection))) return tables;
  }
  throw restless();
}

async function dumpTable(
  connection: NetlinkConnection,
  family: GateFamily,
  name: string,
): Promise<FoundTable | undefined> {
  const ofTable: Node = [OF_TABLE, text(name)];
  const get = async (type: number, nodes: readonly Node[]): Promise<Uint8Array | undefined> => {
    const { errno, messages } = await connection.verb({
      ...encodeNft(type, 0, family, [ofTable, ...nodes]),
      what: WHAT,
    });
    return only(errno, messages).map(attributeBytes)[0];
  };
  const dump = async (type: number, node: Node): Promise<readonly Attributes[]> => {
    const request = encodeNft(type, 0, family, [ofTable, node]);
    const { errno, messages, complete } = await connection.dump({ ...request, what: WHAT });
    if (!complete) throw restless();
    return only(errno, messages).map(attributesOf);
  };
  const table = await get(NFT_MSG.getTable, []);
  if (table === undefined) return undefined;
  const set = await get(NFT_MSG.getSet, [[SET_NAME, text(OPEN_SET)]]);
  const chain = await get(NFT_MSG.getChain, [[CHAIN_NAME, text(CHAIN)]]);
  const rules = chain === undefined ? [] : await dump(NFT_MSG.getRule, [RULE_CHAIN, text(CHAIN)]);
  // None where there is no such chain.
  const deadline = await dump(NFT_MSG.getRule, [RULE_CHAIN, text(DEADLINE_CHAIN)]);
  const elements = set === undefined ? [] : await dump(NFT_MSG.getElement, [SET_NAME, text(OPEN_SET)]);
  return { family, table, set, chain, rules, deadline, elements: elements.flatMap(elementsOf) };
}

async function generation(connection: NetlinkConnection): Promise<Uint8Array> {
  const request = encodeNft(NFT_MSG.getGeneration, 0, "netdev", []);
  const { errno, kernelText, messages } = await connection.verb({ ...request, what: WHAT });
  const [message] = messages;
  if (message === undefined) throw gateRefusal({ errno, kernelText }, WHAT);
  return attributesOf(message).get(1) ?? new Uint8Array();
}

/** Nothing where there is none of the name. */
function only(errno: number, messages: readonly NetlinkMessage[]): readonly NetlinkMessage[] {
  if (errno === 0) return messages;
  if (errno === ENOENT) return [];
  throw gateRefusal({ errno, kernelText: undefined }, WHAT);
}

function restless(): RoutingError {
  return new RoutingError(
    "KERNEL_BUSY",
    `cannot ${WHAT}: nf_tables does not stand still, other hands change it. Retry.`,
  );
}
