/**
 * Asks each API server by itself for the Lease, over the sidecar's own ways to them: what it answers, with which
 * certificate, and what time it is there. Reads only.
 */
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { ApiServers } from "../../adapters/kube-api/api-servers.ts";
import { type Credentials, CredentialsFile } from "../../adapters/kube-api/credentials.ts";
import { type Endpoint, endpointName } from "../../adapters/kube-api/endpoints.ts";
import { ANSWER_LIMIT_BYTES, type ApiRequest } from "../../adapters/kube-api/exchange.ts";
import { jsonOf } from "../../adapters/kube-api/lease-answers.ts";
import { parseLease } from "../../adapters/kube-api/lease-object.ts";
import { peerAddresses } from "../../adapters/kube-api/peer-addresses.ts";
import { problemOf } from "../../adapters/kube-api/problems.ts";
import type { Config } from "../../config/config.ts";
import type { SidecarError } from "../../sidecar-error.ts";
import type { ApiServerLook, CredentialsLook, LeaseLook } from "../looks.ts";

/** With the look-up of the peers before it less than what the doctor waits for. */
const REQUEST_MS = 2_500;

export function readCredentials({ kubeApi }: Config): Promise<Credentials | SidecarError> {
  return new CredentialsFile(kubeApi.kubeconfigPath).current();
}

export function lookAtCredentials({ expired, certificateEnds }: Credentials): CredentialsLook {
  return { expired, endsInMs: certificateEnds === undefined ? undefined : certificateEnds.getTime() - Date.now() };
}

export async function lookAtApiServers(config: Config, credentials: Credentials): Promise<readonly ApiServerLook[]> {
  const { server = credentials.server, tlsServerName, peersPort } = config.kubeApi;
  const own = lookAt(config, { server, tlsServerName, own: true });
  const found = await peerAddresses(config);
  // The sidecar does without peers that it cannot look up, too.
  const peers = (found.t === "found" ? found.addresses : []).map((host) => {
    const endpoint: Endpoint = { protocol: "https:", host, port: peersPort, tlsServerName: undefined };
    return lookAt(config, {
      server: endpointName(endpoint),
      // In all of vCluster's certificates; the peers' addresses need not be.
      tlsServerName: tlsServerName ?? "kubernetes",
      own: false,
    });
  });
  return Promise.all([own, ...peers]);
}

interface Server {
  readonly server: string;
  readonly tlsServerName: string | undefined;
  readonly own: boolean;
}

async function lookAt(config: Config, { server, tlsServerName, own }: Server): Promise<ApiServerLook> {
  const { kubeconfigPath } = config.kubeApi;
  let problem: SidecarError | undefined;
  const api = new ApiServers({
    kubeconfigPath,
    server,
    tlsServerName,
    peersHost: undefined,
    peersPort: config.kubeApi.peersPort,
    ownAddress: undefined,
    onProblem: (found) => (problem = found),
  });
  try {
    const sentAtMs = performance.now();
    const opened = await api.open(leaseRequest(config), AbortSignal.timeout(REQUEST_MS));
    const tookMs = performance.now() - sentAtMs;
    const none = { name: server, own, clock: undefined, certificateEndsInMs: undefined };
    if (opened.t !== "opened") {
      const sentence = problem ?? problemOf(opened, endpointOf(server), kubeconfigPath);
      return { ...none, lease: failed(sentence, opened.code) };
    }
    const { status, response } = opened;
    const certificateEndsInMs = certificateLife(response);
    const clock = clockOf(response, tookMs);
    const answered = { t: "answered", status, retryAfterMs: undefined, body: await textOf(response) } as const;
    const sentence = problemOf(answered, endpointOf(server), kubeconfigPath);
    const lease = sentence === undefined ? leaseOf(status, answered.body) : failed(sentence, `${status}`);
    return { ...none, clock, certificateEndsInMs, lease };
  } finally {
    api.close();
  }
}

function leaseRequest({ lease: { namespace, name } }: Config): ApiRequest {
  const [inNamespace, named] = [namespace, name].map(encodeURIComponent);
  const path = `/apis/coordination.k8s.io/v1/namespaces/${inNamespace}/leases/${named}`;
  return { verb: "get", method: "GET", path };
}

/** For its name in sentences. */
function endpointOf(server: string): Endpoint {
  const url = new URL(server);
  const port = url.port === "" ? 443 : Number(url.port);
  const protocol = url.protocol === "http:" ? "http:" : "https:";
  return { protocol, host: url.hostname.replace(/^\[|\]$/g, ""), port, tlsServerName: undefined };
}

function leaseOf(status: number, body: string | undefined): LeaseLook {
  if (status === 404) return { t: "missing" };
  const lease = status === 200 ? parseLease(jsonOf(body)) : undefined;
  if (lease === undefined) return failed(undefined, `no Lease, status ${status}`);
  const renewedMs = Date.parse(lease.renewTime ?? "");
  return { t: "found", lease, renewedAgoMs: Number.isNaN(renewedMs) ? undefined : Math.max(0, Date.now() - renewedMs) };
}

function failed(problem: SidecarError | undefined, found: string): LeaseLook {
  if (problem === undefined)
    return {
      t: "failed",
      code: "API_UNREACHABLE",
      message: `its answer is of no use (${found}). See the log of vCluster.`,
    };
  return { t: "failed", code: problem.code, message: problem.message.slice(`${problem.code}: `.length) };
}

/** The server's, which was good when the connection was made. */
function certificateLife({ socket }: IncomingMessage): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const endsMs = Date.parse(socket.getPeerCertificate().valid_to ?? "");
  return Number.isNaN(endsMs) ? undefined : endsMs - Date.now();
}

/** Date (RFC 9110 6.6.1) is cut to whole seconds, and was written at some moment of the exchange. */
function clockOf({ headers }: IncomingMessage, tookMs: number): ApiServerLook["clock"] {
  const dateMs = Date.parse(headers.date ?? "");
  if (Number.isNaN(dateMs)) return undefined;
  return { offsetMs: dateMs + 500 - (Date.now() - tookMs / 2), offByMs: 500 + tookMs / 2 };
}

async function textOf(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_LIMIT_BYTES) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch {
    // Cut off: the status counts all the same.
    return undefined;
  }
}
