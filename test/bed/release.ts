/** The names under which the bed's virtual cluster is installed, as vCluster's chart derives them from the release. */
export const RELEASE = "vcluster";
export const HOST_NAMESPACE = "vcluster";
/** Its addresses are those of all replicas' pods. */
export const HEADLESS_SERVICE = `${RELEASE}-headless.${HOST_NAMESPACE}`;

/** Where a pod's 8443 listener speaks from when it asks the pod's own API server. */
export const LISTENER_SOURCE = "127.0.0.2";

export function podName(ordinal: number): string {
  return `${RELEASE}-${ordinal}`;
}

/** A StatefulSet pod's name in DNS. */
export function podHost(name: string): string {
  return `${name}.${HEADLESS_SERVICE}`;
}
