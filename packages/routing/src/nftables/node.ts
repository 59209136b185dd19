/** Attributes within attributes: how they are written, and whether the kernel still has what was written. Pure. */
import { type Attribute, decodeAttributeList, encodePayload } from "../netlink/attribute.ts";
import { malformed, viewOf } from "../netlink/message.ts";

/** An attribute whose value is bytes or attributes again. Several of one type are a list. */
export type Node = readonly [type: number, value: Uint8Array | readonly Node[]];

const NLA_F_NESTED = 0x8000;
const LIST_ITEM = 1;

export function encodeNodes(nodes: readonly Node[]): readonly Attribute[] {
  return nodes.map(([type, value]) =>
    value instanceof Uint8Array
      ? [type, value]
      : [type | NLA_F_NESTED, encodePayload(new DataView(new ArrayBuffer(0)), encodeNodes(value))],
  );
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
