/**
 * The envelope of every netlink message, encoded and decoded. Pure; what is inside is its family's (rtnetlink/).
 *
 *   0       4      6       8          12       16
 *   | length | type | flags | sequence | port id | payload, padded to 4 bytes |
 *
 * https://www.rfc-editor.org/rfc/rfc3549#section-2.3.2 · linux/netlink.h
 */
import { RoutingError } from "../routing-error.ts";

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The socket that asked; 0 in notifications. */
  readonly portId: number;
  readonly payload: Uint8Array;
}

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x001;
export const NLM_F_ACK = 0x004;
/** In an answer: the kernel's tables changed during the dump, so it may lack things that are there. */
export const NLM_F_DUMP_INTR = 0x010;
/** ROOT and MATCH: every object, not one. */
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

export const HEADER_BYTES = 16;

// Netlink speaks the host's byte order. Node runs on big-endian hosts, too (s390x); this code does not.
if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) throw new TypeError("netlink codec: little-endian hosts only");

export function encodeMessage(message: NetlinkMessage): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + message.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, message.type, true);
  view.setUint16(6, message.flags, true);
  view.setUint32(8, message.sequence, true);
  view.setUint32(12, message.portId, true);
  bytes.set(message.payload, HEADER_BYTES);
  return bytes;
}

/**
 * All messages of one datagram. Payloads are views of it, not copies.
 * @throws RoutingError KERNEL_ANSWER_MALFORMED for a length that does not fit.
 */
export function decodeMessages(datagram: Uint8Array): readonly NetlinkMessage[] {
  const view = viewOf(datagram);
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset < datagram.length; ) {
    const left = datagram.length - offset;
    const length = left < HEADER_BYTES ? 0 : view.getUint32(offset, true);
    if (length < HEADER_BYTES || length > left) throw malformed(`a message of ${length} bytes where ${left} are left`);
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      portId: view.getUint32(offset + 12, true),
      payload: datagram.subarray(offset + HEADER_BYTES, offset + length),
    });
    offset += aligned(length);
  }
  return messages;
}

/** Lengths exclude the padding that follows them. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The view of a message's fixed part; what follows it are attributes. */
export function fixedPart(payload: Uint8Array, lengthBytes: number): DataView {
  if (payload.length < lengthBytes) throw malformed(`${payload.length} bytes where at least ${lengthBytes} belong`);
  return viewOf(payload);
}

export function malformed(found: string): RoutingError {
  return new RoutingError("KERNEL_ANSWER_MALFORMED", `cannot read a netlink message: ${found}. Please report this.`);
}
