/**
 * One replica at work: the election, the VIP and the link, each a pure machine with its driver, on one loop. Wires
 * them to each other and to the ports; decides nothing that one of them could.
 */
import type { Kernel, KernelEvent, Owner, Placement } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionSettings,
  type ElectionState,
  initialState,
} from "../election/election.ts";
import type { LeaseLock } from "../election/lease-lock.ts";
import { isRecord } from "../election/observation.ts";
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
  readonly vipKernel: VipKernel;
  readonly segment: Segment;
  readonly tell: (happening: Happening) => void;
}

/** From SIGTERM to the end: silence, mark, clean-up. vCluster's pod has 15 s. */
const STOP_MAX_MS = 5_000;

type News = ElectionEvent extends infer E ? (E extends ElectionEvent ? Omit<E, "nowMs" | "wallTime"> : never) : never;

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #loop: Loop;
  readonly #vip: VipDriver;
  readonly #link: LinkDriver;
  #election: ElectionState;
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
      placement: () => this.#placement(),
      isFit: () => this.#link.fitness.t === "fit" && !this.#election.stopping,
      onSilenced: () => this.#step({ t: "silenced" }),
      onRefused: (reason) => this.#link.refused(reason),
    });
    this.#link = new LinkDriver({
      ...shared,
      kernel,
      interfaceName: config.vip.interfaceName,
      onUsable: () => this.#vip.announceAgain(),
      onFitness: (fitness) => this.#onFitness(fitness),
    });
  }

  /** Subscribes to the kernel and the Lease, and begins. @throws RoutingError where the kernel gives no events. */
  async start(): Promise<void> {
    const subscribed = this.#o.kernel.subscribe((event) => this.#loop.push(() => this.#onKernelEvent(event)));
    // Meanwhile the API is asked already; nothing is taken before this replica is prepared.
    this.#o.lock.watch((event) => this.#loop.push(() => this.#step({ t: "watch", event })));
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
    await vipKernel.sweep();
    this.close();
  }

  /** Ends without a word: timers, sockets and connections. */
  close(): void {
    this.#loop.close();
    this.#o.segment.close();
    this.#o.lock.close();
    this.#o.kernel.close();
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
      link: this.#link.link,
      acknowledgedBy: this.#o.segment.acknowledgedBy(),
    });
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

  #step(news: News): void {
    const { clock, wallTime } = this.#o;
    const event = { ...news, nowMs: clock.nowMs(), wallTime: wallTime() } as ElectionEvent;
    const [state, effects] = step(this.#election, event);
    this.#tellHolder(holderOf(this.#election), holderOf(state));
    this.#election = state;
    for (const effect of effects) this.#run(effect);
    if (state.role.t === "stopped") this.#onStopped();
  }

  #tellHolder(from: string | undefined, to: string | undefined): void {
    if (from !== to) this.#o.tell({ t: "holder-changed", from, to });
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
        return this.#vip.hold({ deadlineMs: effect.deadlineMs, transitions: effect.transitions });
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
        return event.address.address === config.vip.address && event.address.protocol !== owner.protocol;
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
    return { vip, gateway, linkIndex: link.link.index, table, rulePriority, owner };
  }
}

function settingsOf({ config, identity }: SupervisorOptions): ElectionSettings {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs } = config.lease;
  const { max: movesMax, windowMs: movesWindowMs } = config.moves;
  return { identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, recordResolutionMs, movesMax, movesWindowMs };
}

function holderOf({ lease: { current } }: ElectionState): string | undefined {
  return isRecord(current) && current.holderIdentity !== "" ? current.holderIdentity : undefined;
}
