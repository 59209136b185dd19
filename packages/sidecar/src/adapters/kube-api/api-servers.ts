/**
 * The API servers as one: a request goes to our own first and, when that fails or is late, to the peers' (DESIGN
 * rule 5). Keeps connections warm, credentials fresh and failing endpoints aside. Knows no Lease.
 */
import type { Clock } from "../../clock.ts";
import { SidecarError } from "../../sidecar-error.ts";
import { SystemClock } from "../clock.ts";
import { TimeLimit } from "../time-limit.ts";
import { Connections } from "./connections.ts";
import { type Credentials, CredentialsFile } from "./credentials.ts";
import { EndpointHealth, isServerTrouble, type RequestReport } from "./endpoint-health.ts";
import { judgeSlice, SLICE_REQUEST, sliceAddresses } from "./endpoint-slice.ts";
import {
  type Endpoint,
  type EndpointBook,
  endpointName,
  endpointsByRank,
  endpointsToAsk,
  HEDGING,
  LAST_HEDGING,
  URGENT_HEDGING,
} from "./endpoints.ts";
import { type Answer, type ApiRequest, exchange, type NoAnswer, type Opened, open } from "./exchange.ts";
import { type Copies, hedge, type Judgement } from "./hedge.ts";
import { type Lookup, Peers, type Resolve, resolveAll } from "./peers.ts";
import { isCredentialFailure, peersForbidden, problemOf } from "./problems.ts";

export interface ApiServersOptions {
  readonly kubeconfigPath: string;
  /** Overrides the kubeconfig's server. */
  readonly server: string | undefined;
  /** DNS name of the peers' listeners; undefined: none. */
  readonly peersHost: string | undefined;
  /** Without peersHost: they are those of the EndpointSlice `kubernetes` in `default`. Default: not asked for. */
  readonly peersInSlice?: boolean;
  readonly peersPort: number;
  /**
   * What the certificates are made out to, where it is not the address that is dialled: kubeadm's need not have
   * 127.0.0.1. Default for our own server the kubeconfig's, for the peers "kubernetes", which is in all of vCluster's.
   */
  readonly tlsServerName: string | undefined;
  /** Our own, which is among the peers' too. */
  readonly ownAddress: string | undefined;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Whose wakes are shared. Default: its own. */
  readonly clock?: Pick<Clock, "nowMs" | "at">;
  /** Each request's end, for metrics. */
  readonly onRequest?: (request: RequestReport) => void;
  /** What is wrong, when that changes; undefined: nothing any more. */
  readonly onProblem?: (problem: SidecarError | undefined) => void;
}

/** How often it is looked who has to be asked whether he lives: with the slack once a second. */
const TEND_MS = 750;
const TEND_SLACK_MS = 250;
const PROBE_TIMEOUT_MS = 900;
const PEERS_TIMEOUT_MS = 5000;
/** Says no also when the server's etcd is gone, or when it is about to stop. */
const PROBE: ApiRequest = { verb: "probe", method: "GET", path: "/readyz" };

interface Ready {
  readonly credentials: Credentials;
  readonly book: EndpointBook;
}

/** An open answer, and the sign that it was cut here because its API server gave no sign of life. */
export type Stream = NoAnswer | (Extract<Opened, { t: "opened" }> & { readonly moved: AbortSignal });

/** Owns connections, timers and the kubeconfig; close() ends them all. */
export class ApiServers {
  readonly #options: ApiServersOptions;
  /** For who asks our own server by itself. */
  readonly credentials: CredentialsFile;
  readonly #connections = new Connections();
  readonly #health: EndpointHealth;
  readonly #peers: Peers | undefined;
  readonly #clock: Pick<Clock, "nowMs" | "at">;
  #cancelTending: () => void = () => undefined;
  #peerEndpoints: readonly Endpoint[] = [];
  #problem: SidecarError | undefined;
  #peersProblem: SidecarError | undefined;
  readonly #closing = new AbortController();
  #isLeaving = false;
  #closed = false;

