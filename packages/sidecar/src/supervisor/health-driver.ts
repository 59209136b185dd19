/**
 * Feeds health from its sources, and turns it into what the election is told: whether this replica may take the VIP, whom
 * a move of it goes to, and the wish to move it where a holder has a fault or is leaving and another replica could serve.
 */
import type { FenceLevel } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Role } from "../election/election.ts";
import * as health from "../health/health.ts";
import type { Reach } from "../health/reach.ts";
import { type HealthReport, healthReport, type PeerStatus } from "../health/report.ts";
import type { HealthSources, OwnPod } from "../health/sources.ts";
import { chooseSuccessor, type Giver, type Succession, successorForFault, whyNot } from "../health/successor.ts";
import type { Happening } from "../observe/happening.ts";
import { earliestMs, type Loop } from "./loop.ts";

export interface HealthDriverOptions {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly sources: HealthSources;
  readonly role: () => Role["t"];
  /** Rule 10. */
  readonly mayMove: () => boolean;
  /** When the last confirmed write of this hold was sent, own monotonic clock. */
  readonly renewedAtMs: () => number;
  /** A renewal is wanted now; onRenewed() is called when one is confirmed. */
  readonly onProve: () => void;
  /** Somebody is looked for who takes the VIP soon. */
  readonly onSearch: () => void;
  /** In force here. */
  readonly fenceLevel: () => FenceLevel | undefined;
  /** Whom a stop, or a move because the link is gone, goes to from now on; undefined: anybody. */
  readonly onPrefer: (identity: string | undefined) => void;
  /** The VIP is to be handed over. `readyPeers` replicas could take it. */
  readonly onMove: (identity: string, readyPeers: number) => void;
  /** Whether this replica may take the VIP may be another answer now. */
  readonly onChanged: () => void;
  readonly tell: (happening: Happening) => void;
}

type News = health.HealthEvent extends infer E ? (E extends health.HealthEvent ? Omit<E, "nowMs"> : never) : never;

/** A peer that serves says so within a millisecond or two. */
const PEERS_WITHIN_MS = 100;
/** One peer that hangs must not cost what the move has: after so long, what all said before is as good. */
const PATIENCE_MS = 5;
/** They are asked every 7.5 to 8.5 s while this replica holds, and have 1 s to answer. */
const KNOWN_FRESH_MS = 10_000;
/** Between two searches for somebody who could serve. */
const SEARCH_EVERY_MS = 250;
/** Between two renewals out of turn while nothing is confirmed. */
const PROVE_EVERY_MS = 1000;

export class HealthDriver {
  readonly #o: HealthDriverOptions;
  #state: health.HealthState = health.INITIAL;
  #pod: OwnPod = { leaving: undefined, revision: undefined, updateRevision: undefined };
  #following = false;
  #preferred: string | undefined;
  /** What the peers said when they last answered. */
  #known: { readonly peers: readonly PeerStatus[]; readonly atMs: number } = { peers: [], atMs: 0 };
  #searching = false;
  #searchAtMs = 0;
  /** When a search goes on by what is known; undefined: it waits for its answers. */
  #patienceEndsAtMs: number | undefined;
  /** Why nobody was found, as it was told last. */
  #toldNobody: string | undefined;
  #provedAtMs = Number.NEGATIVE_INFINITY;
  /** Somebody was found, and the API not yet reached since the fault. */
  #awaitsProof = false;

  constructor(options: HealthDriverOptions) {
    this.#o = options;
  }

  get state(): health.HealthState {
    return this.#state;
  }

