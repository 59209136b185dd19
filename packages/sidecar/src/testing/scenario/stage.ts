/**
 * The stage of the text scenarios: elections by themselves, with round numbers and without chance. One way to the API
 * takes 5 ms, the executor 1 ms, a broken watch lists anew after 1 s; nothing goes wrong that the script does not say.
 */
import type { ElectionSettings } from "../../election/election.ts";
import { type LeaseChange, type LeaseContent, LeaseStore } from "../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import { Timeline } from "../simulation/timeline.ts";
import { SOLO_SETTINGS } from "../solo.ts";
import { ApiPath } from "./api-path.ts";
import { changeInWords } from "./narrate.ts";
import { Replica, type ReplicaHooks } from "./replica.ts";

export interface Cast {
  readonly name: string;
  /** How fast its monotonic clock runs. */
  readonly clockRate: number;
}

export class Stage {
  readonly store = new LeaseStore();
  readonly #timeline = new Timeline();
  readonly #replicas = new Map<string, Replica>();
  readonly #renewals = new Map<string, number>();
  #lines: string[] = [];
  #kept: LeaseContent | undefined;
  #before: LeaseChange | undefined;

  constructor(cast: readonly Cast[], settings: Partial<ElectionSettings>) {
    for (const { name, clockRate } of cast) this.#replicas.set(name, this.#replica(name, clockRate, settings));
    this.store.subscribe((change) => this.#onChange(change));
  }

  #replica(name: string, rate: number, settings: Partial<ElectionSettings>): Replica {
    const { identity: _identity, ...defaults } = SOLO_SETTINGS;
    const api = new ApiPath(this.#timeline, this.store);
    const hooks: ReplicaHooks = {
      onOpen: (opened) => this.#onOpen(opened),
      answeringMacs: () => this.answering().map((replica) => replica.mac),
      trace: (replica, line, routine) => {
        if (!routine) this.say(`${replica.name}  ${line()}`);
      },
    };
    return new Replica(name, {
      api,
      timeline: this.#timeline,
      hooks,
      settings: { ...defaults, ...settings },
      clockRate: rate,
    });
  }

  replica(name: string | undefined): Replica {
    const replica = this.#replicas.get(name ?? "");
    if (replica === undefined) throw new Error(`no replica is called ${JSON.stringify(name)}`);
    return replica;
  }

  answering(): readonly Replica[] {
    return [...this.#replicas.values()].filter((replica) => replica.answers());
  }

  /** Others that could take the VIP now. */
  readyPeers(of: Replica): number {
    return [...this.#replicas.values()].filter((other) => other !== of && other.alive).length;
  }

  /** Time passes. */
  run(forMs: number): void {
    this.#timeline.runUntil(this.#timeline.nowMs + forMs);
  }

  say(line: string): void {
    this.#lines.push(`${(this.#timeline.nowMs / 1000).toFixed(3).padStart(8)}  ${line}`);
  }

  /** What was said since the last call; renewals are only counted. */
  takeLines(): readonly string[] {
    const renewals = [...this.#renewals].map(
      ([holder, count]) => `${" ".repeat(8)}  ${holder} renewed ${times(count)}`,
    );
    const lines = [...this.#lines, ...renewals];
    this.#lines = [];
    this.#renewals.clear();
    return lines;
  }

  keepCopy(): void {
    const lease = this.store.get(MEMORY_LEASE_KEY);
    if (lease === undefined) throw new Error("there is no Lease to keep a copy of");
    const { uid: _uid, resourceVersion: _version, ...content } = lease;
    this.#kept = content;
  }

  /** `kubectl replace` of the copy that was kept. */
  putBack(): void {
    if (this.#kept === undefined) throw new Error("no copy was kept");
    this.store.replace(MEMORY_LEASE_KEY, this.#kept);
  }

  #onChange(change: LeaseChange): void {
    const before = this.#before;
    this.#before = change;
    if (before !== undefined && isRenewal(before, change)) {
      const holder = change.lease.holderIdentity;
      this.#renewals.set(holder, (this.#renewals.get(holder) ?? 0) + 1);
    } else this.say(changeInWords(change));
  }

  #onOpen(opened: Replica): void {
    const other = this.answering().find((replica) => replica !== opened);
    if (other !== undefined) this.say(`TWO HOLDERS: ${opened.name} and ${other.name}`);
  }
}

function isRenewal(before: LeaseChange, after: LeaseChange): boolean {
  if (before.t === "deleted" || after.t !== "modified" || after.lease.holderIdentity === "") return false;
  return changeInWords(before).replace(/^lease \d+/, "") === changeInWords(after).replace(/^lease \d+/, "");
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
