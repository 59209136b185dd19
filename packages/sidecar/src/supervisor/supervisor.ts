/**
 * One replica at work: the election, the VIP, the link and health, each a pure machine with its driver, on one loop.
 * Wires them to each other and to the ports; decides nothing that one of them could.
 */
import {
  type Gate,
  gateTargetOf,
  type Kernel,
  type KernelEvent,
  type Owner,
  type Placement,
} from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { detourReason, type VipDetour } from "../detour/detour.ts";
import { renewedAtMs } from "../election/claim.ts";
import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionNews,
  type ElectionState,
  initialState,
} from "../election/election.ts";
import { holderChange } from "../election/holder-change.ts";
import type { LeaseLock } from "../election/lease-lock.ts";
import { mayMove } from "../election/moves.ts";
import { step } from "../election/step.ts";
import { nextWakeMs } from "../election/wake.ts";
import type { PeerStatus } from "../health/report.ts";
import type { HealthSources } from "../health/sources.ts";
import type { Giver } from "../health/successor.ts";
import type { Happening, Snapshot } from "../observe/happening.ts";
import type { QuorumPeers } from "../quorum/port.ts";
import type { Segment } from "../segment.ts";
import type { TransferOutcome } from "../transfer/outcome.ts";
import { giverOf } from "../vip/giver.ts";
import type { VipKernel } from "../vip/kernel.ts";
import { permissionOf } from "../vip/vip.ts";
import { DetourDriver } from "./detour-driver.ts";
import { electionSettings, leaseOf } from "./election-settings.ts";
import { HealthDriver } from "./health-driver.ts";
import { mayUndo } from "./kernel-undo.ts";
import { type Fitness, LinkDriver } from "./link-driver.ts";
import { earliestMs, Loop } from "./loop.ts";
import { placementOf } from "./placement.ts";
import { QuorumDriver } from "./quorum-driver.ts";
import { ReplicaClaims } from "./replica-claims.ts";
import { snapshotOf } from "./snapshot.ts";
import { TransferWatch } from "./transfer-watch.ts";
import { VipDriver } from "./vip-driver.ts";

export interface SupervisorOptions {
  readonly config: Config;
  /** podName_podUID_bootNonce */
  readonly identity: string;
  readonly owner: Owner;
  readonly clock: Clock;
  /** RFC 3339 with six fraction digits. */
  readonly wallTime: () => string;
  readonly lock: LeaseLock;
  readonly kernel: Kernel;
  readonly gate: Gate;
  readonly vipKernel: VipKernel;
  readonly segment: Segment;
  readonly health: HealthSources;
  readonly detour: VipDetour;
  /** undefined: the mode quorum is not used. */
  readonly quorumPeers: QuorumPeers | undefined;
  readonly tell: (happening: Happening) => void;
}

