/**
 * A candidate that runs client-go's leader election on the same Lease (kube-vip, during a migration): it polls, sees
 * the record's times in whole seconds only, and takes an emptied Lease at once (leaderelection.go, tryAcquireOrRenew).
 * Its own faults are not modelled: as a holder it is nobody's to vouch for, so it gives the Lease back soon and comes
 * again later, like a pod that is replaced.
 */
import type { LeaseRecord } from "../../election/lease-record.ts";
import type { LeaseStore } from "../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const IDENTITY = "kube-vip-node";
const LEG_MAX_MS = 12;
/** wait.JitterUntil: a candidate looks again after up to this much more than a retry period (leaderelection.go, acquire). */
const JITTER_FACTOR = 1.2;

export interface ClientGoParts {
  readonly timeline: Timeline;
  readonly store: LeaseStore;
  readonly random: Random;
  readonly leaseDurationMs: number;
  readonly retryPeriodMs: number;
  /** Its monotonic clock runs this fast. */
  readonly rate: number;
  readonly trace: (line: string) => void;
  readonly onTake: () => void;
}

export class ClientGoCandidate {
  readonly mac = "02:kube-vip";
  readonly #parts: ClientGoParts;
  #observed = "";
  #observedAtMs = 0;
  #holdsUntilMs = Number.NEGATIVE_INFINITY;
  #released = false;
  #retired = false;

  constructor(parts: ClientGoParts) {
    this.#parts = parts;
  }

  start(): void {
    const { timeline, random } = this.#parts;
    timeline.after(random.between(8_000, 30_000), () => this.#poll());
  }

  #poll(): void {
    if (this.#retired) return;
    this.#try();
    if (this.#released) {
      this.#released = false;
      this.#observed = "";
      return this.start();
    }
    const { timeline, random, retryPeriodMs, rate } = this.#parts;
    const jitter = this.answers() ? 0 : random.between(0, JITTER_FACTOR);
    timeline.after((retryPeriodMs * (1 + jitter)) / rate, () => this.#poll());
  }

  /** Takes no more; what it holds it gives back. */
  retire(): void {
    this.#retired = true;
    if (this.answers()) this.#release();
  }

  answers(): boolean {
    return this.#parts.timeline.nowMs < this.#holdsUntilMs;
  }

  /** How long ago it saw what this still looks like to it: a renewal since then is one that it cannot see. */
  unseenForMs(lease: LeaseRecord): number {
    if (this.#retired || this.answers() || JSON.stringify(inSeconds(lease)) !== this.#observed) return 0;
    return this.#parts.timeline.nowMs - this.#observedAtMs;
  }

  #try(): void {
    const { store, timeline, random } = this.#parts;
    const lease = store.get(MEMORY_LEASE_KEY);
    if (lease === undefined) return;
    if (this.answers()) {
      if (random.chance(0.2)) this.#release();
      else this.#renew(lease);
      return;
    }
    const seen = JSON.stringify(inSeconds(lease));
    if (seen !== this.#observed) {
      this.#observed = seen;
      this.#observedAtMs = timeline.nowMs;
    }
    const countedMs = (timeline.nowMs - this.#observedAtMs) * this.#parts.rate;
    if (lease.holderIdentity !== "" && countedMs < lease.leaseDurationSeconds * 1000) return;
    timeline.after(random.between(1, LEG_MAX_MS), () => this.#take(lease));
  }

  #take(lease: LeaseRecord): void {
    if (this.#retired || !this.#write(lease, IDENTITY)) return;
    this.#parts.trace(`${IDENTITY} takes the lease as client-go does`);
    this.#holdsUntilMs = Number.POSITIVE_INFINITY;
    this.#parts.onTake();
  }

  #renew(lease: LeaseRecord): void {
    if (!this.#write(lease, IDENTITY)) this.#holdsUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** ReleaseOnCancel: silent first, then vacant; annotations are carried along (LeaseLock.Update). */
  #release(): void {
    this.#holdsUntilMs = Number.NEGATIVE_INFINITY;
    this.#released = true;
    const lease = this.#parts.store.get(MEMORY_LEASE_KEY);
    if (lease?.holderIdentity === IDENTITY) this.#write(lease, "");
    this.#parts.trace(`${IDENTITY} releases the lease`);
  }

  #write(lease: LeaseRecord, holderIdentity: string): boolean {
    const { store, timeline, leaseDurationMs } = this.#parts;
    const taken = lease.holderIdentity === holderIdentity ? 0 : 1;
    const content = {
      ...lease,
      holderIdentity,
      leaseDurationSeconds: leaseDurationMs / 1000,
      leaseTransitions: lease.leaseTransitions + taken,
      renewTime: String(timeline.nowMs),
    };
    return store.update(MEMORY_LEASE_KEY, content, lease.resourceVersion).t === "written";
  }
}

/** LeaderElectionRecord's metav1.Time: whole seconds, so two renewals within one look like one. */
function inSeconds(lease: LeaseRecord): readonly unknown[] {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, renewTime, acquireTime } = lease;
  const wholeSeconds = (time: string | undefined) => Math.floor(Number(time ?? 0) / 1000);
  return [holderIdentity, leaseDurationSeconds, leaseTransitions, wholeSeconds(renewTime), wholeSeconds(acquireTime)];
}
