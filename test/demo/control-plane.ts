/**
 * What the demo wants of the virtual cluster's control plane: embedded (embedded-api.ts) or real
 * (real-control-plane.ts). It ends with its sandbox.
 */
import type { Pod } from "../bed/pod.ts";

export interface ControlPlane {
  /** The admin.conf that a pod's sidecar uses. */
  kubeconfig(pod: Pod): string;
  /** Starts the control plane of a pod that came back under its predecessor's name; resolves when it answers. */
  rejoin(pod: Pod): Promise<void>;
  /** An operator's hand: another name in the Lease's spec.holderIdentity. */
  writeHolder(holderIdentity: string): Promise<void>;
}

export const LEASE = { namespace: "kube-system", name: "vcluster-kube-vip" } as const;
