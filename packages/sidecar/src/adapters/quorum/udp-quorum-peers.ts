/**
 * The other replicas by UDP: on the pod network, where the headless Service's name finds them, and on the VIP's segment,
 * where they say themselves that they are. What comes is looked at in the order of its cost: who sends it (source-limit.ts),
 * is it sealed (packet.ts), for this replica and path, of a life that lives (replay.ts). Never asks who holds.
 */
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Clock } from "../../clock.ts";
import { decodeGreeting, encodeGreeting, type Greeting } from "../../quorum/greeting.ts";
import { decodeMessage, encodeMessage } from "../../quorum/message.ts";
import { decodePacket, encodePacket, type Packet, type PacketRefusal, type Seal } from "../../quorum/packet.ts";
import {
  type Destination,
  QUORUM_PATHS,
  type QuorumMessage,
  type QuorumPath,
  type QuorumPeers,
  type QuorumPeersEvent,
} from "../../quorum/port.ts";
import { type Admission, admit, ask, believe, isBelieved, NOBODY, type Verdict } from "../../quorum/replay.ts";
import { SidecarError } from "../../sidecar-error.ts";
import { type Lookup, Peers } from "../kube-api/peers.ts";
import { DatagramSocket, QUORUM_PORT } from "./datagram-socket.ts";
import { PeerPlaces } from "./peer-places.ts";
import { QuorumKey } from "./quorum-key.ts";
import { onOwnLink, withoutZone } from "./segment-address.ts";
import { SourceLimit } from "./source-limit.ts";

export interface UdpQuorumPeersOptions {
  /** podName_podUID_bootNonce */
  readonly identity: string;
  /** What the messages are about, the same on all replicas: Lease and VIP. */
  readonly scope: string;
  readonly keyPath: string;
  /** The pod's own address; undefined: the pod network is left out. */
  readonly podAddress: string | undefined;
  /** Asked every second, since the interface may come late: the own address there, with its zone (segment-address.ts). */
  readonly segmentAddress: () => string | undefined;
  /** The same on all replicas. Default: 8474. */
  readonly port?: number;
  readonly lookup: Lookup;
  /**
   * How many replicas there are to be. Default: as many as the lookup finds, and this one; whoever is being replaced is left
   * out then, which costs the mode for that while and nothing else: who has a voice is in the Lease.
   */
  readonly followReplicas?: (onCount: (count: number) => void) => () => void;
  readonly clock: Clock;
  /** What is wrong now, when that changes. Codes: QUORUM_KEY_MISSING, QUORUM_KEY_INVALID, QUORUM_SOCKET_FAILED. */
  readonly onProblems: (problems: readonly SidecarError[]) => void;
}

/** What became of a datagram. */
export type Outcome = Verdict | PacketRefusal | "limited" | "keyless" | "misdirected" | "own" | "greeting";

/** Keys, sockets and greetings are looked after so often. */
const BEAT_MS = 1_000;
const BEAT_SLACK_MS = 200;

/** Owns sockets and timers; close() ends them all. Does nothing before follow(). */
export class UdpQuorumPeers implements QuorumPeers {
  readonly #o: UdpQuorumPeersOptions;
  readonly #key: QuorumKey;
  readonly #scope: Uint8Array;
  readonly #sockets: Readonly<Record<QuorumPath, DatagramSocket>>;
  readonly #places = new PeerPlaces();
  readonly #limit: SourceLimit;
  readonly #problems = new Map<string, SidecarError>();
  readonly #counts = new Map<Outcome, number>();
  #admission: Admission = NOBODY;
  #seal: Seal | undefined;
  #counter = 0;
  #peers: Peers | undefined;
  #onEvent: ((event: QuorumPeersEvent) => void) | undefined;
  #ends: (() => void)[] = [];
  #isClosed = false;

