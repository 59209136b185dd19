/**
 * Feeds a replica's part in the quorum (quorum/member.ts) from the network, the election and its own timers, and turns
 * what it wants into messages and news for the election. Without peers to talk to there is nothing to drive.
 */
import type { FenceLevel } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { ElectionState } from "../election/election.ts";
import { quorumStanding } from "../election/quorum-standing.ts";
import type { Happening } from "../observe/happening.ts";
import { CALM_MIN_MS, type Verdict } from "../quorum/admission.ts";
import { initialMember, type MemberEvent, memberWakeMs, stepMember } from "../quorum/member.ts";
import type { MemberEffect, MemberState, QuorumNews } from "../quorum/member-turn.ts";
import type { QuorumPeers, QuorumPeersEvent } from "../quorum/port.ts";
import type { Loop } from "./loop.ts";

export interface QuorumDriverOptions {
  readonly clock: Clock;
  readonly loop: Loop;
  /** podName_podUID_bootNonce */
  readonly identity: string;
  /** undefined: the setting is off, or this replica cannot authenticate what it says. */
  readonly peers: QuorumPeers | undefined;
  readonly fenceLevel: () => FenceLevel | undefined;
  /** For the election. */
  readonly onNews: (news: QuorumNews) => void;
  readonly tell: (happening: Happening) => void;
}

type News = MemberEvent extends infer E ? (E extends MemberEvent ? Omit<E, "nowMs"> : never) : never;

export class QuorumDriver {
  readonly #o: QuorumDriverOptions;
  #state: MemberState;
  /** What the standing is made of, as it was told last: parsing the Lease again for nothing costs most of the time. */
  #told: readonly unknown[] = [];
  #fenceLevel: FenceLevel | undefined;
  /** When a tick was wanted. */
  #dueMs: number | undefined;
  #mode: "lease" | "quorum" = "lease";
  #unfollow: () => void = () => undefined;

  constructor(options: QuorumDriverOptions) {
    this.#o = options;
    const { clock, identity, peers } = options;
    const settings = { identity, isWanted: peers !== undefined, calmMinMs: CALM_MIN_MS };
    this.#state = initialMember(settings, clock.nowMs());
  }

  get verdict(): Verdict {
    return this.#state.admission.verdict;
  }

  get wakeMs(): number | undefined {
    this.#dueMs = memberWakeMs(this.#state, this.#o.clock.nowMs());
    return this.#dueMs;
  }

  start(): void {
    const { loop, peers } = this.#o;
    this.#unfollow = peers?.follow((event) => loop.push(() => this.#onPeers(event))) ?? this.#unfollow;
  }

  close(): void {
    this.#unfollow();
    this.#o.peers?.close();
  }

  /** After each step of the election. */
  look(election: ElectionState): void {
    if (this.#o.peers === undefined) return;
    const level = this.#o.fenceLevel();
    if (level !== this.#fenceLevel) {
      this.#fenceLevel = level;
      this.#step({ t: "fence", level });
    }
    const { role, lease, quorum, eligible, modeTerm, stopping } = election;
    const claimed = role.t === "holding" ? role.claim.record : role.t;
    const isEnding = quorum?.phase.t === "leaving";
    const parts = [claimed, lease.current, lease.predecessor, quorum?.term, isEnding, eligible.t, modeTerm, stopping];
    if (parts.every((part, index) => part === this.#told[index])) return;
    this.#told = parts;
    this.#step({ t: "standing", standing: quorumStanding(election) });
  }

  gateRemoved(): void {
    this.#step({ t: "gate-removed" });
  }

  /** How late it comes decides, among others, whether the mode may be on. */
  tick(): void {
    const lateMs = this.#o.clock.nowMs() - (this.#dueMs ?? Number.POSITIVE_INFINITY);
    if (lateMs < 0) return;
    this.#step({ t: "late", byMs: lateMs });
    this.#step({ t: "tick" });
  }

  #onPeers(event: QuorumPeersEvent): void {
    if (event.t === "message") return this.#step(event);
    return this.#step({ t: "replicas", count: event.count });
  }

  #step(news: News): void {
    const [state, effects] = stepMember(this.#state, { ...news, nowMs: this.#o.clock.nowMs() } as MemberEvent);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: MemberEffect): void {
    const { peers, onNews, tell } = this.#o;
    switch (effect.t) {
      case "send":
        return peers?.send(effect.message, effect.to);
      case "tell":
        return onNews(effect.news);
      case "verdict": {
        const { verdict } = effect;
        const from = this.#mode;
        const to = verdict.t === "on" ? "quorum" : "lease";
        const reason = verdict.t === "on" ? "all replicas answer in time" : verdict.reason;
        this.#mode = to;
        return tell({ t: "transition", machine: "mode", from, to, reason });
      }
    }
  }
}
