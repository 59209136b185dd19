/**
 * The outside of what replicas send each other by UDP: from whom, to whom, by which path, how often it was counted, and
 * the tag. The tag covers every byte before it and what is not sent: the scope, one Lease and VIP of one cluster. Nothing
 * is read before the tag has been checked. What is inside is message.ts's and greeting.ts's matter.
 *
 *   0  1  version: 1
 *   1  1  kind: of a message 1 to 7, of a greeting 16
 *   2  1  path: 1 segment, 2 pod-network; one that is sent on by another path is no copy
 *   3  1  zero
 *   4  8  counter: rises by one with each message of the sender's life; copies of one message have the same
 *  12  2  length of the sender in bytes
 *  14  2  length of the receiver in bytes; 0: to whoever is at that address, for greetings only
 *  16  2  length of the detail in bytes
 *  18  2  zero
 *  20 24  body
 *  44     sender, receiver, detail: identities of printable ASCII
 *      16  HMAC-SHA-256 of scope length, scope and all before, truncated (RFC 2104 section 5)
 */
import type { QuorumPath } from "./port.ts";

/** HMAC-SHA-256 with the key that only the replicas have: 32 bytes. */
export type Hmac = (bytes: Uint8Array) => Uint8Array;

/** The key, and what it is used for: the same on all replicas of one cluster that serve one VIP by one Lease. */
export interface Seal {
  readonly hmac: Hmac;
  readonly scope: Uint8Array;
}

export interface Packet {
  readonly kind: number;
  readonly path: QuorumPath;
  readonly counter: number;
  readonly sender: string;
  /** "": whoever it is. */
  readonly receiver: string;
  readonly body: Uint8Array;
  readonly detail: string;
}

export type PacketRefusal =
  | "truncated"
  | "oversized"
  | "unknown-version"
  | "forged"
  /** Authentic, and not what a replica of this version writes. */
  | "malformed";

export const BODY_BYTES = 24;
const HEADER_BYTES = 20 + BODY_BYTES;
const TAG_BYTES = 16;
const VERSION = 1;
/** podName (253), podUID (36), bootNonce (8) and two underscores are 299. */
const TEXT_BYTES_MAX = 306;
export const PACKET_BYTES_MIN = HEADER_BYTES + TAG_BYTES;
/** Below IPv6's least MTU of 1280 with its headers (RFC 8200 section 5): no packet is ever a fragment. */
export const PACKET_BYTES_MAX = HEADER_BYTES + 3 * TEXT_BYTES_MAX + TAG_BYTES;

const PRINTABLE = /^[\x21-\x7e]*$/;

/** @throws TypeError for a text that no identity or address is. */
export function encodePacket(packet: Packet, seal: Seal): Uint8Array {
  const texts = [packet.sender, packet.receiver, packet.detail];
  const length = texts.reduce((sum, text) => sum + text.length, HEADER_BYTES);
  const bytes = new Uint8Array(length + TAG_BYTES);
  const view = viewOf(bytes);
  view.setUint8(0, VERSION);
  view.setUint8(1, packet.kind);
  view.setUint8(2, packet.path === "segment" ? 1 : 2);
  view.setBigUint64(4, BigInt(packet.counter));
  bytes.set(packet.body.subarray(0, BODY_BYTES), 20);
  let at = HEADER_BYTES;
  for (const [index, text] of texts.entries()) {
    if (text.length > TEXT_BYTES_MAX || !PRINTABLE.test(text)) throw new TypeError(`no identity: ${text}`);
    view.setUint16(12 + 2 * index, text.length);
    for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
    at += text.length;
  }
  bytes.set(tagOf(bytes.subarray(0, length), seal), length);
  return bytes;
}

export function decodePacket(bytes: Uint8Array, seal: Seal): Packet | PacketRefusal {
  // Cheap and first: what a flood of anything else costs is this.
  if (bytes.length < PACKET_BYTES_MIN) return "truncated";
  if (bytes.length > PACKET_BYTES_MAX) return "oversized";
  if (bytes[0] !== VERSION) return "unknown-version";
  const length = bytes.length - TAG_BYTES;
  if (!isSame(tagOf(bytes.subarray(0, length), seal), bytes.subarray(length))) return "forged";
  return readAuthentic(bytes.subarray(0, length));
}

function readAuthentic(bytes: Uint8Array): Packet | PacketRefusal {
  const view = viewOf(bytes);
  const path = pathOf(view.getUint8(2));
  const counter = safeInteger(view, 4);
  const lengths = [view.getUint16(12), view.getUint16(14), view.getUint16(16)] as const;
  const total = HEADER_BYTES + lengths[0] + lengths[1] + lengths[2];
  if (path === undefined || counter === undefined || total !== bytes.length) return "malformed";
  if (view.getUint8(3) !== 0 || view.getUint16(18) !== 0 || lengths[0] === 0) return "malformed";
  const receiverAt = HEADER_BYTES + lengths[0];
  const detailAt = receiverAt + lengths[1];
  const sender = textOf(bytes.subarray(HEADER_BYTES, receiverAt));
  const receiver = textOf(bytes.subarray(receiverAt, detailAt));
  const detail = textOf(bytes.subarray(detailAt));
  if (sender === undefined || receiver === undefined || detail === undefined) return "malformed";
  const body = bytes.slice(20, HEADER_BYTES);
  return { kind: view.getUint8(1), path, counter, sender, receiver, body, detail };
}

/** Up to 2^53 - 1. */
export function safeInteger(view: DataView, at: number): number | undefined {
  const value = view.getBigUint64(at);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The scope's length is before it: no end of one scope can be read as the beginning of a packet in another. */
function tagOf(bytes: Uint8Array, { hmac, scope }: Seal): Uint8Array {
  const covered = new Uint8Array(2 + scope.length + bytes.length);
  viewOf(covered).setUint16(0, scope.length);
  covered.set(scope, 2);
  covered.set(bytes, 2 + scope.length);
  return hmac(covered).subarray(0, TAG_BYTES);
}

/** Takes the same time wherever they differ: how long a refusal takes tells a forger nothing. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < TAG_BYTES; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

function pathOf(value: number): QuorumPath | undefined {
  if (value === 1) return "segment";
  return value === 2 ? "pod-network" : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > TEXT_BYTES_MAX) return undefined;
  let text = "";
  for (const byte of bytes) {
    if (byte < 0x21 || byte > 0x7e) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