  constructor(options: UdpQuorumPeersOptions) {
    this.#o = options;
    this.#key = new QuorumKey(options.keyPath);
    this.#scope = new TextEncoder().encode(options.scope);
    this.#limit = new SourceLimit(options.clock.nowMs());
    this.#sockets = { segment: this.#socketOf("segment"), "pod-network": this.#socketOf("pod-network") };
  }

  /** Datagrams since the start, by what became of them. */
  get counts(): ReadonlyMap<Outcome, number> {
    return this.#counts;
  }

  /** Identities that are believed to live, for the log. */
  get known(): readonly string[] {
    return [...this.#admission.sessions.values()].map(({ identity }) => identity);
  }

  follow(onEvent: (event: QuorumPeersEvent) => void): () => void {
    this.#onEvent = onEvent;
    if (this.#ends.length === 0 && !this.#isClosed) this.#start();
    return () => {
      if (this.#onEvent === onEvent) this.#onEvent = undefined;
    };
  }

  send(message: QuorumMessage, to: Destination): void {
    if (this.#seal === undefined) return;
    const inside = encodeMessage(message);
    // Copies of one message have one number, by which the receiver knows them as copies.
    const counter = this.#nextCounter();
    for (const identity of to.t === "all" ? this.known : [to.identity]) {
      if (!isBelieved(this.#admission, identity)) continue;
      for (const path of to.t === "all" ? QUORUM_PATHS : [to.path]) {
        const address = this.#addressOf(identity, path);
        if (address !== undefined) this.#write({ ...inside, path, counter, receiver: identity }, address);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#onEvent = undefined;
    for (const end of this.#ends) end();
    for (const path of QUORUM_PATHS) this.#sockets[path].close();
  }

  #start(): void {
    const { lookup, podAddress, followReplicas } = this.#o;
    const onAddresses = (addresses: readonly string[]): void => {
      this.#places.expect(addresses);
      if (followReplicas === undefined) this.#onEvent?.({ t: "replicas", count: addresses.length + 1 });
      this.#greetAll();
    };
    const peers = new Peers({ lookup, ownAddress: podAddress, onAddresses });
    this.#peers = peers;
    const unfollow = followReplicas?.((count) => this.#onEvent?.({ t: "replicas", count })) ?? (() => undefined);
    this.#ends = [() => peers.close(), unfollow];
    this.#beat();
  }

  #beat(): void {
    if (this.#isClosed) return;
    const { clock, podAddress, segmentAddress } = this.#o;
    const key = this.#key.current();
    this.#seal = key instanceof SidecarError ? undefined : { hmac: key, scope: this.#scope };
    this.#setProblem("key", key instanceof SidecarError ? key : undefined);
    this.#sockets["pod-network"].bindTo(podAddress);
    this.#sockets.segment.bindTo(segmentAddress());
    this.#greetAll();
    const cancel = clock.at(clock.nowMs() + BEAT_MS, () => this.#beat(), BEAT_SLACK_MS);
    this.#ends = [...this.#ends.slice(0, 2), cancel];
  }

  /** Those who are not known yet, or silent, or have not been told for long where we are on the segment. */
  #greetAll(): void {
    for (const { address, isSilent } of this.#places.toGreet(this.#admission.sessions, this.#o.clock.nowMs())) {
      this.#greet({ nonce: undefined, echo: undefined }, "", address);
      // Its pod may have been replaced, and have another address.
      if (isSilent) this.#peers?.doubt();
    }
  }

  #onDatagram(path: QuorumPath, bytes: Uint8Array, from: string): void {
    const outcome = this.#judge(path, bytes, from);
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  #judge(path: QuorumPath, bytes: Uint8Array, from: string): Outcome {
    const { clock, identity } = this.#o;
    if (this.#seal === undefined) return "keyless";
    if (!this.#places.has(from) && !this.#limit.allows(from, clock.nowMs())) return "limited";
    const packet = decodePacket(bytes, this.#seal);
    if (typeof packet === "string") return packet;
    if (packet.sender === identity) return "own";
    const greeting = decodeGreeting(packet);
    const isForUs = packet.receiver === identity || (packet.receiver === "" && greeting !== undefined);
    if (!isForUs || packet.path !== path) return "misdirected";
    if (greeting !== undefined) return this.#onGreeting(packet, greeting, from);
    const message = decodeMessage(packet);
    if (message === undefined) return "malformed";
    const verdict = this.#admit(packet);
    // A copy is told as well: its answer goes by the path that it came by, and the other one's may be cut on the way back.
    if (verdict === "fresh" || verdict === "copy") this.#onEvent?.({ t: "message", message, path });
    return verdict;
  }

  #admit({ sender, counter, path }: Packet): Verdict {
    const nowMs = this.#o.clock.nowMs();
    const [admission, verdict] = admit(this.#admission, { identity: sender, counter, path, nowMs });
    this.#admission = admission;
    return verdict;
  }

  /** Who lives echoes what it is asked, and asks whom it does not know; who knows and is known says nothing more. */
  #onGreeting(packet: Packet, greeting: Greeting, from: string): Outcome {
    const { sender, counter } = packet;
    const nowMs = this.#o.clock.nowMs();
    let nonce: bigint | undefined;
    if (isBelieved(this.#admission, sender)) {
      const verdict = this.#admit(packet);
      if (verdict !== "fresh") return verdict;
    } else {
      const echo = greeting.echo ?? 0n;
      const [admission, isKnown] = believe(this.#admission, { identity: sender, counter, nowMs, echo });
      this.#admission = admission;
      if (!isKnown) {
        const [next, asked] = ask(admission, { identity: sender, counter, nowMs, nonce: freshNonce() });
        this.#admission = next;
        if (asked === "replay") return "replay";
        nonce = asked;
      }
    }
    if (isBelieved(this.#admission, sender)) this.#remember(sender, greeting, from);
    if (nonce !== undefined || greeting.nonce !== undefined) this.#greet({ nonce, echo: greeting.nonce }, sender, from);
    return "greeting";
  }

  #remember(sender: string, { segmentAddress }: Greeting, from: string): void {
    const segment = isIP(segmentAddress) === 0 ? undefined : segmentAddress;
    this.#places.put(sender, { podAddress: from, segment }, this.known);
  }

  #greet(greeting: Omit<Greeting, "segmentAddress">, receiver: string, address: string): void {
    const own = this.#sockets.segment.address;
    const inside = encodeGreeting({ ...greeting, segmentAddress: own === undefined ? "" : withoutZone(own) });
    this.#write({ ...inside, path: "pod-network", counter: this.#nextCounter(), receiver }, address);
  }

  #write(packet: Omit<Packet, "sender">, address: string): void {
    if (this.#seal === undefined) return;
    const bytes = encodePacket({ ...packet, sender: this.#o.identity }, this.#seal);
    this.#sockets[packet.path].send(bytes, address);
  }

  #addressOf(identity: string, path: QuorumPath): string | undefined {
    const place = this.#places.of(identity);
    if (path === "pod-network") return place?.podAddress;
    const own = this.#sockets.segment.address;
    return place?.segment === undefined || own === undefined ? undefined : onOwnLink(place.segment, own);
  }

  #nextCounter(): number {
    this.#counter += 1;
    return this.#counter;
  }

  #socketOf(path: QuorumPath): DatagramSocket {
    return new DatagramSocket({
      port: this.#o.port ?? QUORUM_PORT,
      onDatagram: (bytes, from) => this.#onDatagram(path, bytes, from),
      onProblem: (problem) => {
        this.#setProblem(path, problem);
        if (problem === undefined) this.#greetAll();
      },
    });
  }

  #setProblem(where: string, problem: SidecarError | undefined): void {
    if (this.#problems.get(where)?.message === problem?.message) return;
    if (problem === undefined) this.#problems.delete(where);
    else this.#problems.set(where, problem);
    this.#o.onProblems([...this.#problems.values()]);
  }
}

/** 64 random bits, not 0, which stands for none. */
function freshNonce(): bigint {
  return randomBytes(8).readBigUInt64BE() || 1n;
}
