/**
 * What the gate of this very network namespace says at the start of a life (rule 8): whether an earlier life is still
 * heard for the VIP, and may be adopted; whether another Lease's holder is; or whether all that is there is left over.
 * Pure. Whether the Lease agrees is the election's to find out.
 */
import type { GateReading } from "@vcluster-kube-vip/routing";
import { protocolTaken } from "../vip/words.ts";

export type Inheritance =
  /** Nothing that is heard: whatever carries our marks is swept. */
  | { readonly t: "none" }
  /** Heard on behalf of holderIdentity until untilMs by the own monotonic clock: nothing is touched before. */
  | { readonly t: "inherited"; readonly holderIdentity: string; readonly untilMs: number }
  /** Another Lease's: nothing is touched at all. */
  | { readonly t: "taken"; readonly sentence: string };

export interface Moment {
  /** namespace/name of our Lease. */
  readonly lease: string;
  /** Both clocks, read before the gate was. */
  readonly nowMs: number;
  readonly wallTimeMs: number;
}

export function inheritanceOf(reading: GateReading, { lease, nowMs, wallTimeMs }: Moment): Inheritance {
  if (reading.t !== "open") return { t: "none" };
  // Of others, not even what has only lapsed by a wall clock that may be set back.
  if (reading.lease !== lease) return { t: "taken", sentence: protocolTaken(reading.lease) };
  const { holderIdentity, untilWallMs, timeoutMs } = reading.opening;
  const leftMs = Math.min(timeoutMs, untilWallMs - wallTimeMs);
  return leftMs > 0 ? { t: "inherited", holderIdentity, untilMs: nowMs + leftMs } : { t: "none" };
}
