/**
 * One pod that speaks the quorum: the real election and the real member, joined as a supervisor would join them, on a
 * gate that outlives the process. The process may be frozen or killed at any call.
 */
import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
  initialState,
} from "../../../election/election.ts";
import { MAC_ANNOTATION } from "../../../election/lease-record.ts";
import { isRecord } from "../../../election/observation.ts";
import { quorumStanding } from "../../../election/quorum-standing.ts";
import { step } from "../../../election/step.ts";
import { nextWakeMs } from "../../../election/wake.ts";
import { initialMember, type MemberEvent, memberWakeMs, stepMember } from "../../../quorum/member.ts";
import type { MemberEffect, MemberState, QuorumNews } from "../../../quorum/member-turn.ts";
import { effectInWords } from "../../scenario/narrate.ts";
import { LeaseWatch } from "../lease-watch.ts";
import { HoldExecutor } from "./hold-executor.ts";
import { LeaseCalls } from "./lease-calls.ts";
import type { Life } from "./life.ts";

type News<E> = E extends { nowMs: number } ? Omit<E, "nowMs" | "wallTime"> : never;
type ElectionNews = News<ElectionEvent> | QuorumNews;

export class Replica {
  election: ElectionState;
  member: MemberState;
  readonly #life: Life;
  readonly #lease: LeaseCalls;
  readonly #watch: LeaseWatch;
  readonly #executor: HoldExecutor;
  #electionTimer = Number.POSITIVE_INFINITY;
  #memberTimer = Number.POSITIVE_INFINITY;
  #told: readonly unknown[] = [];

