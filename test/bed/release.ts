/** The names under which the bed's virtual cluster is installed, as vCluster's chart derives them from the release. */
export const RELEASE = "vcluster";
export const HOST_NAMESPACE = "vcluster";
/** Its addresses are those of all replicas' pods. */
export const HEADLESS_SERVICE = `${RELEASE}-headless.${HOST_NAMESPACE}`;

export function podName(ordinal: number): string {
  return `${RELEASE}-${ordinal}`;
}

/** A StatefulSet pod's name in DNS. */
export function podHost(name: string): string {
  return `${name}.${HEADLESS_SERVICE}`;
}
