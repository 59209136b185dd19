/**
 * What replicas say to each other, and the port by which they say it. Plain data: how it is encoded, authenticated and
 * kept from being replayed is the transport's matter (message*.ts, adapters/quorum). A message may be lost, late, twice
 * or out of order: every answer names what it answers, and nothing is believed for longer than that allows.
 */

/** By which way: the VIP's own segment (net1), or the pod network. A cut of one seldom is a cut of both. */
export type QuorumPath = "segment" | "pod-network";

export const QUORUM_PATHS: readonly QuorumPath[] = ["segment", "pod-network"];

/** podName_podUID: what of an identity stays when the sidecar restarts. A recreated pod is another voter. */
export type Voter = string;

/** Which hold a message is about. `term` is never used twice by one holderIdentity. */
export interface HeldTerm {
  /** podName_podUID_bootNonce */
  readonly holderIdentity: string;
  readonly leaseTransitions: number;
  readonly term: number;
}

export type QuorumMessageKind =
  /** From whoever would use the mode: do you speak this, and how long does it take? Promises nothing. */
  | "probe"
  | "probe-answer"
  /** From the holder: promise me that you help nobody else for promiseDurationMs. */
  | "heartbeat"
  | "promise"
  /** From who would take the Lease without counting: is your promise to that holder over, and stays so? */
  | "challenge"
  /** It is over, and for promiseDurationMs from here on that term is promised nothing. */
  | "help"
  /** To a heartbeat or a challenge: no, and asking again is of use after promiseDurationMs. */
  | "refusal";

/** Every kind has every field; what a kind does not use is 0 or "". */
export interface QuorumMessage extends HeldTerm {
  readonly kind: QuorumMessageKind;
  /** podName_podUID_bootNonce of who sends it, as the transport has authenticated it. */
  readonly sender: string;
  /** Of the asker, rising in one life of it; an answer carries that of what it answers. */
  readonly sequence: number;
  /** Lq; 0 in probes. An answer carries what it grants, a refusal how long it stands. Whole milliseconds. */
  readonly promiseDurationMs: number;
}

/** Whom a message goes to: all other replicas by both paths, or the one that asked, by the path on which it did. */
export type Destination =
  | { readonly t: "all" }
  | { readonly t: "one"; readonly identity: string; readonly path: QuorumPath };

export type QuorumPeersEvent =
  /** Authentic, of a known version, not this replica's own. */
  | { readonly t: "message"; readonly message: QuorumMessage; readonly path: QuorumPath }
  /** How many replicas there are to be, this one included, as the control plane's own objects say it. */
  | { readonly t: "replicas"; readonly count: number };

export interface QuorumPeers {
  /** Sent at once or not at all: never queued, never repeated. Failures are silence. */
  send(message: QuorumMessage, to: Destination): void;
  /** Called with what arrives, in the order of arrival, until the returned function is called. One follower at a time. */
  follow(onEvent: (event: QuorumPeersEvent) => void): () => void;
  /** Closes the sockets. */
  close(): void;
}

/** The voter that an identity is a life of. */
export function voterOf(identity: string): Voter {
  const end = identity.lastIndexOf("_");
  return end < 0 ? identity : identity.slice(0, end);
}

export function sameTerm(a: HeldTerm, b: HeldTerm): boolean {
  return a.holderIdentity === b.holderIdentity && a.leaseTransitions === b.leaseTransitions && a.term === b.term;
}
