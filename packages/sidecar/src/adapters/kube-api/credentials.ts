/**
 * The kubeconfig as TLS options and headers, kept up to date. vCluster's replicas each write a CA of their own at the
 * first boot and overwrite it with the winner's: a file read too early belongs to a dead CA, so it is read again when it
 * changed and after a 401 or a TLS failure. Parsing, contexts, tokens and exec plugins are client-node's KubeConfig.
 */
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { validateHeaderValue } from "node:http";
import type { RequestOptions } from "node:https";
import { dirname } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Cluster, KubeConfig, type User } from "@kubernetes/client-node";
import { SidecarError } from "../../sidecar-error.ts";

export interface Credentials {
  /** The kubeconfig's server. */
  readonly server: string;
  /** The kubeconfig's tls-server-name. */
  readonly tlsServerName: string | undefined;
  readonly secureContext: SecureContext;
  /** Two with the same digest may share connections. */
  readonly digest: string;
  /** False for insecure-skip-tls-verify. */
  readonly verifyServer: boolean;
  /** Authorization, impersonation. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client certificate's end; undefined: there is none, but a token or the like. */
  readonly certificateEnds: Date | undefined;
  /** The client certificate has ended, as far as this machine's clock knows. The API server decides. */
  readonly expired: SidecarError | undefined;
}

const FILE_LIMIT_BYTES = 1_000_000;
/** A rejected credential is looked for again in the file no more often than this. */
const REREAD_MS = 1000;
/** Tokens of exec plugins and token files run out without the kubeconfig changing; client-go's habit. */
const DYNAMIC_MS = 60_000;
const EXEC_TIMEOUT_MS = 10_000;

interface Loaded {
  readonly stamp: string;
  /** Certificates and keys that are not in the kubeconfig, but named there. */
  readonly named: readonly string[];
  readonly namedStamps: string;
  readonly atMs: number;
  readonly dynamic: boolean;
  readonly result: Credentials | SidecarError;
}

/** One kubeconfig file. A file that went bad is a problem, not an end: the last good credentials stay in use. */
export class CredentialsFile {
  readonly #path: string;
  #good: Credentials | undefined;
  #problem: SidecarError | undefined;
  #loaded: Loaded | undefined;
  #loading: Promise<void> | undefined;
  #doubted = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is wrong with the file, as of the last call of current(). */
  get problem(): SidecarError | undefined {
    return this.#problem;
  }

  /** An error only until the first good file: KUBECONFIG_MISSING, KUBECONFIG_INVALID, KUBECONFIG_AUTH_FAILED. */
  async current(): Promise<Credentials | SidecarError> {
    const stamp = stampOf(this.#path);
    if (stamp instanceof SidecarError) this.#problem = stamp;
    else if (this.#loaded === undefined || this.#isStale(this.#loaded, stamp)) {
      this.#loading ??= this.#load(stamp);
      await this.#loading;
    }
    return this.#good ?? this.#problem ?? invalid(this.#path, "it was not read");
  }

  /** The API server did not take them, or we did not take its certificate: read the file again before the next use. */
  doubt(): void {
    this.#doubted = true;
  }

  #isStale(loaded: Loaded, stamp: string): boolean {
    const ageMs = performance.now() - loaded.atMs;
    if (loaded.stamp !== stamp || loaded.namedStamps !== stampsOf(loaded.named)) return true;
    return (this.#doubted && ageMs >= REREAD_MS) || (loaded.dynamic && ageMs >= DYNAMIC_MS);
  }

  async #load(stamp: string): Promise<void> {
    this.#doubted = false;
    const loaded = await load(this.#path, stamp);
    this.#loaded = loaded;
    this.#loading = undefined;
    if (loaded.result instanceof SidecarError) this.#problem = loaded.result;
    else {
      this.#problem = undefined;
      this.#good = loaded.result;
    }
  }
}

/** Changes whenever the kubeconfig was written or replaced. */
function stampOf(path: string): string | SidecarError {
  try {
    const { mtimeNs, size, ino } = statSync(path, { bigint: true });
    if (size > FILE_LIMIT_BYTES) return invalid(path, `it has ${size} bytes, expected at most ${FILE_LIMIT_BYTES}`);
    return `${mtimeNs} ${size} ${ino}`;
  } catch (error) {
    return new SidecarError(
      "KUBECONFIG_MISSING",
      `cannot read the kubeconfig ${path}: ${codeOf(error)}. vCluster writes it at its first start; if it stays away, check the mount of the data volume's pki folder.`,
      { fields: { path } },
    );
  }
}

/** As stampOf. A file that is missing changes it, too; what that means is found out when it is read. */
function stampsOf(paths: readonly string[]): string {
  return paths.map((path) => String(stampOf(path))).join();
}

async function load(path: string, stamp: string): Promise<Loaded> {
  const atMs = performance.now();
  let origin: Pick<Loaded, "named" | "namedStamps" | "dynamic"> = { named: [], namedStamps: "", dynamic: false };
  try {
    const kubeConfig = parseKubeconfig(path);
    origin = originOf(kubeConfig);
    return { stamp, atMs, ...origin, result: await credentialsFrom(path, kubeConfig) };
  } catch (error) {
    return { stamp, atMs, ...origin, result: error instanceof SidecarError ? error : invalid(path, codeOf(error)) };
  }
}

/** What else than the kubeconfig the credentials come from. */
function originOf(kubeConfig: KubeConfig): Pick<Loaded, "named" | "namedStamps" | "dynamic"> {
  const user = kubeConfig.getCurrentUser();
  const named = [kubeConfig.getCurrentCluster()?.caFile, user?.certFile, user?.keyFile].filter(
    (file) => typeof file === "string",
  );
  return { named, namedStamps: stampsOf(named), dynamic: Boolean(user?.exec ?? user?.authProvider) };
}

/** The credentials of its current context, once, as they are now. @throws SidecarError */
export async function credentialsFrom(path: string, kubeConfig: KubeConfig): Promise<Credentials> {
  requireContext(path, kubeConfig);
  return credentialsOf(path, kubeConfig, await httpsOptions(path, kubeConfig));
}

/** Code: KUBECONFIG_INVALID. @throws SidecarError */
export function parseKubeconfig(path: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromString(readFileSync(path, "utf8"));
    kubeConfig.makePathsAbsolute(dirname(path));
    return kubeConfig;
  } catch (error) {
    // A YAML error quotes the lines around it, keys included: only its kind may be told.
    throw invalid(path, `it is not a whole kubeconfig (${error instanceof Error ? error.name : "unreadable"})`);
  }
}

