/**
 * The API servers as one: a request goes to our own first and, when that fails or is late, to the peers' (DESIGN
 * rule 5). Keeps connections warm, credentials fresh and failing endpoints aside. Knows no Lease.
 */
import { SidecarError } from "../../sidecar-error.ts";
import { Connections } from "./connections.ts";
import { type Credentials, CredentialsFile } from "./credentials.ts";
import {
  type Endpoint,
  type EndpointBook,
  endpointAnswered,
  endpointFailed,
  endpointName,
  endpointsToAsk,
  HEDGE_AFTER_MS,
  withEndpoints,
} from "./endpoints.ts";
import { type Answer, type ApiRequest, exchange, type NoAnswer, type Opened, open } from "./exchange.ts";
import { hedge, type Judgement } from "./hedge.ts";
import { followPeers, type Lookup } from "./peers.ts";
import { isCredentialFailure, problemOf } from "./problems.ts";

export interface ApiServersOptions {
  readonly kubeconfigPath: string;
  /** Overrides the kubeconfig's server. */
  readonly server: string | undefined;
  /** DNS name of the peers' listeners; undefined: none. */
  readonly peersHost: string | undefined;
  readonly peersPort: number;
  /**
   * What the certificates are made out to, where it is not the address that is dialled: kubeadm's need not have
   * 127.0.0.1. Default for our own server the kubeconfig's, for the peers "kubernetes", which is in all of vCluster's.
   */
  readonly tlsServerName: string | undefined;
  /** The pod's own address, which the headless Service answers too. */
  readonly ownAddress: string | undefined;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** Each request's end, for metrics. */
  readonly onRequest?: (request: RequestReport) => void;
  /** What is wrong, when that changes; undefined: nothing any more. */
  readonly onProblem?: (problem: SidecarError | undefined) => void;
}

export interface RequestReport {
  readonly verb: ApiRequest["verb"];
  /** The status, or "unsent" or "lost". */
  readonly outcome: string;
  readonly durationMs: number;
  /** "https://127.0.0.1:6443" */
  readonly endpoint: string;
}

/** kube-apiserver closes a connection that was idle for 90 s. */
const WARM_MS = 30_000;
const WARM_TIMEOUT_MS = 1000;
const WARM_REQUEST: ApiRequest = { verb: "warm", method: "GET", path: "/livez" };

/** Owns connections, timers and the kubeconfig; close() ends them all. */
export class ApiServers {
  readonly #options: ApiServersOptions;
  readonly #credentials: CredentialsFile;
  readonly #connections = new Connections();
  readonly #stopPeers: () => void;
  readonly #warming: NodeJS.Timeout;
  readonly #answeredAtMs = new Map<string, number>();
  #book: EndpointBook | undefined;
  #peers: readonly Endpoint[] = [];
  #problem: SidecarError | undefined;
  #closed = false;

  constructor(options: ApiServersOptions) {
    this.#options = options;
    this.#credentials = new CredentialsFile(options.kubeconfigPath);
    this.#warming = setInterval(() => void this.#keepWarm(), WARM_MS);
    this.#stopPeers = this.#followPeers();
  }

