/**
 * The two ways between replicas, the segment and the pod network, each with its own faults for every direction: cuts,
 * loss, delay, copies. Messages overtake each other. What reaches a machine whose process does not run waits for it.
 */
import {
  type Destination,
  QUORUM_PATHS,
  type QuorumMessage,
  type QuorumPath,
  type QuorumPeers,
  type QuorumPeersEvent,
  voterOf,
} from "../../../quorum/port.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";

export interface NetworkFaults {
  /** Chance that a message is lost. */
  readonly loss: number;
  /** Chance that it takes up to slowMs. */
  readonly slow: number;
  readonly slowMs: number;
  /** Chance that it comes twice. */
  readonly twice: number;
}

export const NO_NETWORK_FAULTS: NetworkFaults = { loss: 0, slow: 0, slowMs: 0, twice: 0 };

/** As the StatefulSet says it. */
const REPLICAS_WANTED = 3;

/** One machine's end. */
class NetworkEnd implements QuorumPeers {
  /** podName_podUID */
  readonly voter: string;
  onEvent: (event: QuorumPeersEvent) => void = () => undefined;
  readonly #send: (message: QuorumMessage, to: Destination) => void;

  constructor(voter: string, send: (message: QuorumMessage, to: Destination) => void) {
    this.voter = voter;
    this.#send = send;
  }

  send(message: QuorumMessage, to: Destination): void {
    this.#send(message, to);
  }

  /** The process that lives here now is the one that hears. */
  follow(onEvent: (event: QuorumPeersEvent) => void): () => void {
    this.onEvent = onEvent;
    onEvent({ t: "replicas", count: REPLICAS_WANTED });
    return () => {
      if (this.onEvent === onEvent) this.close();
    };
  }

  close(): void {
    this.onEvent = () => undefined;
  }
}

export class Network {
  faults = NO_NETWORK_FAULTS;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #ends: NetworkEnd[] = [];
  /** By how many faults each direction of each path is cut. */
  readonly #cuts = new Map<string, number>();

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  /** The port of the machine that this voter lives on. */
  join(voter: string): QuorumPeers {
    const end = new NetworkEnd(voter, (message, to) => this.#send(voter, message, to));
    this.#ends.push(end);
    return end;
  }

  leave(voter: string): void {
    const index = this.#ends.findIndex((end) => end.voter === voter);
    if (index >= 0) this.#ends.splice(index, 1);
  }

  /** The returned function mends it. */
  cut(path: QuorumPath, from: string, to: string): () => void {
    const key = keyOf(path, from, to);
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1);
    return () => this.#cuts.set(key, (this.#cuts.get(key) ?? 1) - 1);
  }

  #send(from: string, message: QuorumMessage, to: Destination): void {
    const paths = to.t === "all" ? QUORUM_PATHS : [to.path];
    const voter = to.t === "all" ? undefined : voterOf(to.identity);
    for (const end of this.#ends) {
      if (end.voter === from || (voter !== undefined && end.voter !== voter)) continue;
      for (const path of paths) this.#carry(path, from, end, message);
    }
  }

  #carry(path: QuorumPath, from: string, end: NetworkEnd, message: QuorumMessage): void {
    const { loss, twice } = this.faults;
    if ((this.#cuts.get(keyOf(path, from, end.voter)) ?? 0) > 0 || this.#random.chance(loss)) return;
    const arrives = () => end.onEvent({ t: "message", message, path });
    this.#timeline.after(this.#delayMs(), arrives);
    if (this.#random.chance(twice)) this.#timeline.after(this.#delayMs(), arrives);
  }

  #delayMs(): number {
    const { slow, slowMs } = this.faults;
    return this.#random.chance(slow) ? this.#random.between(0, slowMs) : this.#random.between(0.05, 0.6);
  }
}

function keyOf(path: QuorumPath, from: string, to: string): string {
  return `${path} ${from} ${to}`;
}
