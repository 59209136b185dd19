/**
 * The other replicas' /status, asked by whoever may have to choose a successor among them: now and then while it holds,
 * and right before it moves the VIP. What they say is advice and never safety. Plain HTTP on the pod network, as the page
 * is served; nothing is sent that anybody could not know.
 */
import http from "node:http";
import type { Clock } from "../../clock.ts";
import { type PeerStatus, parsePeerStatus } from "../../health/report.ts";
import type { PeerSource } from "../../health/sources.ts";
import { type Lookup, Peers } from "../kube-api/peers.ts";
import { TimeLimit } from "../time-limit.ts";

export interface PeerStatusesOptions {
  /** Where the peers are found: behind the headless Service's name, or in the API server's EndpointSlice. */
  readonly lookup: Lookup;
  /** Of /status, the same on every replica. */
  readonly port: number;
  /** The own pod's, to leave out. */
  readonly ownAddress: string | undefined;
  /** podName_podUID_bootNonce: our own page, under an address that we do not know as ours, is no peer's. */
  readonly ownIdentity: string;
  readonly clock: Clock;
}

/** Whoever has time to ask asks anew; what was said before serves those who have none. With the slack it is 8 s. */
const EVERY_MS = 7500;
const SLACK_MS = 1000;
const EVERY_TIMEOUT_MS = 1000;
/** Of our own pages the largest is a tenth of it. */
const PAGE_BYTES_MAX = 262_144;
/** A headless Service of more replicas than that is not ours. */
const PEERS_MAX = 8;

/** Owns connections and timers; close() ends them all. Asks nothing by itself until follow(). */
export class PeerStatuses implements PeerSource {
  readonly #o: PeerStatusesOptions;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 2, maxFreeSockets: 1 });
  readonly #peers: Peers;
  #addresses: readonly string[] = [];
  #onKnown: ((peers: readonly PeerStatus[]) => void) | undefined;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(options: PeerStatusesOptions) {
    this.#o = options;
    const { ownAddress, lookup } = options;
    const onAddresses = (addresses: readonly string[]): void => {
      this.#addresses = addresses.slice(0, PEERS_MAX);
    };
    this.#peers = new Peers({ lookup, ownAddress, onAddresses });
  }

  follow(onKnown: ((peers: readonly PeerStatus[]) => void) | undefined): void {
    if (this.#closed) return;
    this.#onKnown = onKnown;
    this.#cancel();
    if (onKnown !== undefined) void this.#followOn();
  }

  async ask(timeoutMs: number): Promise<readonly PeerStatus[]> {
    const answers = await Promise.all(this.#addresses.map((address) => this.#page(address, timeoutMs)));
    if (this.#closed) return [];
    const found = answers.flatMap((peer) => (peer === undefined ? [] : [peer]));
    if (found.length < answers.length) this.#peers.doubt();
    return found.filter(({ identity }) => identity !== this.#o.ownIdentity);
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#peers.close();
    this.#agent.destroy();
  }

  async #followOn(): Promise<void> {
    const { clock } = this.#o;
    const onKnown = this.#onKnown;
    this.#cancel = clock.at(clock.nowMs() + EVERY_MS, () => void this.#followOn(), SLACK_MS);
    const peers = await this.ask(EVERY_TIMEOUT_MS);
    // Nobody follows any more, or another does.
    if (onKnown !== undefined && onKnown === this.#onKnown && !this.#closed) onKnown(peers);
  }

  async #page(address: string, timeoutMs: number): Promise<PeerStatus | undefined> {
    const { clock, port } = this.#o;
    const askedAtMs = clock.nowMs();
    const limit = new TimeLimit(timeoutMs);
    const text = await page({ host: address, port, path: "/status", agent: this.#agent, signal: limit.signal });
    limit.callOff();
    return text === undefined ? undefined : parsePeerStatus(text, { askedAtMs, answeredAtMs: clock.nowMs() });
  }
}

/** undefined: no whole page came in time, or one that is none of ours. */
function page(options: http.RequestOptions): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const request = http.get(options, (response) => {
    let text = "";
    if (response.statusCode !== 200) request.destroy();
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.length > PAGE_BYTES_MAX) request.destroy();
    });
    response.once("end", () => resolve(text));
    // A cut page closes without an end; the error says no more than that.
    response.on("error", () => resolve(undefined));
    response.once("close", () => resolve(undefined));
  });
  // An absent peer is what it is asked for to find out.
  request.on("error", () => resolve(undefined));
  return promise;
}