  /** Every answer that came until one won, or until all copies were answered; within timeoutMs. Never rejects. */
  async ask(request: ApiRequest, timeoutMs: number, judge: (answer: Answer) => Judgement): Promise<readonly Answer[]> {
    // It takes whole milliseconds only; a third of a deadline is rarely one. What is over already is not begun.
    const wholeMs = Math.floor(timeoutMs);
    const signal = wholeMs > 0 ? AbortSignal.timeout(wholeMs) : AbortSignal.abort();
    const ready = await this.#ready(signal);
    if ("t" in ready) return [ready];
    const endpoints = endpointsToAsk(ready.book, performance.now());
    return hedge(endpoints, (endpoint) => this.#exchange(endpoint, request, ready.credentials, signal), judge);
  }

  /** One answer of the best endpoint, with its body left to the caller. */
  async open(request: ApiRequest, signal: AbortSignal): Promise<Opened> {
    const ready = await this.#ready(signal);
    if ("t" in ready) return ready;
    const [endpoint] = endpointsToAsk(ready.book, performance.now());
    if (endpoint === undefined) return { t: "unsent", code: "no endpoint to ask" };
    const startedAtMs = performance.now();
    const opened = await open(endpoint, request, this.#line(endpoint, ready.credentials, signal));
    const answer: Answer = opened.t === "opened" ? { ...opened, t: "answered", body: undefined } : opened;
    this.#learn(endpoint, request, answer, startedAtMs);
    return opened;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#warming);
    this.#stopPeers();
    this.#connections.close();
  }

  /** Credentials, and the endpoints they are for. */
  async #ready(signal: AbortSignal): Promise<{ credentials: Credentials; book: EndpointBook } | NoAnswer> {
    if (this.#closed) return { t: "unsent", code: "closed" };
    const credentials = await before(signal, this.#credentials.current());
    if (credentials === undefined || this.#closed || signal.aborted) return { t: "unsent", code: "ETIMEDOUT" };
    if (credentials instanceof SidecarError) {
      this.#report(credentials);
      return { t: "unsent", code: credentials.code };
    }
    const { server, tlsServerName } = this.#options;
    const own = endpointOf(server ?? credentials.server, tlsServerName ?? credentials.tlsServerName);
    if (own instanceof SidecarError) {
      this.#report(own);
      return { t: "unsent", code: own.code };
    }
    this.#book = withEndpoints(this.#book, own, this.#peers);
    return { credentials, book: this.#book };
  }

  async #exchange(
    endpoint: Endpoint,
    request: ApiRequest,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<Answer> {
    // A copy that comes after the time-out says nothing about its endpoint.
    if (signal.aborted || this.#closed) return { t: "unsent", code: "ETIMEDOUT" };
    const startedAtMs = performance.now();
    const answer = await exchange(endpoint, request, this.#line(endpoint, credentials, signal));
    this.#learn(endpoint, request, answer, startedAtMs);
    if (isCredentialFailure(answer)) this.#credentials.doubt();
    const expired = answer.t === "answered" && answer.status === 401 ? credentials.expired : undefined;
    this.#report(this.#credentials.problem ?? expired ?? problemOf(answer, endpoint, this.#options.kubeconfigPath));
    return answer;
  }

  #line(endpoint: Endpoint, credentials: Credentials, signal: AbortSignal) {
    return { agent: this.#connections.agent(endpoint, credentials), headers: credentials.headers, signal };
  }

  #learn(endpoint: Endpoint, request: ApiRequest, answer: Answer, startedAtMs: number): void {
    if (this.#closed || this.#book === undefined) return;
    const nowMs = performance.now();
    const name = endpointName(endpoint);
    if (answer.t === "answered") {
      this.#book = endpointAnswered(this.#book, endpoint);
      this.#answeredAtMs.set(name, nowMs);
    } else if (answer.code !== "ETIMEDOUT" || nowMs - startedAtMs >= HEDGE_AFTER_MS) {
      // A copy cut short by the others' time-out had no chance to answer.
      this.#book = endpointFailed(this.#book, endpoint, nowMs);
    }
    const outcome = answer.t === "answered" ? String(answer.status) : answer.t;
    this.#options.onRequest?.({ verb: request.verb, outcome, durationMs: nowMs - startedAtMs, endpoint: name });
  }

  #report(problem: SidecarError | undefined): void {
    if (this.#closed || problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }

  #followPeers(): () => void {
    const { peersHost: host, peersPort: port, ownAddress, lookup } = this.#options;
    if (host === undefined) return () => undefined;
    const onAddresses = (addresses: readonly string[]): void => {
      const tlsServerName = this.#options.tlsServerName ?? "kubernetes";
      this.#peers = addresses.map((address) => ({ protocol: "https:", host: address, port, tlsServerName }));
      void this.#keepWarm();
    };
    return followPeers({ host, ownAddress, lookup, onAddresses });
  }

  /** A takeover's write must not wait for a handshake, at our own API server or at the one it is hedged on. */
  async #keepWarm(): Promise<void> {
    const signal = AbortSignal.timeout(WARM_TIMEOUT_MS);
    const ready = await this.#ready(signal);
    if ("t" in ready) return;
    const nowMs = performance.now();
    for (const endpoint of endpointsToAsk(ready.book, nowMs).slice(0, 2)) {
      const idleMs = nowMs - (this.#answeredAtMs.get(endpointName(endpoint)) ?? Number.NEGATIVE_INFINITY);
      if (idleMs >= WARM_MS) void this.#exchange(endpoint, WARM_REQUEST, ready.credentials, signal);
    }
  }
}

/** Code: API_SERVER_INVALID. */
function endpointOf(server: string, tlsServerName: string | undefined): Endpoint | SidecarError {
  const url = URL.parse(server);
  const protocol = url?.protocol;
  if (url === null || (protocol !== "https:" && protocol !== "http:") || url.pathname !== "/" || url.username !== "") {
    return new SidecarError(
      "API_SERVER_INVALID",
      "the API server's URL is not of the form https://host:port. Correct it in the kubeconfig or the setting.",
    );
  }
  const port = url.port === "" ? (protocol === "https:" ? 443 : 80) : Number(url.port);
  return { protocol, host: url.hostname.replace(/^\[|\]$/g, ""), port, tlsServerName };
}

/** The promise's value, or undefined when the signal is aborted first. */
async function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = (): void => resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