function requireContext(path: string, kubeConfig: KubeConfig): void {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null || kubeConfig.getCurrentUser() === null)
    throw invalid(path, "its current-context names no cluster and user");
  if (cluster.proxyUrl) throw invalid(path, "its cluster has a proxy-url, which is not supported");
}

async function httpsOptions(path: string, kubeConfig: KubeConfig): Promise<RequestOptions> {
  const cluster = kubeConfig.getCurrentCluster() as Cluster;
  const user = kubeConfig.getCurrentUser() as User;
  const asked = new KubeConfig();
  // KubeConfig refuses plain http unless told not to verify; there is no certificate to verify then.
  const skipTLSVerify = cluster.skipTLSVerify || cluster.server.startsWith("http:");
  asked.loadFromClusterAndUser({ ...cluster, skipTLSVerify }, user);
  const options: RequestOptions = {};
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("time-out")), EXEC_TIMEOUT_MS);
  });
  try {
    await Promise.race([asked.applyToHTTPSOptions(options), timeout]);
    return { ...options, rejectUnauthorized: !cluster.skipTLSVerify };
  } catch (error) {
    // What an exec plugin prints may be a token: only the errno may be told.
    throw new SidecarError(
      "KUBECONFIG_AUTH_FAILED",
      `cannot get the credentials that the kubeconfig ${path} names (${codeOf(error)}). Check its files and its exec plugin.`,
      { fields: { path } },
    );
  } finally {
    clearTimeout(timer);
  }
}

function credentialsOf(path: string, kubeConfig: KubeConfig, options: RequestOptions): Credentials {
  const cluster = kubeConfig.getCurrentCluster() as Cluster;
  const { ca, cert, key } = options;
  const headers = headersOf(path, options);
  // Plain http is a proxy that adds them (kubectl proxy).
  if (!cluster.server.startsWith("http:")) requireCredentials(path, options, headers);
  const verifyServer = options.rejectUnauthorized !== false;
  let secureContext: SecureContext;
  try {
    secureContext = createSecureContext({ ca, cert, key });
    if (ca !== undefined) new X509Certificate(ca as Buffer);
  } catch (error) {
    throw invalid(path, `a certificate or key in it cannot be read (${codeOf(error)})`);
  }
  const certificate = cert === undefined ? undefined : new X509Certificate(cert as Buffer);
  return {
    server: cluster.server,
    tlsServerName: cluster.tlsServerName,
    secureContext,
    digest: createHash("sha256")
      .update(JSON.stringify([ca, cert, key, verifyServer].map(String)))
      .digest("hex"),
    verifyServer,
    headers,
    certificateEnds: certificate?.validToDate,
    expired: certificate && expiry(path, certificate),
  };
}

/** A file cut short while it is written may end before its key: asked without one, the API server would say 403. */
function requireCredentials(path: string, { cert, key }: RequestOptions, headers: Credentials["headers"]): void {
  if ((cert === undefined) !== (key === undefined))
    throw invalid(
      path,
      `its user has a client ${cert === undefined ? "key without a certificate" : "certificate without a key"}`,
    );
  if (cert === undefined && headers["Authorization"] === undefined)
    throw invalid(path, "its user has no client certificate, token, password or plugin");
}

function headersOf(path: string, options: RequestOptions): Record<string, string> {
  const basic = options.auth ? { Authorization: `Basic ${Buffer.from(options.auth).toString("base64")}` } : {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...basic, ...options.headers })) {
    // A token that is read from a file ends with the file's newline.
    headers[name] = String(value).trim();
    try {
      validateHeaderValue(name, headers[name]);
    } catch {
      throw invalid(path, "its token has characters that no header may have");
    }
  }
  return headers;
}

function expiry(path: string, certificate: X509Certificate): SidecarError | undefined {
  if (certificate.validToDate.getTime() > Date.now()) return undefined;
  const validTo = certificate.validToDate.toISOString();
  return new SidecarError(
    "KUBECONFIG_CERTIFICATE_EXPIRED",
    `the client certificate in ${path} ended at ${validTo}. Restart vCluster: it renews its certificates at start, and this file is read again.`,
    { fields: { path, validTo } },
  );
}

function invalid(path: string, reason: string): SidecarError {
  return new SidecarError(
    "KUBECONFIG_INVALID",
    `cannot use the kubeconfig ${path}: ${reason}. It is read again when it changes.`,
    {
      fields: { path },
    },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
