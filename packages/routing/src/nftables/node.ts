/** Attributes within attributes: how they are written, and whether the kernel still has what was written. Pure. */
import { decodeAttributeList } from "../netlink/attribute.ts";
import { aligned, malformed, viewOf } from "../netlink/message.ts";

/** An attribute whose value is bytes or attributes again. Several of one type are a list. */
export type Node = readonly [type: number, value: Uint8Array | readonly Node[]];

const NLA_F_NESTED = 0x8000;
const LIST_ITEM = 1;
const HEADER_BYTES = 4;

/** A payload: the fixed part, a multiple of 4 long, then the nodes; written once, since a refresh has hundreds of them. */
export function encodePayload(fixed: Uint8Array, nodes: readonly Node[]): Uint8Array {
  const bytes = new Uint8Array(fixed.length + lengthOf(nodes));
  bytes.set(fixed);
  write(nodes, bytes, viewOf(bytes), fixed.length);
  return bytes;
}

function lengthOf(nodes: readonly Node[]): number {
  let length = 0;
  for (const [, value] of nodes) length += HEADER_BYTES + valueLength(value);
  return length;
}

/** With the padding behind it. */
function valueLength(value: Node[1]): number {
  return value instanceof Uint8Array ? aligned(value.length) : lengthOf(value);
}

/** @returns where the next attribute begins. */
function write(nodes: readonly Node[], bytes: Uint8Array, view: DataView, start: number): number {
  let offset = start;
  for (const [type, value] of nodes) {
    const isBytes = value instanceof Uint8Array;
    const within = offset + HEADER_BYTES;
    if (isBytes) bytes.set(value, within);
    const end = isBytes ? within + value.length : write(value, bytes, view, within);
    view.setUint16(offset, end - offset, true);
    view.setUint16(offset + 2, isBytes ? type : type | NLA_F_NESTED, true);
    offset = aligned(end);
  }
  return offset;
}

export function listOf(items: readonly (readonly Node[])[]): readonly Node[] {
  return items.map((item) => [LIST_ITEM, item]);
}

/**
 * Whether all nodes are among the attributes. The kernel's answers have more than was written (handles, counters), and
 * another version may have others: those are not looked at.
 * @throws RoutingError KERNEL_ANSWER_MALFORMED
 */
export function includesNodes(bytes: Uint8Array, nodes: readonly Node[]): boolean {
  const rest = [...decodeAttributeList(bytes)];
  return nodes.every(([type, value]) => {
    const index = rest.findIndex(([there, found]) => there === type && matches(found, value));
    return index !== -1 && rest.splice(index, 1).length === 1;
  });
}

function matches(found: Uint8Array, value: Uint8Array | readonly Node[]): boolean {
  return value instanceof Uint8Array ? equalBytes(found, value) : includesNodes(found, value);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Big-endian, as nf_tables has its numbers. */
export function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** As registers have what the kernel itself puts there: little-endian, as both machines are that this project runs on. */
export function hostNumber32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function number64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function readNumber64(value: Uint8Array): bigint {
  if (value.length !== 8) throw malformed(`a number of ${value.length} bytes where 8 belong`);
  return viewOf(value).getBigUint64(0);
}