  constructor(options: ApiServersOptions) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.credentials = new CredentialsFile(options.kubeconfigPath);
    this.#health = new EndpointHealth({
      onPeerDead: () => this.#peers?.doubt(),
      onRequest: (report) => {
        if (!this.#closed) options.onRequest?.(report);
      },
    });
    this.#tendLater();
    this.#peers = this.#followPeers();
  }

  /** What came of the copies of a request, within timeoutMs. Never rejects. */
  async ask(request: ApiRequest, timeoutMs: number, judge: (answer: Answer) => Judgement): Promise<Copies<Answer>> {
    // It takes whole milliseconds only; a third of a deadline is rarely one. What is over already is not begun.
    const wholeMs = Math.floor(timeoutMs);
    if (wholeMs <= 0) return { answers: [{ t: "unsent", code: "ETIMEDOUT" }], unanswered: 0 };
    const limit = new TimeLimit(wholeMs);
    const { signal } = limit;
    const ready = await this.#ready(signal);
    if ("t" in ready) {
      limit.callOff();
      return { answers: [ready], unanswered: 0 };
    }
    const { book, credentials } = ready;
    const hedging = this.#isLeaving ? LAST_HEDGING : request.isUrgent === true ? URGENT_HEDGING : HEDGING;
    const exchange = (endpoint: Endpoint) => this.#exchange(endpoint, request, credentials, signal);
    const copies = await hedge(endpointsToAsk(book, hedging), exchange, judge, hedging);
    // The copies that are still under way have their end from it.
    if (copies.unanswered === 0) limit.callOff();
    return copies;
  }

  /**
   * The first answer that any endpoint begins, with its body left to the caller. Each has 300 ms for it, and the last
   * one as long as `signal` lets it.
   */
  async open(request: ApiRequest, signal: AbortSignal): Promise<Stream> {
    const ready = await this.#ready(signal);
    if ("t" in ready) return ready;
    const waiting = [...endpointsByRank(ready.book)];
    let opened: Stream = { t: "unsent", code: "no endpoint to ask" };
    for (let endpoint = waiting.shift(); endpoint !== undefined && !signal.aborted; endpoint = waiting.shift()) {
      opened = await this.#openAt(endpoint, request, ready.credentials, signal, waiting.length === 0);
      if (opened.t === "opened" && (waiting.length === 0 || !isServerTrouble(opened))) return opened;
      if (opened.t === "opened") opened.response.destroy();
    }
    return opened;
  }

  /** The peers' addresses, ours perhaps among them. Rejects where nothing can be said. */
  async lookUpPeers(): Promise<readonly string[]> {
    const { peersHost, peersInSlice, resolve = resolveAll } = this.#options;
    if (peersHost !== undefined) return resolve(peersHost);
    return peersInSlice ? this.#lookIntoSlice() : [];
  }

  /** The peers' listeners, as far as they live. */
  get livingPeers(): readonly Endpoint[] {
    return this.#peerEndpoints.filter((endpoint) => !this.#health.isDead(endpointName(endpoint)));
  }

  /** Our pod ends, and our own API server with it: the peers are asked first from now on, and more often. */
  leaveOwn(): void {
    this.#isLeaving = true;
    this.#health.leaveOwn();
  }

  /**
   * One try at the best endpoint, apart from everything else: on a connection of its own, and whatever becomes of it
   * says nothing about the endpoint. Never rejects.
   */
  async aside(request: ApiRequest, timeoutMs: number): Promise<Answer> {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]);
    const ready = await this.#ready(signal);
    if ("t" in ready) return ready;
    const [endpoint] = endpointsByRank(ready.book);
    if (endpoint === undefined) return { t: "unsent", code: "no endpoint to ask" };
    const { credentials } = ready;
    const agent = this.#connections.agentOnce(endpoint, credentials);
    return exchange(endpoint, request, { agent, headers: credentials.headers, signal });
  }

  close(): void {
    this.#closed = true;
    this.#closing.abort();
    this.#cancelTending();
    this.#peers?.close();
    this.#connections.close();
  }

  /** Credentials, and the endpoints they are for. */
  async #ready(signal: AbortSignal): Promise<Ready | NoAnswer> {
    if (this.#closed) return { t: "unsent", code: "closed" };
    const credentials = await before(signal, this.credentials.current());
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
    return { credentials, book: this.#health.book(own, this.#peerEndpoints) };
  }

  async #exchange(
    endpoint: Endpoint,
    request: ApiRequest,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<Answer> {
    // A copy that comes after the time-out says nothing about its endpoint.
    if (signal.aborted || this.#closed) return { t: "unsent", code: "ETIMEDOUT" };
    const end = this.#health.begin(endpoint, request);
    const answer = await exchange(endpoint, request, this.#line(endpoint, credentials, signal));
    end(answer);
    if (isCredentialFailure(answer)) this.credentials.doubt();
    const expired = answer.t === "answered" && answer.status === 401 ? credentials.expired : undefined;
    const problem = this.credentials.problem ?? expired ?? this.#problemOf(answer, endpoint, request);
    if (problem !== undefined || !this.#isProblemElsewhere(endpoint)) this.#report(problem);
    return answer;
  }

  async #openAt(
    endpoint: Endpoint,
    request: ApiRequest,
    credentials: Credentials,
    signal: AbortSignal,
    isLast: boolean,
  ): Promise<Stream> {
    const cut = new AbortController();
    const end = this.#health.begin(endpoint, request, () => {
      if (!isLast) cut.abort();
    });
    const line = this.#line(endpoint, credentials, AbortSignal.any([signal, cut.signal]));
    const opened = await open(endpoint, request, line);
    end(opened.t === "opened" ? { ...opened, t: "answered", body: undefined } : opened);
    if (opened.t !== "opened") return opened;
    this.#health.opened(endpoint, opened.response, cut);
    return { ...opened, moved: cut.signal };
  }

  #line(endpoint: Endpoint, credentials: Credentials, signal: AbortSignal) {
    return { agent: this.#connections.agent(endpoint, credentials), headers: credentials.headers, signal };
  }

  /** Who may use the Lease and not read the peers has another problem, which lasts until he may. */
  #problemOf(answer: Answer, endpoint: Endpoint, { verb }: ApiRequest): SidecarError | undefined {
    const { kubeconfigPath } = this.#options;
    if (verb !== "peers" || answer.t !== "answered")
      return problemOf(answer, endpoint, kubeconfigPath) ?? this.#peersProblem;
    this.#peersProblem = answer.status === 403 ? peersForbidden(endpoint, kubeconfigPath) : undefined;
    // Whatever else is wrong is more urgent, and stays said.
    if (this.#peersProblem !== undefined) return this.#problem ?? this.#peersProblem;
    return problemOf(answer, endpoint, kubeconfigPath);
  }

  /** That another API server answers does not mend the one that does not. */
  #isProblemElsewhere(endpoint: Endpoint): boolean {
    const server = String(this.#problem?.fields["server"]);
    return server !== endpointName(endpoint) && this.#health.isDead(server);
  }

  #report(problem: SidecarError | undefined): void {
    if (this.#closed || problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }

  #followPeers(): Peers | undefined {
    const { peersPort: port, ownAddress } = this.#options;
    const lookup = this.#lookup();
    if (lookup === undefined) return undefined;
    const onAddresses = (addresses: readonly string[]): void => {
      const tlsServerName = this.#options.tlsServerName ?? "kubernetes";
      this.#peerEndpoints = addresses.map((address) => ({ protocol: "https:", host: address, port, tlsServerName }));
      void this.#tend();
    };
    return new Peers({ lookup, ownAddress, onAddresses });
  }

  #lookup(): Lookup | undefined {
    const { peersHost, peersInSlice } = this.#options;
    return peersHost === undefined && peersInSlice !== true ? undefined : () => this.lookUpPeers();
  }

  /** Asked at the peers, too, once they are known: then it may be that our own server is down. */
  async #lookIntoSlice(): Promise<readonly string[]> {
    const { answers } = await this.ask(SLICE_REQUEST, PEERS_TIMEOUT_MS, judgeSlice);
    const addresses = answers.flatMap((answer) => sliceAddresses(answer) ?? []);
    // Whoever has been silent for 15 s is not in it, all of them when etcd was: that does not mean that they are gone.
    if (addresses.every((address) => address === this.#options.ownAddress)) throw new TypeError("no peer is named");
    return [...new Set(addresses)];
  }

  #tendLater(): void {
    const tend = (): void => {
      this.#tendLater();
      if (this.#health.hasDue) void this.#tend();
    };
    this.#cancelTending = this.#clock.at(this.#clock.nowMs() + TEND_MS, tend, TEND_SLACK_MS);
  }

  /** Asks whoever is due whether he lives. */
  async #tend(): Promise<void> {
    const limit = new TimeLimit(PROBE_TIMEOUT_MS);
    const ready = await this.#ready(limit.signal);
    const due = "t" in ready ? [] : this.#health.due(ready.book);
    if ("t" in ready || due.length === 0) return limit.callOff();
    const probe = (endpoint: Endpoint) => this.#exchange(endpoint, PROBE, ready.credentials, limit.signal);
    await Promise.all(due.map(probe));
    limit.callOff();
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
