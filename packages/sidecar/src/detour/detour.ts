/**
 * When connections that begin at the VIP go by another replica's API server: as long as they still arrive here, and the own
 * one is dead, hangs, or ends with this pod. Nobody waits then for the VIP to move, nor for etcd. Pure.
 */
import type { DetourTarget } from "@vcluster-kube-vip/routing";
import { faultOf, type HealthState } from "../health/health.ts";
import type { VipState } from "../vip/vip.ts";

/** The port to it, implemented by adapters/detour/vip-detour.ts. No method rejects. */
export interface VipDetour {
  /** Somebody is known to live who could be reached: who is cut off from all others may be well himself. */
  readonly hasPeers: boolean;
  /** Looks whether this kernel can; and away with what an earlier life left. */
  prepare(): Promise<DetourOutcome>;
  /** For `timeoutMs` from now on, by the kernel's clock; again: for as long anew. */
  open(target: DetourTarget, timeoutMs: number): Promise<DetourOutcome>;
  /** Those that went by it end with a reset. */
  close(): Promise<DetourOutcome>;
}

export type DetourOutcome =
  | { readonly t: "done" }
  | { readonly t: "failed"; readonly code: string; readonly message: string };

/** Why connections take another way; undefined: they do not. */
export function detourReason(vip: VipState["t"], health: HealthState): string | undefined {
  if (!isServedHere(vip)) return undefined;
  if (health.leaving !== undefined) return health.leaving;
  const fault = faultOf(health);
  return fault?.cause === "server-dead" || fault?.cause === "server-hung" ? fault.detail : undefined;
}

/** Connections arrive here. A muted replica is not answered for, and still known to many. */
function isServedHere(vip: VipState["t"]): boolean {
  return vip === "held" || vip === "muting" || vip === "muted";
}
