/**
 * The pod's own credentials on the host cluster, as the kubelet mounts them. The token is read for every request: the
 * kubelet replaces it long before its hour is over, and requests are rare.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { SidecarError } from "../../sidecar-error.ts";
import type { Endpoint } from "../kube-api/endpoints.ts";

export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What one request needs; its connection is closed with `agent`. */
export interface HostAccess {
  readonly endpoint: Endpoint;
  readonly namespace: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
}

export interface HostEnvironment {
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

const HTTPS_PORT = 443;

/** undefined: this is no pod of a cluster. */
export function hostEndpoint(environment: HostEnvironment): Endpoint | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || host === "") return undefined;
  return { protocol: "https:", host, port: Number(port) || HTTPS_PORT, tlsServerName: undefined };
}

/** Code: HOST_TOKEN_MISSING. */
export function hostAccess(endpoint: Endpoint, folder: string): HostAccess | SidecarError {
  try {
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    const headers = { Authorization: `Bearer ${read("token").trim()}` };
    const agent = new Agent({ ca: read("ca.crt"), keepAlive: false });
    return { endpoint, namespace: read("namespace").trim(), headers, agent };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return new SidecarError(
      "HOST_TOKEN_MISSING",
      `cannot read the service account's token, CA and namespace in ${folder} (${code}). Without them the deletion of this pod is seen only when it is stopped; set automountServiceAccountToken, or do without.`,
      { fields: { folder } },
    );
  }
}
