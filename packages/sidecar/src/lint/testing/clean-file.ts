/** A vcluster.yaml with everything right, and parts of it, for tests that change one thing. */

/** Nothing is wrong with it: the block with the overlay's container, as it would be after merging by hand. */
export const CLEAN = `privateNodes:
  enabled: true
controlPlane:
  endpoint: 10.100.0.100:8443
  backingStore:
    etcd:
      embedded:
        enabled: true
  statefulSet:
    highAvailability:
      replicas: 3
    pods:
      annotations:
        k8s.v1.cni.cncf.io/networks: vcluster-platform/private-vcluster
    sidecarContainers:
      - name: vcluster-kube-vip
        securityContext:
          runAsUser: 0
          capabilities: {drop: [ALL], add: [NET_ADMIN, NET_RAW]}
  advanced:
    kubeVip:
      enabled: false
      interface: net1
      gateway: 10.100.0.1/24
networking:
  podCIDR: 10.64.0.0/16
  serviceCIDR: 10.128.0.0/16
`;

export const POD_ANNOTATION = `    pods:
      annotations:
        k8s.v1.cni.cncf.io/networks: vcluster-platform/private-vcluster
`;
export const SIDECAR = CLEAN.slice(CLEAN.indexOf("    sidecarContainers"), CLEAN.indexOf("  advanced"));
export const STORE = CLEAN.slice(CLEAN.indexOf("  backingStore"), CLEAN.indexOf("  statefulSet"));

/** The clean file with some of its text replaced, one after the other. */
export function changed(...replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new TypeError(`no "${from}" in the clean file`);
    return text.replace(from, () => to);
  }, CLEAN);
}
