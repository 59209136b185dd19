/**
 * How two replicas get to know each other, as a packet's body (packet.ts), kind 16. Who gets a nonce sends it back; who
 * gets its own one back knows that the sender lives now (replay.ts). Also says where on the segment the sender is.
 *
 *   0  8  nonce to be echoed; 0: none
 *   8  8  the echoed nonce; 0: none
 *  16  8  zero
 *
 * The detail is the sender's address on the segment, without a zone; empty: it has none.
 */
import { BODY_BYTES, type Packet, viewOf } from "./packet.ts";

export interface Greeting {
  /** 64 random bits, not 0; undefined: the receiver is known already. */
  readonly nonce: bigint | undefined;
  readonly echo: bigint | undefined;
  /** "": none. */
  readonly segmentAddress: string;
}

const GREETING = 16;

export function encodeGreeting({ nonce, echo, segmentAddress }: Greeting): Pick<Packet, "kind" | "body" | "detail"> {
  const body = new Uint8Array(BODY_BYTES);
  const view = viewOf(body);
  view.setBigUint64(0, nonce ?? 0n);
  view.setBigUint64(8, echo ?? 0n);
  return { kind: GREETING, body, detail: segmentAddress };
}

/** Undefined: it is none. */
export function decodeGreeting({ kind, body, detail }: Packet): Greeting | undefined {
  const view = viewOf(body);
  if (kind !== GREETING || view.getBigUint64(16) !== 0n) return undefined;
  const [nonce, echo] = [view.getBigUint64(0), view.getBigUint64(8)];
  return { nonce: nonce || undefined, echo: echo || undefined, segmentAddress: detail };
}
