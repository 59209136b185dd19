/**
 * Frames that spoke for the VIP from a replica that was not the Lease's holder at that moment: capture against audit
 * log, two observers that know nothing of each other. No I/O.
 */
import type { CapturedFrame } from "../capture.ts";
import type { LeaseWrite } from "../lease-history.ts";

export interface FrameOfOther {
  readonly wallMs: number;
  readonly mac: string;
  /** Whose the Lease was; "": nobody's. */
  readonly holderIdentity: string;
}

/** A hand on the Lease is heard of through a watch; a Lease that its holder gives away is silent before. */
const HEARD_WITHIN_MS = 50;

/** `uidOf`: the pod that has (or had) this MAC address. Frames of unknown machines are not judged. */
export function framesOfOthers(
  frames: readonly CapturedFrame[],
  history: readonly LeaseWrite[],
  uidOf: (mac: string) => string | undefined,
  heardWithinMs = HEARD_WITHIN_MS,
): readonly FrameOfOther[] {
  const changes = history.filter(
    ({ lease, verb, status }) => lease !== undefined || (verb === "delete" && status < 300),
  );
  return frames.flatMap(({ wallMs, bytes }) => {
    const mac = macOf(bytes);
    const uid = uidOf(mac);
    if (uid === undefined || holds(uid, wallMs, changes, heardWithinMs)) return [];
    const last = changes.findLast(({ answeredWallMs }) => answeredWallMs < wallMs);
    return last === undefined ? [] : [{ wallMs, mac, holderIdentity: last.lease?.holderIdentity ?? "" }];
  });
}

/** From the arrival of a write that names it (its answer is written down late) to the answer of one that does not. */
function holds(uid: string, wallMs: number, changes: readonly LeaseWrite[], heardWithinMs: number): boolean {
  return changes.some(({ lease, receivedWallMs }, index) => {
    if (!lease?.holderIdentity.includes(uid) || receivedWallMs > wallMs) return false;
    const next = changes[index + 1];
    return next === undefined || wallMs <= next.answeredWallMs + (isByHand(next) ? heardWithinMs : 0);
  });
}

function isByHand({ userAgent, verb }: LeaseWrite): boolean {
  return verb === "delete" || !userAgent.startsWith("vcluster-kube-vip");
}

/** The sender of an ARP frame, by its own words (RFC 826: sender hardware address). */
function macOf(frame: Uint8Array): string {
  return Buffer.from(frame.subarray(22, 28))
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1:");
}
