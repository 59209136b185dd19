/**
 * Messages one after the other, as they are sent in one datagram: encoded once, numbered when they are sent. Pure.
 * Their payloads are multiples of 4 long, so that nothing is between them.
 */
import { encodeMessage, HEADER_BYTES, type NetlinkMessage, NLM_F_REQUEST, viewOf } from "./message.ts";

/** What is asked; NLM_F_REQUEST is added here, the sequence number when it is sent. */
export type NetlinkPart = Pick<NetlinkMessage, "type" | "flags" | "payload">;

export interface Datagram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each message begins. */
  readonly offsets: readonly number[];
}

const SEQUENCE = 8;

export function encodeDatagram(parts: readonly NetlinkPart[]): Datagram {
  const bytes = new Uint8Array(parts.reduce((sum, { payload }) => sum + HEADER_BYTES + payload.length, 0));
  const offsets: number[] = [];
  let offset = 0;
  for (const part of parts) {
    const message = encodeMessage({ ...part, flags: part.flags | NLM_F_REQUEST, sequence: 0, portId: 0 });
    bytes.set(message, offset);
    offsets.push(offset);
    offset += message.length;
  }
  return { bytes, offsets };
}

/** In place: the first message gets this sequence number, the others those that follow. */
export function numberMessages({ bytes, offsets }: Datagram, sequence: number): void {
  const view = viewOf(bytes);
  for (let index = 0; index < offsets.length; index += 1)
    view.setUint32((offsets[index] ?? 0) + SEQUENCE, (sequence + index) >>> 0, true);
}
