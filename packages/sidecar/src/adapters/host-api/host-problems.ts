/** The sentences for what stands between us and the host cluster's API. None of it stops anything. */
import { SidecarError } from "../../sidecar-error.ts";
import { type Endpoint, endpointName } from "../kube-api/endpoints.ts";

const WITHOUT = "Until then the deletion of this pod is seen only when it is stopped";

/** `resource`: pods, statefulsets. */
export function refusedByHost(endpoint: Endpoint, status: number, resource: string): SidecarError {
  const server = endpointName(endpoint);
  const fields = { server, resource };
  if (status === 401 || status === 403) {
    return new SidecarError(
      "HOST_API_FORBIDDEN",
      `the host cluster's ${server} does not let this pod's service account see its ${resource} (${status}). Allow get, list and watch of ${resource} in its namespace. ${WITHOUT}.`,
      { fields },
    );
  }
  return hostUnreachable(endpoint, String(status));
}

export function hostUnreachable(endpoint: Endpoint, reason: string): SidecarError {
  const server = endpointName(endpoint);
  return new SidecarError(
    "HOST_API_UNREACHABLE",
    `the host cluster's ${server} gives no use for a watch (${reason}). It is asked again. ${WITHOUT}.`,
    { fields: { server } },
  );
}
