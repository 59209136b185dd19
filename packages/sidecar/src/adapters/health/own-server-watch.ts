/**
 * Watches our own API server: GET /readyz by the listener that the VIP's clients reach, once a second, and connections held
 * open to it and to the API server behind it. Judges nothing (health/own-server.ts does).
 */
import type { Clock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";
import type { ProbeResult } from "../../health/own-server.ts";
import { SidecarError } from "../../sidecar-error.ts";
import { Connections } from "../kube-api/connections.ts";
import type { Credentials, CredentialsFile } from "../kube-api/credentials.ts";
import { type Endpoint, endpointName } from "../kube-api/endpoints.ts";
import { type Answer, type ApiRequest, exchange, isIdleClosed } from "../kube-api/exchange.ts";
import { isCredentialFailure } from "../kube-api/problems.ts";
import { TimeLimit } from "../time-limit.ts";
import { HeldConnection } from "./held-connection.ts";

export interface OwnServerWatchOptions {
  /** Where the VIP's clients arrive on this replica. */
  readonly listener: Endpoint;
  /** The API server behind it, where it has a listener of its own. */
  readonly behind: Endpoint | undefined;
  /** Its owner's: read once for whoever asks the API. */
  readonly credentials: CredentialsFile;
  readonly clock: Clock;
  /** What came of a look that began at `askedAtMs`, own monotonic clock. */
  readonly onProbe: (result: ProbeResult, askedAtMs: number) => void;
}

const ANSWER_MS = 300;
/** Beyond the 300 ms; where a look has failed already, both are asked at once. */
const PING_MS = 150;
/**
 * A look costs some 2 ms of CPU, and a hung server is to be known within 2.5 s: by the first look and two more, each at
 * once when the one before has failed. With the slack it is once a second, together with the segment's question.
 */
const EVERY_MS = 750;
const SLACK_MS = 250;
const AGAIN_MS = ANSWER_MS;
/** A server that is not ready for long is not hurried by being asked more often than the others. */
const AGAIN_MAX = 5;
const READYZ: ApiRequest = { verb: "probe", method: "GET", path: "/readyz" };
/** Answered by the API server without etcd, by whose leave it says whether anybody is there. */
const PING: ApiRequest = { verb: "probe", method: "GET", path: "/livez/ping" };

/** Owns connections and timers from start() to close(). */
export class OwnServerWatch {
  readonly #o: OwnServerWatchOptions;
  readonly #credentials: CredentialsFile;
  readonly #connections = new Connections();
  readonly #held: readonly HeldConnection[];
  #cancel: () => void = () => undefined;
  #failures = 0;
  #digest: string | undefined;
  #closed = false;

  constructor(options: OwnServerWatchOptions) {
    this.#o = options;
    const { listener, behind, clock, credentials: file, onProbe } = options;
    this.#credentials = file;
    const held =
      behind === undefined || endpointName(behind) === endpointName(listener) ? [listener] : [behind, listener];
    this.#held = held.map((endpoint) => {
      const credentials = () => file.current();
      const onRefused = (askedAtMs: number): void => onProbe({ t: "refused" }, askedAtMs);
      return new HeldConnection({ endpoint, clock, credentials, onRefused });
    });
  }

  start(): void {
    for (const held of this.#held) held.start();
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    for (const held of this.#held) held.close();
    this.#connections.close();
  }

  async #look(): Promise<void> {
    const { clock, onProbe } = this.#o;
    const askedAtMs = clock.nowMs();
    const result = await this.#probe();
    if (this.#closed) return;
    this.#failures = result.t === "ready" ? 0 : this.#failures + 1;
    onProbe(result, askedAtMs);
    const isAgain = this.#failures > 0 && this.#failures <= AGAIN_MAX;
    const next = isAgain
      ? { atMs: askedAtMs + AGAIN_MS, slackMs: 0 }
      : { atMs: askedAtMs + EVERY_MS, slackMs: SLACK_MS };
    this.#cancel = clock.at(next.atMs, () => void this.#look(), next.slackMs);
  }

  async #probe(): Promise<ProbeResult> {
    const credentials = await this.#credentials.current();
    if (this.#closed || credentials instanceof SidecarError) return { t: "unknown", detail: "no credentials" };
    this.#renew(credentials);
    const early = this.#failures > 0 ? this.#ask(PING, credentials, ANSWER_MS) : undefined;
    const answer = await this.#ask(READYZ, credentials, ANSWER_MS);
    if (answer.t === "answered" || answer.code !== "ETIMEDOUT") return resultOf(answer);
    // What is late may wait for etcd: whether anybody is there at all is asked without it.
    const ping = await (early ?? this.#ask(PING, credentials, PING_MS));
    const detail = `/readyz gives no answer within ${ANSWER_MS} ms`;
    if (ping.t === "answered") return { t: "unready", detail };
    return ping.code === "ETIMEDOUT" ? { t: "silent" } : resultOf(ping);
  }

  /** Renewed certificates are used by every connection, by those that send nothing too. */
  #renew({ digest }: Credentials): void {
    if (this.#digest !== undefined && this.#digest !== digest) for (const held of this.#held) held.remake();
    this.#digest = digest;
  }

  async #ask(request: ApiRequest, credentials: Credentials, timeoutMs: number): Promise<Answer> {
    const { listener } = this.#o;
    const limit = new TimeLimit(timeoutMs);
    const { signal } = limit;
    const line = { agent: this.#connections.agent(listener, credentials), headers: credentials.headers, signal };
    const first = await exchange(listener, request, line);
    if (isCredentialFailure(first)) this.#credentials.doubt();
    // Closed as idle in the moment it was used: no word against anybody.
    const answer = isIdleClosed(first) && !this.#closed ? await exchange(listener, request, line) : first;
    limit.callOff();
    return answer;
  }
}

/** The listener and what is behind it, as the settings have them. */
export function ownServer({ vip, kubeApi }: Pick<Config, "vip" | "kubeApi">): {
  readonly listener: Endpoint;
  readonly behind: Endpoint | undefined;
} {
  const tlsServerName = kubeApi.tlsServerName ?? "kubernetes";
  const listener: Endpoint = { protocol: "https:", host: "127.0.0.1", port: vip.port, tlsServerName };
  const url = kubeApi.server === undefined ? null : URL.parse(kubeApi.server);
  // A server elsewhere says nothing about this replica's.
  const isLocal = url?.protocol === "https:" && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url === null || !isLocal) return { listener, behind: undefined };
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { listener, behind: { protocol: "https:", host, port: Number(url.port || 443), tlsServerName } };
}

function resultOf(answer: Answer): ProbeResult {
  if (answer.t !== "answered") {
    if (answer.code === "ECONNREFUSED") return { t: "refused" };
    if (isCredentialFailure(answer)) return { t: "unknown", detail: answer.code };
    return { t: "unready", detail: `its listener gives no answer (${answer.code})` };
  }
  // Who says that he does not know us, or this path, answers.
  if (answer.status < 500 && answer.status !== 429) return { t: "ready" };
  return { t: "unready", detail: `/readyz says ${answer.status}` };
}