  constructor(life: Life) {
    this.#life = life;
    const { identity, clock, settings, calmMinMs } = life;
    this.election = initialState({ ...settings, identity });
    this.member = initialMember({ identity, isWanted: true, calmMinMs }, clock.nowMs());
    this.#lease = new LeaseCalls(life);
    this.#watch = new LeaseWatch({ ...life, onEvent: (event) => this.step({ t: "watch", event }) });
    this.#executor = new HoldExecutor({
      ...life,
      holderIdentity: identity,
      onTightened: (term) => this.step({ t: "tightened", term }),
      onSilenced: () => this.step({ t: "silenced" }),
    });
  }

  start(): void {
    const { gate, clock, mac, random, peers, process } = this.#life;
    const left = gate.opening;
    if (left === undefined) gate.execute({ t: "close" });
    const untilMs = clock.nowMs() + gate.leftMs;
    if (left !== undefined) this.step({ t: "inherited", holderIdentity: left.holderIdentity, untilMs, mac });
    else this.#later(random.between(1, 20), () => this.step({ t: "eligible", mac }));
    this.meet({ t: "fence", level: "nft-egress" });
    peers.follow((event) => process.run(() => this.meet(event)));
    this.#watch.begin();
  }

  /** A hung connection that is let go breaks. */
  breakWatch(): void {
    this.#watch.break();
  }

  step(news: ElectionNews): void {
    const { process, clock, timeline } = this.#life;
    if (!process.alive) return;
    const event = { ...news, nowMs: clock.nowMs(), wallTime: String(Math.floor(timeline.nowMs)) } as ElectionEvent;
    const [state, effects] = step(this.election, event);
    this.election = state;
    for (const effect of effects) this.#run(effect);
    this.#tellStanding();
    this.#armElection();
  }

  meet(news: News<MemberEvent>): void {
    const { process, clock } = this.#life;
    if (!process.alive) return;
    const [state, effects] = stepMember(this.member, { ...news, nowMs: clock.nowMs() } as MemberEvent);
    this.member = state;
    for (const effect of effects) this.#do(effect);
    this.#armMember();
  }

  #do(effect: MemberEffect): void {
    const { process, peers, count, trace } = this.#life;
    switch (effect.t) {
      case "send":
        return process.run(() => peers.send(effect.message, effect.to));
      case "tell":
        if (effect.news.t !== "quorum-promised") trace(() => `quorum: ${JSON.stringify(effect.news)}`);
        return this.step(effect.news);
      case "verdict": {
        const { verdict } = effect;
        count(verdict.t === "on" ? "mode on" : `mode off: ${verdict.reason}`);
        return trace(() => `mode ${verdict.t === "on" ? "on" : `off: ${verdict.reason}`}`);
      }
    }
  }

  #run(effect: ElectionEffect): void {
    const { trace, count, clock, mac, onSegment } = this.#life;
    if (effect.t !== "hold") trace(() => effectInWords(effect, clock.nowMs()));
    switch (effect.t) {
      case "write": {
        const { number, purpose } = effect;
        return this.#lease.write(effect.draft, effect.timeoutMs, (result) => {
          count(`${purpose}: ${result.t}`);
          this.step({ t: "write", number, result });
        });
      }
      case "read":
        return this.#lease.read(effect.timeoutMs, (result) => this.step({ t: "read", number: effect.number, result }));
      case "exact-read": {
        const { resourceVersion, timeoutMs } = effect;
        return this.#lease.readExact(resourceVersion, timeoutMs, (result) =>
          this.step({ t: "exact-read", resourceVersion, result }),
        );
      }
      case "ask-segment":
        return onSegment((answeredBy) => this.step({ t: "segment", answeredBy }));
      case "hold":
        return this.#executor.hold(effect.deadlineMs, effect.byPromise === undefined);
      case "tighten":
        return this.#executor.tighten(effect.deadlineMs, effect.term);
      case "mute":
      case "silence":
        return this.#executor.silence();
      case "disinherit":
        this.#executor.silence();
        return this.#later(1, () => this.step({ t: "eligible", mac }));
      case "transition":
        if (effect.to === "taking") count(effect.reason.replace("taking", "take"));
        if (effect.to === "suspended") count(`silent: ${effect.reason}`);
        return;
      case "notice":
        return;
    }
  }

  /** Told when something that it is made of is another: parsing the Lease again for nothing would cost most of the time. */
  #tellStanding(): void {
    const { role, lease, quorum, eligible, modeTerm, stopping } = this.election;
    const claimed = role.t === "holding" ? role.claim.record : role.t;
    const isEnding = quorum?.phase.t === "leaving";
    const parts = [claimed, lease.current, lease.predecessor, quorum?.term, isEnding, eligible.t, modeTerm, stopping];
    if (parts.every((part, index) => part === this.#told[index])) return;
    this.#told = parts;
    this.meet({ t: "standing", standing: quorumStanding(this.election) });
  }

  /** The MAC address of the holder that the Lease names. */
  get lastMac(): string | undefined {
    const { current } = this.election.lease;
    return isRecord(current) ? current.annotations[MAC_ANNOTATION] : undefined;
  }

  #armElection(): void {
    const wakeMs = nextWakeMs(this.election, this.#life.clock.nowMs());
    if (wakeMs === undefined || wakeMs >= this.#electionTimer) return;
    this.#electionTimer = wakeMs;
    this.#at(wakeMs, () => {
      if (this.#electionTimer === wakeMs) this.#electionTimer = Number.POSITIVE_INFINITY;
      this.step({ t: "tick" });
    });
  }

  #armMember(): void {
    const wakeMs = memberWakeMs(this.member, this.#life.clock.nowMs());
    if (wakeMs === undefined || wakeMs >= this.#memberTimer) return;
    this.#memberTimer = wakeMs;
    this.#at(wakeMs, () => {
      if (this.#memberTimer === wakeMs) this.#memberTimer = Number.POSITIVE_INFINITY;
      this.meet({ t: "late", byMs: this.#life.clock.nowMs() - wakeMs });
      this.meet({ t: "tick" });
    });
  }

  #at(atMs: number, act: () => void): void {
    const { timeline, clock, process, random } = this.#life;
    timeline.at(clock.timeOf(atMs) + random.between(0, 2), () => process.run(act));
  }

  #later(afterMs: number, act: () => void): void {
    this.#at(this.#life.clock.nowMs() + afterMs, act);
  }
}
