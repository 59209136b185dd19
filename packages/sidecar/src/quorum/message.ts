/**
 * Probe, heartbeat, challenge and their answers as a packet's body (packet.ts).
 *
 *   0  8  sequence
 *   8  8  term
 *  16  4  leaseTransitions
 *  20  4  promiseDurationMs
 *
 * The detail is the holderIdentity.
 */
import { BODY_BYTES, type Packet, safeInteger, viewOf } from "./packet.ts";
import type { QuorumMessage, QuorumMessageKind } from "./port.ts";

/** On the wire from 1; an answer is told from what it answers by its kind, so nobody's message can be sent back to them. */
const KINDS: readonly QuorumMessageKind[] = [
  "probe",
  "probe-answer",
  "heartbeat",
  "promise",
  "challenge",
  "help",
  "refusal",
];
const UINT32_MAX = 0xffff_ffff;

/** @throws TypeError for a number that no machine here makes: negative, broken or too large. */
export function encodeMessage(message: QuorumMessage): Pick<Packet, "kind" | "body" | "detail"> {
  const { kind, sequence, term, leaseTransitions, promiseDurationMs, holderIdentity } = message;
  const body = new Uint8Array(BODY_BYTES);
  const view = viewOf(body);
  view.setBigUint64(0, BigInt(within(sequence, Number.MAX_SAFE_INTEGER)));
  view.setBigUint64(8, BigInt(within(term, Number.MAX_SAFE_INTEGER)));
  view.setUint32(16, within(leaseTransitions, UINT32_MAX));
  view.setUint32(20, within(promiseDurationMs, UINT32_MAX));
  return { kind: KINDS.indexOf(kind) + 1, body, detail: holderIdentity };
}

/** Undefined: it is none. The sender is whom the tag has shown. */
export function decodeMessage({ kind: number, body, detail, sender }: Packet): QuorumMessage | undefined {
  const kind = KINDS[number - 1];
  const view = viewOf(body);
  const sequence = safeInteger(view, 0);
  const term = safeInteger(view, 8);
  if (kind === undefined || sequence === undefined || term === undefined) return undefined;
  const [leaseTransitions, promiseDurationMs] = [view.getUint32(16), view.getUint32(20)];
  return { kind, sender, sequence, term, leaseTransitions, promiseDurationMs, holderIdentity: detail };
}

function within(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new TypeError(`no number for the wire: ${value}`);
  return value;
}
