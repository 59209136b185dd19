/**
 * One replica at work: the election, the VIP and the link, each a pure machine with its driver, on one loop. Wires
 * them to each other and to the ports; decides nothing that one of them could.
 */
import {
  type Gate,
  gateTargetOf,
  isOwnAddress,
  type Kernel,
  type KernelEvent,
  type Owner,
  type Placement,
} from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionSettings,
  type ElectionState,
  initialState,
} from "../election/election.ts";
import { holderChange } from "../election/holder-change.ts";
import type { LeaseLock } from "../election/lease-lock.ts";
import { step } from "../election/step.ts";
import { nextWakeMs } from "../election/wake.ts";
import type { Happening, Snapshot } from "../observe/happening.ts";
import type { Segment } from "../segment.ts";
import type { VipKernel } from "../vip/kernel.ts";
import { type Fitness, LinkDriver } from "./link-driver.ts";
import { earliestMs, Loop } from "./loop.ts";
import { snapshotOf } from "./snapshot.ts";
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
  readonly tell: (happening: Happening) => void;
}

/** From SIGTERM to the end: silence, mark, clean-up. vCluster's pod has 15 s. */
const STOP_MAX_MS = 5_000;

type ElectionNews = ElectionEvent extends infer E
  ? E extends ElectionEvent
    ? Omit<E, "nowMs" | "wallTime">
    : never
  : never;

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #loop: Loop;
  readonly #vip: VipDriver;
  readonly #link: LinkDriver;
  #election: ElectionState;
  /** What the watch says before it is known whether there is something to inherit: that comes first. */
  #early: ElectionNews[] | undefined = [];
  #onStopped: () => void = () => undefined;

  constructor(options: SupervisorOptions) {
    this.#o = options;
    const { clock, kernel, vipKernel, segment, tell, config } = options;
    this.#election = initialState(settingsOf(options));
    this.#loop = new Loop({
      clock,
      nextWakeMs: () => earliestMs([nextWakeMs(this.#election, clock.nowMs()), this.#vip.wakeMs, this.#link.wakeMs]),
      onTick: () => this.#tick(),
      onOverflow: () => this.#onKernelEvent({ t: "overrun" }),
    });
    const shared = { clock, loop: this.#loop, vipKernel, segment, tell };
    this.#vip = new VipDriver({
      ...shared,
      identity: options.identity,
      placement: () => this.#placement(),
      isFit: () => this.#link.fitness.t === "fit" && !this.#election.stopping,
      onSilenced: () => this.#step({ t: "silenced" }),
      onRefused: (reason) => this.#link.refused(reason),
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
        this.#vip.inherit();
        this.#step({ t: "inherited", ...inherited });
      },
      onLookedBack: () => this.#begin(),
    });
  }

  /** Subscribes to the kernel and the Lease, and begins. @throws RoutingError where the kernel gives no events. */
  async start(): Promise<void> {
    const { kernel, gate, lock } = this.#o;
    const subscribed = Promise.all([
      kernel.subscribe((event) => this.#loop.push(() => this.#onKernelEvent(event))),
      gate.subscribe(() => this.#loop.push(() => this.#vip.kernelChanged())),
    ]);
    // Meanwhile the API is asked already; nothing is taken before this replica is prepared.
    lock.watch((event) => this.#loop.push(() => this.#onWatch({ t: "watch", event })));
    await subscribed;
    this.#loop.push(() => this.#link.prepare());
  }

  /** Silent, then the mark, then everything of ours away; at most 5 s. */
  async stop(): Promise<void> {
    const { clock, vipKernel, segment } = this.#o;
    await new Promise<void>((resolve) => {
      const cancel = clock.at(clock.nowMs() + STOP_MAX_MS, resolve);
      this.#onStopped = () => {
        cancel();
        resolve();
      };
      this.#loop.push(() => this.#step({ t: "stop" }));
    });
    segment.close();
    if (this.#link.maySweep) await vipKernel.sweep(this.#target());
    this.close();
  }

  /** A wish to move the VIP; `to` undefined is anybody. `readyPeers` replicas could take it now. */
  transfer(to: string | undefined, readyPeers: number): void {
    this.#loop.push(() => this.#step({ t: "transfer", to, readyPeers }));
  }

  /** Ends without a word: timers, sockets and connections. */
  close(): void {
    this.#loop.close();
    this.#o.segment.close();
    this.#o.lock.close();
    this.#o.kernel.close();
    this.#o.gate.end();
  }

  /** When the loop last turned, own monotonic clock. */
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
      fenceLevel: this.#o.gate.level,
      acknowledgedBy: this.#o.segment.acknowledgedBy(),
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
    if (fitness.t === "unfit") return this.#step({ t: "ineligible", reason: fitness.reason });
    this.#vip.prepare();
    this.#step({ t: "eligible", mac: fitness.mac });
  }

  #tick(): void {
    this.#link.tick();
    this.#vip.tick();
    this.#step({ t: "tick" });
  }

  #step(news: ElectionNews): void {
    const { clock, wallTime } = this.#o;
    const event = { ...news, nowMs: clock.nowMs(), wallTime: wallTime() } as ElectionEvent;
    const [state, effects] = step(this.#election, event);
    const change = holderChange(this.#election.lease, state.lease, event.nowMs);
    if (change !== undefined) this.#o.tell({ t: "holder-changed", ...change });
    this.#election = state;
    for (const effect of effects) this.#run(effect);
    if (state.role.t === "stopped") this.#onStopped();
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
        return this.#loop.awaited(segment.ask(), (answeredBy) => this.#step({ t: "segment", answeredBy }));
      case "hold":
        return this.#vip.hold({ deadlineMs: effect.deadlineMs, transitions: effect.transitions }, effect.adopted);
      case "disinherit":
        this.#vip.disinherit();
        return this.#link.disinherit();
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
    this.#loop.awaited(lock.write(effect.draft, effect.timeoutMs), (result) => {
      const durationMs = clock.nowMs() - sentAtMs;
      tell({ t: "lease-write", purpose: effect.purpose, result: result.t, durationMs });
      this.#step({ t: "write", number: effect.number, result });
    });
  }

  #onKernelEvent(event: KernelEvent): void {
    this.#link.onKernelEvent(event);
    if (this.#concernsUs(event)) this.#vip.kernelChanged();
  }

  /** Whether an event may have removed something of ours, or put something in its way. */
  #concernsUs(event: KernelEvent): boolean {
    const { config, owner } = this.#o;
    switch (event.t) {
      case "address":
        // Somebody else put it there, or we did: then it is as it should be.
        return event.address.address === config.vip.address && !isOwnAddress(event.address, owner);
      case "address-removed":
        return event.address.address === config.vip.address;
      case "route-removed":
        return event.route.table === config.routing.table;
      case "rule-removed":
        return event.rule.protocol === owner.protocol || event.rule.table === config.routing.table;
      case "link":
        // Down and up again, IPv4 routes are gone without an event of their own.
        return event.link.name === config.vip.interfaceName;
      case "overrun":
        return true;
      default:
        return false;
    }
  }

  #placement(): Placement | undefined {
    const { config, owner } = this.#o;
    const { link } = this.#link;
    if (link.t === "missing") return undefined;
    const { address: vip, gateway } = config.vip;
    const { table, rulePriority } = config.routing;
    const { interfaceName: linkName } = config.vip;
    const { index: linkIndex } = link.link;
    return { vip, gateway, linkName, linkIndex, lease: leaseOf(config), table, rulePriority, owner };
  }

  #target() {
    const placement = this.#placement();
    return placement === undefined ? undefined : gateTargetOf(placement);
  }
}

function leaseOf({ lease }: Config): string {
  return `${lease.namespace}/${lease.name}`;
}

function settingsOf({ config, identity }: SupervisorOptions): ElectionSettings {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs } = config.lease;
  const { max: movesMax, windowMs: movesWindowMs } = config.moves;
  return { identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs, movesMax, movesWindowMs };
}
