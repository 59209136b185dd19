/**
 * The typed values that follow the fixed part of a netlink message. Pure.
 *
 *   0       2      4
 *   | length | type | value, padded to 4 bytes |
 *
 * A value may hold attributes again; the two highest bits of the type only hint at what the value is.
 * linux/netlink.h, struct nlattr
 */
import { aligned, malformed, viewOf } from "./message.ts";

export type Attribute = readonly [type: number, value: Uint8Array];
export type Attributes = ReadonlyMap<number, Uint8Array>;

const HEADER_BYTES = 4;
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const TYPE_MASK = 0x3fff;

/** A payload: the fixed part, then the attributes. The fixed parts that exist are multiples of 4 long. */
export function encodePayload(fixed: DataView<ArrayBuffer>, attributes: readonly Attribute[]): Uint8Array<ArrayBuffer> {
  const encoded = encodeAttributes(attributes);
  const bytes = new Uint8Array(fixed.byteLength + encoded.length);
  bytes.set(new Uint8Array(fixed.buffer));
  bytes.set(encoded, fixed.byteLength);
  return bytes;
}

/** What a value that holds attributes again consists of. */
export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array<ArrayBuffer> {
  const length = attributes.reduce((sum, [, value]) => sum + HEADER_BYTES + aligned(value.length), 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [type, value] of attributes) {
    view.setUint16(offset, HEADER_BYTES + value.length, true);
    view.setUint16(offset + 2, type, true);
    bytes.set(value, offset + HEADER_BYTES);
    offset += HEADER_BYTES + aligned(value.length);
  }
  return bytes;
}

/**
 * Of two attributes of one type the last stands, as in the kernel.
 * @throws RoutingError KERNEL_ANSWER_MALFORMED for a length that does not fit.
 */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  return new Map(decodeAttributeList(bytes));
}

/** In their order, where several of one type are a list. @throws as `decodeAttributes` */
export function decodeAttributeList(bytes: Uint8Array): readonly Attribute[] {
  const view = viewOf(bytes);
  const attributes: Attribute[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const left = bytes.length - offset;
    const length = left < HEADER_BYTES ? 0 : view.getUint16(offset, true);
    if (length < HEADER_BYTES || length > left)
      throw malformed(`an attribute of ${length} bytes where ${left} are left`);
    const type = view.getUint16(offset + 2, true) & TYPE_MASK;
    attributes.push([type, bytes.subarray(offset + HEADER_BYTES, offset + length)]);
    offset += aligned(length);
  }
  return attributes;
}

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

/** Closed by a zero, as the kernel wants strings. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

export function readU8(value: Uint8Array): number {
  if (value.length !== 1) throw malformed(`a u8 of ${value.length} bytes`);
  return viewOf(value).getUint8(0);
}

export function readU32(value: Uint8Array): number {
  if (value.length !== 4) throw malformed(`a u32 of ${value.length} bytes`);
  return viewOf(value).getUint32(0, true);
}

/** Up to the first zero. */
export function readText(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end === -1 ? value : value.subarray(0, end));
}

/** `undefined` where the attribute is absent. */
export function optional<T>(value: Uint8Array | undefined, read: (value: Uint8Array) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}
