/** The sentences for what stands between us and the API: one table, so that log, status and docs say the same. */
import { SidecarError } from "../../sidecar-error.ts";
import { type Endpoint, endpointName } from "./endpoints.ts";
import type { Answer } from "./exchange.ts";

/** undefined: the answer is none of the operator's business (a conflict, a missing Lease, an overload). */
export function problemOf(answer: Answer, endpoint: Endpoint, kubeconfigPath: string): SidecarError | undefined {
  const server = endpointName(endpoint);
  const problem = (code: string, message: string): SidecarError =>
    new SidecarError(code, message, { fields: { server } });
  if (answer.t === "answered") {
    switch (answer.status) {
      case 401:
        return problem(
          "API_UNAUTHORIZED",
          `${server} does not know the credentials in ${kubeconfigPath} (401). The file is read again before each try; if this stays, it belongs to another cluster or has expired.`,
        );
      case 403:
        return problem(
          "API_FORBIDDEN",
          `${server} does not let the user of ${kubeconfigPath} use the Lease (403). Allow get, list, watch, create and update of leases.coordination.k8s.io in its namespace.`,
        );
      default:
        return undefined;
    }
  }
  if (isTlsFailure(answer.code)) {
    return problem(
      "API_CERTIFICATE_REJECTED",
      `the certificate of ${server} does not fit the CA in ${kubeconfigPath} (${answer.code}). At a first boot vCluster replaces its CA once, and the file is read again; if this stays, the file belongs to another cluster.`,
    );
  }
  return problem(
    "API_UNREACHABLE",
    `${server} gives no answer (${answer.code}). It is asked again; see the log of vCluster in the same pod.`,
  );
}

/** Renewals work; what fails is to find the servers that could be asked while our own is down. */
export function peersForbidden(endpoint: Endpoint, kubeconfigPath: string): SidecarError {
  const server = endpointName(endpoint);
  return new SidecarError(
    "API_PEERS_FORBIDDEN",
    `${server} does not let the user of ${kubeconfigPath} read the EndpointSlice default/kubernetes (403), so the other API servers are unknown. Allow get of endpointslices.discovery.k8s.io in default, or set peersHost.`,
    { fields: { server } },
  );
}

/** Whether the kubeconfig may be an old one. */
export function isCredentialFailure(answer: Answer): boolean {
  return answer.t === "answered" ? answer.status === 401 : isTlsFailure(answer.code);
}

/** OpenSSL's verification results and Node's and OpenSSL's own errors, by their code. */
function isTlsFailure(code: string): boolean {
  return /CERT|UNABLE_TO_|SELF_SIGNED|^ERR_TLS|^ERR_SSL|^ERR_OSSL|SIGNATURE_FAILURE|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH/.test(
    code,
  );
}