// From SIGTERM to the end: silence, mark, clean-up. vCluster's pod has 15 s, and if it is etcd's leader that ends with it,
// nobody can write a mark before the others have elected one: 5 to 7 s.
const STOP_MAX_MS = 12_000;

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #loop: Loop;
  readonly #vip: VipDriver;
  readonly #link: LinkDriver;
  readonly #health: HealthDriver;
  readonly #detour: DetourDriver;
  readonly #quorum: QuorumDriver;
  readonly #claims: ReplicaClaims;
  readonly #transfer = new TransferWatch();
  #election: ElectionState;
  /** As the link's driver said it last. */
  #fitness: Fitness = { t: "unfit", reason: "starting" };
  /** What the watch says before it is known whether there is something to inherit: that comes first. */
  #early: ElectionNews[] | undefined = [];
  #onStopped: () => void = () => undefined;

  constructor(options: SupervisorOptions) {
    this.#o = options;
    const { clock, kernel, vipKernel, segment, tell, config } = options;
    this.#election = initialState(electionSettings(config, options.identity));
    this.#loop = new Loop({
      clock,
      nextWakeMs: () => this.#nextWakeMs(),
      onTick: () => this.#tick(),
      onOverflow: () => this.#onKernelEvent({ t: "overrun" }),
    });
    const common = { clock, loop: this.#loop, tell };
    const shared = { ...common, vipKernel, segment };
    this.#vip = new VipDriver({
      ...shared,
      identity: options.identity,
      placement: () => this.#placement(),
      isLinkUp: () => this.#link.link.t === "up",
      isFit: () => this.#link.fitness.t === "fit" && !this.#election.stopping,
      onSilenced: () => this.#step({ t: "silenced" }),
      onAcknowledged: ({ count, total }) => this.#step({ t: "acknowledged", count, total }),
      onRefused: (reason) => this.#link.refused(reason),
      onGateRemoved: () => this.#quorum.gateRemoved(),
      onTightened: (term) => this.#step({ t: "tightened", term }),
      onChanged: () => this.#loop.push(() => this.#detour.look()),
    });
    this.#link = new LinkDriver({
      ...shared,
      kernel,
      interfaceName: config.vip.interfaceName,
      lease: leaseOf(config),
      target: () => this.#target(),
      onUsable: () => this.#vip.announceAgain(),
      onFitness: (fitness) => this.#onFitness(fitness),
      onInherited: (inherited) => {
        this.#fitness = { t: "fit", mac: inherited.mac };
        this.#vip.inherit();
        this.#step({ t: "inherited", ...inherited });
      },
      onLookedBack: () => this.#begin(),
    });
    this.#health = new HealthDriver({
      ...common,
      sources: options.health,
      role: () => this.#election.role.t,
      mayMove: () => mayMove(this.#election.movesAtMs, this.#election.settings, clock.nowMs()),
      fenceLevel: () => options.gate.level,
      renewedAtMs: () => renewedAtMs(this.#election),
      onProve: () => this.#step({ t: "renew-soon" }),
      onSearch: () => this.#vip.expectMute(),
      onPrefer: (to) => this.#step({ t: "successor", to }),
      onMove: (to, readyPeers) => this.#step({ t: "transfer", to, readyPeers }),
      onChanged: () => {
        this.#judge();
        this.#detour.look();
      },
    });
    this.#quorum = new QuorumDriver({
      ...common,
      identity: options.identity,
      peers: options.quorumPeers,
      fenceLevel: () => options.gate.level,
      onNews: (news) => this.#step(news),
    });
    this.#claims = new ReplicaClaims({
      clock,
      lease: () => this.#election.lease,
      isPeer: (mac) => this.#health.isPeer(mac),
      onClaim: () => this.#loop.push(() => this.#step({ t: "claimed-by-replica" })),
    });
    this.#detour = new DetourDriver({
      ...common,
      detour: options.detour,
      reason: () => (options.detour.hasPeers ? detourReason(this.#vip.state.t, this.#health.state) : undefined),
      isWithdrawing: () => this.#vip.state.t === "withdrawing",
      target: () => {
        const target = this.#target();
        return target === undefined ? undefined : { ...target, port: config.vip.port };
      },
    });
  }

  /** Subscribes to the kernel and the Lease, and begins. @throws RoutingError where the kernel gives no events. */
  async start(): Promise<void> {
    const { kernel, gate, lock, segment } = this.#o;
    segment.follow({
      onReach: (reach) => this.#loop.push(() => this.#health.onReach(reach)),
      onClaim: (mac) => this.#claims.hear(mac),
    });
    const subscribed = Promise.all([
      kernel.subscribe((event) => this.#loop.push(() => this.#onKernelEvent(event))),
      gate.subscribe(() => this.#loop.push(() => this.#vip.kernelChanged())),
    ]);
    // Meanwhile the API is asked already; nothing is taken before this replica is prepared.
    lock.watch((event) => this.#loop.push(() => this.#onWatch({ t: "watch", event })));
    await subscribed;
    this.#health.start();
    this.#quorum.start();
    this.#loop.push(() => this.#link.prepare());
  }

  /** Silent, then the mark, then everything of ours away; at most 12 s. */
  async stop(): Promise<void> {
    const { clock, vipKernel, segment } = this.#o;
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const cancel = clock.at(clock.nowMs() + STOP_MAX_MS, resolve);
    this.#onStopped = resolve;
    this.#loop.push(() => {
      this.#step({ t: "stop" });
      this.#health.leave("asked to stop");
    });
    await stopped;
    cancel();
    segment.close();
    if (this.#link.maySweep) await vipKernel.sweep(this.#target());
    await this.#detour.end();
    this.close();
  }

  /** A wish to move the VIP; `to` undefined is anybody. `readyPeers` replicas could take it now. Resolves within 8 s. */
  transfer(to: string | undefined, readyPeers: number): Promise<TransferOutcome> {
    const { promise, resolve: onEnd } = Promise.withResolvers<TransferOutcome>();
    this.#loop.push(() => {
      if (this.#transfer.isWaiting) return onEnd({ t: "stayed", reason: "another transfer is under way" });
      this.#transfer.begin(this.#o.clock.nowMs(), onEnd);
      this.#step({ t: "transfer", to, readyPeers });
    });
    return promise;
  }

  /** How the other replicas are, asked now; whoever has not answered within timeoutMs is left out. Never rejects. */
  askPeers(timeoutMs: number): Promise<readonly PeerStatus[]> {
    return this.#o.health.peers.ask(timeoutMs);
  }

  /** As whom this replica chooses a successor. */
  get giver(): Giver {
    return this.#health.giver;
  }

  /** Whom a stop, or a move because this replica is not fit, goes to from now on; undefined is anybody. */
  prefer(successor: string | undefined): void {
    this.#loop.push(() => this.#step({ t: "successor", to: successor }));
  }

  /** Ends without a word: timers, sockets and connections. */
  close(): void {
    this.#loop.close();
    this.#health.close();
    this.#quorum.close();
    this.#o.segment.close();
    this.#o.lock.close();
    this.#o.kernel.close();
    this.#o.gate.end();
  }

  /** Own monotonic clock. */
  get lastTurnMs(): number {
    return this.#loop.lastTurnMs;
  }

  snapshot(): Snapshot {
    return snapshotOf({
      config: this.#o.config,
      nowMs: this.#o.clock.nowMs(),
      election: this.#election,
      vip: this.#vip.state,
      kernelDeadlineMs: this.#vip.kernelDeadlineMs,
      link: this.#link.link,
      health: this.#health.report(this.#o.segment.reach),
      fenceLevel: this.#o.gate.level,
      verdict: this.#quorum.verdict,
      segment: this.#o.segment,
    });
  }

  #onWatch(news: ElectionNews): void {
    if (this.#early === undefined) this.#step(news);
    else this.#early.push(news);
  }

  /** What is inherited has been said: now the rest, in its order. */
  #begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const news of early) this.#loop.push(() => this.#step(news));
  }

  #onFitness(fitness: Fitness): void {
    this.#fitness = fitness;
    if (fitness.t === "fit") this.#vip.prepare();
    this.#judge();
    this.#health.onLink(fitness.t === "fit" ? undefined : fitness.reason);
  }

  /** Tells the election whether this replica may take the VIP, when that is another answer than before. */
  #judge(): void {
    const { eligible, mac, role } = this.#election;
    // Who holds stays until another is found who could serve: never to nobody.
    const isCandidate = role.t === "waiting" || role.t === "asking";
    const unfit = this.#fitness.t === "unfit" ? this.#fitness.reason : undefined;
    const reason = unfit ?? (isCandidate ? this.#health.hindrance : undefined);
    if (reason !== undefined) {
      if (eligible.t === "yes" || eligible.reason !== reason) this.#step({ t: "ineligible", reason });
    } else if (this.#fitness.t === "fit" && (eligible.t === "no" || mac !== this.#fitness.mac)) {
      this.#step({ t: "eligible", mac: this.#fitness.mac });
    }
  }

  #tick(): void {
    this.#link.tick();
    this.#vip.tick();
    this.#health.tick();
    this.#quorum.tick();
    this.#step({ t: "tick" });
    this.#detour.look();
  }

  #nextWakeMs(): number | undefined {
    const electionMs = nextWakeMs(this.#election, this.#o.clock.nowMs());
    const drivers = [this.#vip, this.#link, this.#health, this.#detour, this.#quorum, this.#transfer];
    return earliestMs([electionMs, ...drivers.map(({ wakeMs }) => wakeMs)]);
  }

  #step(news: ElectionNews): void {
    const { clock, wallTime } = this.#o;
    const event = { ...news, nowMs: clock.nowMs(), wallTime: wallTime() } as ElectionEvent;
    const [state, effects] = step(this.#election, event);
    const change = holderChange(this.#election.lease, state.lease, event.nowMs);
    if (change !== undefined) this.#o.tell({ t: "holder-changed", ...change });
    const isOtherRole = state.role.t !== this.#election.role.t;
    if (renewedAtMs(state) > renewedAtMs(this.#election)) this.#loop.push(() => this.#health.onRenewed());
    this.#election = state;
    for (const effect of effects) this.#run(effect);
    this.#transfer.look(state, effects, event.nowMs);
    this.#quorum.look(state);
    if (state.role.t === "stopped") this.#onStopped();
    else if (isOtherRole) this.#loop.push(() => this.#onRole());
  }

  #onRole(): void {
    this.#judge();
    this.#health.onRole();
  }

  #run(effect: ElectionEffect): void {
    const { lock, segment, tell } = this.#o;
    switch (effect.t) {
      case "write":
        return this.#write(effect);
      case "read": {
        const { number, timeoutMs } = effect;
        return this.#loop.awaited(lock.read(timeoutMs), (result) => this.#step({ t: "read", number, result }));
      }
      case "exact-read": {
        const { resourceVersion, timeoutMs } = effect;
        return this.#loop.awaited(lock.readExact(resourceVersion, timeoutMs), (result) =>
          this.#step({ t: "exact-read", resourceVersion, result }),
        );
      }
      case "ask-segment":
        return this.#loop.awaited(
          segment.ask((mac) => this.#claims.isLastHolder(mac)),
          (answeredBy) => this.#step({ t: "segment", answeredBy }),
        );
      case "hold":
        if (effect.byPromise) return this.#vip.bound(permissionOf(effect));
        return this.#vip.hold(permissionOf(effect), effect.adopted, giverOf(effect.giverMac, this.#election.mac));
      case "tighten":
        return this.#vip.tighten(permissionOf(effect), effect.term);
      case "disinherit":
        this.#vip.disinherit();
        return this.#link.disinherit();
      case "mute":
        return this.#vip.mute();
      case "silence":
        return this.#vip.silence();
      case "transition":
        return tell({ ...effect, machine: "election" });
      case "notice":
        return tell({ t: "notice", notice: effect.notice });
    }
  }

  #write(effect: Extract<ElectionEffect, { t: "write" }>): void {
    const { clock, lock, tell } = this.#o;
    const sentAtMs = clock.nowMs();
    const isUrgent = effect.purpose === "take";
    this.#loop.awaited(lock.write(effect.draft, effect.timeoutMs, { isUrgent }), (result) => {
      const durationMs = clock.nowMs() - sentAtMs;
      tell({ t: "lease-write", purpose: effect.purpose, result: result.t, durationMs });
      this.#step({ t: "write", number: effect.number, result });
    });
  }

  #onKernelEvent(event: KernelEvent): void {
    this.#link.onKernelEvent(event);
    if (mayUndo(event, this.#o.config, this.#o.owner)) this.#vip.kernelChanged();
  }

  #placement(): Placement | undefined {
    return placementOf(this.#o.config, this.#o.owner, this.#link.link);
  }

  #target() {
    const placement = this.#placement();
    return placement === undefined ? undefined : gateTargetOf(placement);
  }
}
