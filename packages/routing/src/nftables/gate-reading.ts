/** What the kernel has, against what a gate's tables are to be. Decides nothing about it. Pure. */
import type { GateReading, Opening } from "../gate.ts";
import { type Attributes, decodeAttributeList, decodeAttributes } from "../netlink/attribute.ts";
import { type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import { COMMENT_BYTES_MAX, decodeComment } from "./comment.ts";
import { decodeElement, type Element } from "./element.ts";
import { type GateTable, RULE_EXPRESSIONS, TABLE_USER_DATA } from "./gate-table.ts";
import type { GateFamily } from "./message.ts";
import { equalBytes, includesNodes } from "./node.ts";
import { deadlineRule, type Rule, readUntilWallMs } from "./rule.ts";

/** A table of the gate's name and what is in it: as bytes where it is only compared. */
export interface FoundTable {
  readonly family: GateFamily;
  readonly table: Uint8Array;
  /** undefined: there is none of the name. */
  readonly set: Uint8Array | undefined;
  readonly chain: Uint8Array | undefined;
  /** Of the gate's chain. */
  readonly rules: readonly Attributes[];
  /** The rules of the chain with its T. */
  readonly deadline: readonly Attributes[];
  /** Of the gate's set. */
  readonly elements: readonly Attributes[];
}

export interface WantedGate {
  readonly lease: string;
  readonly vip: IpAddress;
  readonly tables: readonly GateTable[];
}

const MARK = "vcluster-kube-vip of Lease ";
/** Bytes that a mark has left for the Lease's name. */
export const LEASE_BYTES_MAX = COMMENT_BYTES_MAX - MARK.length;

/** What makes a table ours, and what `nft list tables` shows as its comment. */
export function markOf(lease: string): string {
  return `${MARK}${lease}`;
}

/** The Lease a table's mark names; undefined: somebody else made it. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function leaseOf({ table }: Pick<FoundTable, "table">): string | undefined {
  const comment = decodeComment(decodeAttributes(table).get(TABLE_USER_DATA) ?? new Uint8Array());
  return comment?.startsWith(MARK) ? comment.slice(MARK.length) : undefined;
}

/** @param found - of every family, the gate's own and others. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function readGate(found: readonly FoundTable[], wanted: WantedGate): GateReading {
  const foreign = foreignTable(found, wanted.tables);
  if (foreign !== undefined) return { t: "foreign", what: foreign };
  const marked = found.filter((table) => leaseOf(table) !== undefined);
  const ofAnother = marked.map((table) => leaseOf(table)).find((lease) => lease !== wanted.lease);
  if (ofAnother !== undefined) return gateOfAnother(marked, ofAnother);
  if (marked.length === 0) return { t: "absent" };
  const what = damage(marked, wanted);
  if (what !== undefined) return { t: "damaged", what };
  const openings = marked.map(openingOf);
  return readOpenings(
    openings.filter((opening) => opening !== undefined),
    wanted,
  );
}

/** A table that stands where one of the gate's has to, without our mark. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function foreignTable(found: readonly FoundTable[], tables: readonly GateTable[]): string | undefined {
  const foreign = tables.find(({ family }) =>
    found.some((table) => table.family === family && leaseOf(table) === undefined),
  );
  return foreign === undefined ? undefined : `table ${foreign.family} ${foreign.name} has not our mark`;
}

/** For another VIP, maybe: whether it is whole is not ours to say. */
function gateOfAnother(found: readonly FoundTable[], lease: string): GateReading {
  const opening = found.map(openingOf).find((one) => one !== undefined);
  return opening === undefined ? { t: "closed", lease } : { t: "open", lease, opening };
}

/** undefined: closed, or not opened as gates are. */
function openingOf({ elements, deadline }: FoundTable): Opening | undefined {
  const [element] = elements.map(decodeElement);
  const untilWallMs = untilOf(deadline);
  // With 0 ms left it lapses while it is read.
  if (element === undefined || element.timeoutMs === 0 || untilWallMs === undefined) return undefined;
  return { holderIdentity: element.holderIdentity, untilWallMs, timeoutMs: element.timeoutMs };
}

function untilOf([first]: readonly Attributes[]): number | undefined {
  return readUntilWallMs(first?.get(RULE_EXPRESSIONS) ?? new Uint8Array());
}

function damage(found: readonly FoundTable[], { tables, vip }: WantedGate): string | undefined {
  const left = found.find(({ family }) => tables.every((table) => table.family !== family));
  if (left !== undefined) return `table ${left.family} is left of another gate`;
  for (const table of tables) {
    const there = found.find(({ family }) => family === table.family);
    const what = there === undefined ? "is missing" : tableDamage(there, table, ipAddressBytes(vip));
    if (what !== undefined) return `table ${table.family} ${table.name} ${what}`;
  }
  return undefined;
}

function tableDamage(found: FoundTable, wanted: GateTable, vip: Uint8Array): string | undefined {
  if (!includesNodes(found.table, wanted.table)) return "is dormant";
  if (found.set === undefined || !includesNodes(found.set, wanted.set)) return "has lost its set, or has another";
  if (found.chain === undefined || !includesNodes(found.chain, wanted.chain))
    return "has lost its chain, or has it elsewhere";
  const untilWallMs = untilOf(found.deadline);
  const deadline = untilWallMs === undefined ? [] : [deadlineRule(untilWallMs)];
  if (!hasRules(found.rules, wanted.rules) || !hasRules(found.deadline, deadline)) return "has other rules";
  const isOurs = (element: Element | undefined): boolean => element !== undefined && equalBytes(element.address, vip);
  if (found.elements.length > 0 && untilWallMs === undefined) return "is open without a deadline";
  const areOurs = found.elements.length <= 1 && found.elements.map(decodeElement).every(isOurs);
  return areOurs ? undefined : "was opened by another hand";
}

function hasRules(found: readonly Attributes[], wanted: readonly Rule[]): boolean {
  if (found.length !== wanted.length) return false;
  return wanted.every((rule, index) => {
    const expressions = decodeAttributeList(found[index]?.get(RULE_EXPRESSIONS) ?? new Uint8Array());
    const isSame = rule.every((expression, at) => {
      const there = expressions[at];
      return there !== undefined && includesNodes(there[1], expression);
    });
    return isSame && expressions.length === rule.length;
  });
}

/** One of each table: opened and closed together, they differ where another hand has been, or for a moment as they lapse. */
function readOpenings(openings: readonly Opening[], { lease, tables }: WantedGate): GateReading {
  const [first] = openings;
  if (first === undefined) return { t: "closed", lease };
  const isSame = ({ holderIdentity, untilWallMs }: Opening): boolean =>
    holderIdentity === first.holderIdentity && untilWallMs === first.untilWallMs;
  if (openings.length !== tables.length || !openings.every(isSame))
    return { t: "damaged", what: "the tables differ in what is open" };
  return {
    t: "open",
    lease,
    opening: { ...first, timeoutMs: Math.min(...openings.map(({ timeoutMs }) => timeoutMs)) },
  };
}
