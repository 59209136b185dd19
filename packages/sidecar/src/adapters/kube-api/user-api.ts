/**
 * The API as a person reaches it: with kubectl's files, context and server. For commands: each request is tried once,
 * and nothing is followed or kept warm.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { SidecarError } from "../../sidecar-error.ts";
import { Connections } from "./connections.ts";
import { type Credentials, credentialsFrom, parseKubeconfig } from "./credentials.ts";
import { type Endpoint, endpointName } from "./endpoints.ts";
import { type Answer, exchange } from "./exchange.ts";
import { problemOf } from "./problems.ts";

export interface UserAccess {
  /** Default, as kubectl's: the files of $KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig: string | undefined;
  /** Default: the current one. */
  readonly context: string | undefined;
}

const TIMEOUT_MS = 5_000;
/** The sidecar's words tell what it will do about it; a command does nothing. */
const WHAT_IT_DOES: Readonly<Record<string, string>> = {
  API_UNAUTHORIZED: "does not know the credentials of",
  API_FORBIDDEN: "does not let anybody read the Lease with the credentials of",
  API_CERTIFICATE_REJECTED: "has a certificate that does not fit the CA of",
  API_UNREACHABLE: "gives no answer; it is the server of",
};

/** Owns its connections until close(). */
export class UserApi {
  readonly #connections = new Connections();
  readonly #path: string;
  readonly #credentials: Credentials;
  readonly #endpoint: Endpoint;
  /** Of the server's URL: an API behind a proxy of many clusters. */
  readonly #prefix: string;

  private constructor(path: string, credentials: Credentials, server: URL) {
    this.#path = path;
    this.#credentials = credentials;
    const protocol = server.protocol === "http:" ? "http:" : "https:";
    const port = server.port === "" ? (protocol === "https:" ? 443 : 80) : Number(server.port);
    const host = server.hostname.replace(/^\[|\]$/g, "");
    this.#endpoint = { protocol, host, port, tlsServerName: credentials.tlsServerName };
    this.#prefix = server.pathname.replace(/\/$/, "");
  }

  /** @throws SidecarError KUBECONFIG_MISSING, KUBECONFIG_INVALID, KUBECONFIG_AUTH_FAILED, API_SERVER_INVALID */
  static async open({ kubeconfig, context }: UserAccess, env: NodeJS.ProcessEnv = process.env): Promise<UserApi> {
    const paths = kubeconfig === undefined ? defaultPaths(env) : [kubeconfig];
    const path = paths.join(delimiter);
    const merged = mergedKubeconfig(paths);
    if (context !== undefined) merged.setCurrentContext(context);
    const credentials = await credentialsFrom(path, merged);
    const server = URL.parse(credentials.server);
    if (server !== null && /^https?:$/.test(server.protocol)) return new UserApi(path, credentials, server);
    const sentence = `the server in ${path} is no URL of the form https://host:port. Correct it there.`;
    throw new SidecarError("API_SERVER_INVALID", sentence);
  }

  /** Never rejects. */
  get(path: string): Promise<Answer> {
    const line = {
      agent: this.#connections.agent(this.#endpoint, this.#credentials),
      headers: this.#credentials.headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    return exchange(this.#endpoint, { verb: "get", method: "GET", path: `${this.#prefix}${path}` }, line);
  }

  /** What stands between the person and the API, in a sentence; undefined: the answer is none of it. */
  problemOf(answer: Answer): string | undefined {
    const { code } = problemOf(answer, this.#endpoint, this.#path) ?? {};
    if (code === undefined) return undefined;
    const found = answer.t === "answered" ? answer.status : answer.code;
    return `${code}: ${endpointName(this.#endpoint)} ${WHAT_IT_DOES[code]} ${this.#path} (${found})`;
  }

  close(): void {
    this.#connections.close();
  }
}

/** Those that are there, as kubectl takes them. */
function defaultPaths({ KUBECONFIG = "" }: NodeJS.ProcessEnv): readonly string[] {
  const named = KUBECONFIG.split(delimiter).filter((path) => path !== "" && existsSync(path));
  const [path] = named.length > 0 ? named : [join(homedir(), ".kube", "config")];
  if (path !== undefined && existsSync(path)) return named.length > 0 ? named : [path];
  throw new SidecarError(
    "KUBECONFIG_MISSING",
    `there is no kubeconfig: neither $KUBECONFIG nor ${path} is there. Give --kubeconfig, with the virtual cluster's.`,
  );
}

/** As kubectl merges them: whoever is first to name a cluster, user, context or the current context wins. */
function mergedKubeconfig(paths: readonly string[]): KubeConfig {
  const all = paths.map(parseKubeconfig);
  const merged = new KubeConfig();
  merged.clusters = firstOfEach(all.flatMap(({ clusters }) => clusters ?? []));
  merged.users = firstOfEach(all.flatMap(({ users }) => users ?? []));
  merged.contexts = firstOfEach(all.flatMap(({ contexts }) => contexts ?? []));
  merged.setCurrentContext(all.find(({ currentContext }) => currentContext)?.currentContext ?? "");
  return merged;
}

function firstOfEach<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...new Map(items.toReversed().map((item) => [item.name, item])).values()].reverse();
}
