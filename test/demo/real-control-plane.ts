/** The control plane as vCluster runs it: a kube-apiserver and an etcd member in every pod, and kubectl for the operator. */
import type { Pod } from "../bed/pod.ts";
import { RealApi } from "../bed/real-api.ts";
import type { Segment } from "../bed/segment.ts";
import { type ControlPlane, LEASE } from "./control-plane.ts";

export class RealControlPlane implements ControlPlane {
  readonly #api: RealApi;

  private constructor(api: RealApi) {
    this.#api = api;
  }

  static async start(segment: Segment, pods: readonly Pod[]): Promise<RealControlPlane> {
    return new RealControlPlane(await RealApi.start(segment, pods));
  }

  kubeconfig(pod: Pod): string {
    return this.#api.replica(pod.name).kubeconfig;
  }

  async rejoin(pod: Pod): Promise<void> {
    await this.#api.rejoin(pod).ready();
  }

  async writeHolder(holderIdentity: string): Promise<void> {
    const patch = JSON.stringify({ spec: { holderIdentity } });
    const [replica] = this.#api.replicas;
    await replica?.kubectl(["patch", "lease", LEASE.name, "-n", LEASE.namespace, "--type=merge", "-p", patch]);
  }
}