  /** Why this replica leaves the VIP to others while it does not hold it. */
  get hindrance(): string | undefined {
    return health.hindranceOf(this.#state);
  }

  get wakeMs(): number | undefined {
    const searchAtMs = this.#searching ? this.#patienceEndsAtMs : this.#searchAtMs;
    return earliestMs([health.nextWakeMs(this.#state), this.#movesAway() ? searchAtMs : undefined]);
  }

  /** @param reach - the segment's, as of now */
  report(reach: Reach): HealthReport {
    return healthReport({ ...this.#state, reach }, this.#o.clock.nowMs(), this.#pod.revision);
  }

  /** Whether a replica that answered when it was asked last has this MAC address. */
  isPeer(mac: string): boolean {
    return this.#known.peers.some((peer) => peer.mac === mac);
  }

  start(): void {
    const { loop, sources } = this.#o;
    sources.start({
      onProbe: (result, askedAtMs) => loop.push(() => this.#step({ t: "probe", result, askedAtMs })),
      onPod: (pod) => loop.push(() => this.#onPod(pod)),
    });
  }

  close(): void {
    this.#o.sources.close();
  }

  /** The link, the socket on it and what the kernel accepts; undefined: usable. */
  onLink(unusable: string | undefined): void {
    this.#step({ t: "link", unusable });
  }

  onReach(reach: Reach): void {
    this.#step({ t: "reach", reach });
  }

  /** For good. */
  leave(reason: string): void {
    this.#step({ t: "leaving", reason });
  }

  tick(): void {
    this.#step({ t: "tick" });
  }

  /** The election is in another role. */
  onRole(): void {
    const { role, sources, loop } = this.#o;
    const isWanted = role() !== "waiting" && role() !== "stopped";
    if (isWanted !== this.#following) {
      this.#following = isWanted;
      const onKnown = (peers: readonly PeerStatus[]): void => loop.push(() => this.#onKnown(peers));
      sources.peers.follow(isWanted ? onKnown : undefined);
      if (!isWanted) this.#prefer(undefined);
    }
    this.#search();
  }

  /** A write of this hold was confirmed: who answers may be asked again at once, if that one was sent before the fault. */
  onRenewed(): void {
    this.#provedAtMs = Number.NEGATIVE_INFINITY;
    if (!this.#awaitsProof) return this.#prove();
    this.#awaitsProof = false;
    this.#searchAtMs = this.#o.clock.nowMs();
    this.#search();
  }

  #onPod(pod: OwnPod): void {
    this.#pod = pod;
    if (pod.leaving !== undefined) this.leave(pod.leaving);
  }

  #step(news: News): void {
    const [state, effects] = health.step(this.#state, { ...news, nowMs: this.#o.clock.nowMs() } as health.HealthEvent);
    this.#state = state;
    for (const effect of effects) this.#o.tell({ ...effect, machine: "health" });
    // From the first look that fails on, so that it is known when the verdict is there.
    this.#prove();
    this.#o.onChanged();
    this.#search();
  }

  #onKnown(peers: readonly PeerStatus[]): void {
    if (!this.#following) return;
    this.#remember(peers);
    // What asks for it later (a stop, a lost link) has no time to ask anybody.
    const found = chooseSuccessor(peers, { ...this.giver, isLeaving: true });
    this.#prefer(found.t === "to" ? found.identity : undefined);
  }

  #remember(peers: readonly PeerStatus[]): void {
    this.#known = { peers, atMs: this.#o.clock.nowMs() };
  }

  #prefer(identity: string | undefined): void {
    if (identity === this.#preferred) return;
    this.#preferred = identity;
    this.#o.onPrefer(identity);
  }

  /** A lost link needs no witness: the election moves then by itself. */
  #movesAway(): boolean {
    const { role, mayMove } = this.#o;
    const fault = health.faultOf(this.#state);
    const hasReason = this.#state.leaving !== undefined || (fault !== undefined && fault.cause !== "link");
    return hasReason && role() === "holding" && mayMove();
  }

  /** Asks the peers for somebody who could serve, again and again while there is a reason to move. */
  #search(): void {
    const { clock, loop, onSearch, sources } = this.#o;
    const nowMs = clock.nowMs();
    if (!this.#movesAway()) return;
    if (this.#searching) return this.#afterPatience(nowMs);
    if (nowMs < this.#searchAtMs) return;
    this.#searchAtMs = nowMs + SEARCH_EVERY_MS;
    onSearch();
    if (this.#hasNoTime() && this.#goByWhatIsKnown(nowMs)) return;
    this.#searching = true;
    this.#patienceEndsAtMs = this.#isUrgent() ? nowMs + PATIENCE_MS : undefined;
    loop.awaited(sources.peers.ask(PEERS_WITHIN_MS), (peers) => {
      this.#searching = false;
      this.#remember(peers);
      const toldAtMs = clock.nowMs();
      if (this.#movesAway()) this.#move(this.#succession(peers, toldAtMs), peers, toldAtMs);
    });
  }

  /** Nobody is served here any more, or soon. */
  #isUrgent(): boolean {
    return this.#state.leaving !== undefined || health.faultOf(this.#state)?.cause === "server-dead";
  }

  /**
   * Who leaves may have 50 ms for the whole move, of which asking took 10 on a busy node. In a rolling update it does
   * ask: what is known is older than the pod that was made anew a moment ago, and the VIP would move twice.
   */
  #hasNoTime(): boolean {
    const { revision, updateRevision } = this.#pod;
    const isRolling = updateRevision !== undefined && updateRevision !== revision;
    return this.#state.leaving !== undefined && !isRolling;
  }

  /** Nobody found: the answers are waited for. */
  #afterPatience(nowMs: number): void {
    if (this.#patienceEndsAtMs === undefined || nowMs < this.#patienceEndsAtMs) return;
    this.#patienceEndsAtMs = undefined;
    this.#goByWhatIsKnown(nowMs);
  }

  /** Whether somebody was found by what the peers said some seconds ago. */
  #goByWhatIsKnown(nowMs: number): boolean {
    const { peers, atMs } = this.#known;
    // Once: who does not take it was not as it said.
    this.#known = { peers, atMs: Number.NEGATIVE_INFINITY };
    if (nowMs - atMs >= KNOWN_FRESH_MS) return false;
    // As it was when they said it: of later nothing is known.
    const found = this.#succession(peers, atMs);
    if (found.t === "to") this.#move(found, peers, atMs);
    return found.t === "to";
  }

  #succession(peers: readonly PeerStatus[], toldAtMs: number): Succession {
    const fault = health.faultOf(this.#state);
    const giver = { ...this.giver, nowMs: toldAtMs };
    // Who leaves needs no fault as a reason.
    if (giver.isLeaving || fault === undefined) return chooseSuccessor(peers, giver);
    return successorForFault(fault, peers, giver);
  }

  #move(found: Succession, peers: readonly PeerStatus[], toldAtMs: number): void {
    if (found.t === "nobody") return this.#tellNobody(found.reason);
    this.#toldNobody = undefined;
    this.#prefer(found.identity);
    if (!this.#isProven()) {
      this.#awaitsProof = true;
      return this.#prove();
    }
    const giver = { ...this.giver, nowMs: toldAtMs };
    const isReady = (peer: PeerStatus): boolean => whyNot(peer, giver) === undefined;
    this.#o.onMove(found.identity, peers.filter(isReady).length);
  }

  /**
   * Whoever cannot reach the API cannot leave a mark: silent for a move that fails, it would serve nobody until the lease
   * has expired, though its kernel could for most of that time. Who leaves has no such choice.
   */
  #isProven(): boolean {
    const { leaving, server } = this.#state;
    const sinceMs = health.faultOf(this.#state)?.sinceMs ?? server.failing?.sinceMs;
    return leaving !== undefined || sinceMs === undefined || this.#o.renewedAtMs() >= sinceMs;
  }

  #prove(): void {
    const { clock, role, onProve } = this.#o;
    const nowMs = clock.nowMs();
    if (role() !== "holding" || this.#isProven() || nowMs - this.#provedAtMs < PROVE_EVERY_MS) return;
    this.#provedAtMs = nowMs;
    onProve();
  }

  /** Never to nobody: the VIP stays, and it is said once. */
  #tellNobody(reason: string): void {
    if (reason === this.#toldNobody) return;
    this.#toldNobody = reason;
    this.#o.tell({ t: "notice", notice: { t: "transfer-refused", reason } });
  }

  /** As whom this replica chooses a successor. */
  get giver(): Giver {
    const { clock, fenceLevel } = this.#o;
    const { revision, updateRevision } = this.#pod;
    const isLeaving = this.#state.leaving !== undefined;
    return { nowMs: clock.nowMs(), fenceLevel: fenceLevel(), revision, updateRevision, isLeaving };
  }
}
