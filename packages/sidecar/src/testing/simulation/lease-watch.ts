/** One process's watch of the Lease: a list, perhaps a stale one, then every change after it, late and in order. */
import type { WatchEvent } from "../../election/lease-lock.ts";
import type { LeaseChange, LeaseStore } from "../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import type { ApiServer, ApiWays } from "./api-servers.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface LeaseWatchParts {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly store: LeaseStore;
  readonly ways: ApiWays;
  readonly process: Process;
  readonly onEvent: (event: WatchEvent) => void;
}

/** How far behind a stale list may be, in versions. */
const BEHIND_MAX = 6;

export class LeaseWatch {
  readonly #parts: LeaseWatchParts;
  #server: ApiServer | undefined;
  #unsubscribe: () => void = () => undefined;
  /** Counts what began, so that an ended one does not come back. */
  #current = 0;
  #lastAtMs = 0;
  #ended = false;

  constructor(parts: LeaseWatchParts) {
    this.#parts = parts;
  }

  begin(): void {
    const { store, ways } = this.#parts;
    if (this.#ended || !this.#parts.process.alive) return this.#unsubscribe();
    this.#unsubscribe();
    this.#current += 1;
    const server = ways.inOrder().find(({ health }) => health === "up" || health === "slow");
    if (ways.reach !== "open" || server === undefined) return this.#beginLater();
    this.#server = server;
    const revision = this.#listRevision();
    const list = store.listAt(revision);
    const missed = store.changesSince(revision);
    if (list.t !== "listed" || missed.t !== "changes") return this.#beginLater();
    this.#deliver({ t: "listed", lease: list.leases.get(MEMORY_LEASE_KEY) });
    for (const change of missed.changes) this.#pass(change);
    this.#unsubscribe = store.subscribe((change) => this.#onChange(change));
  }

  end(): void {
    this.#ended = true;
    this.#current += 1;
    this.#unsubscribe();
  }

  break(): void {
    if (this.#ended) return;
    this.#unsubscribe();
    this.#current += 1;
    this.#lastAtMs = 0;
    this.#deliver({ t: "broken", reason: "simulated" });
    this.#beginLater();
  }

  #listRevision(): number {
    const { store, random, ways } = this.#parts;
    if (!random.chance(ways.faults.staleList)) return store.revision;
    return Math.max(1, store.revision - Math.floor(random.between(1, BEHIND_MAX)));
  }

  #onChange(change: LeaseChange): void {
    if (!this.#parts.process.alive) return this.end();
    const { ways, random } = this.#parts;
    // A hung connection keeps back what it should deliver, until it breaks.
    if (ways.reach === "hung" || this.#server?.health === "hung") return;
    const isDown = ways.reach === "cut" || this.#server?.health === "dead";
    if (isDown || random.chance(ways.faults.watchBreak)) this.break();
    else this.#pass(change);
  }

  #pass(change: LeaseChange): void {
    if (change.key === MEMORY_LEASE_KEY) {
      this.#deliver({ t: change.t === "deleted" ? "deleted" : "changed", lease: change.lease });
    }
  }

  #deliver(event: WatchEvent): void {
    const { timeline, ways, process, onEvent } = this.#parts;
    const current = this.#current;
    this.#lastAtMs = Math.max(this.#lastAtMs, timeline.nowMs + ways.latencyMs());
    timeline.at(this.#lastAtMs, () => {
      if (current !== this.#current || ways.reach === "hung") return;
      process.run(() => {
        if (!this.#ended) onEvent(event);
      });
    });
  }

  #beginLater(): void {
    const { timeline, random, process } = this.#parts;
    const current = this.#current;
    timeline.after(random.between(50, 1_500), () =>
      process.run(() => {
        if (current === this.#current) this.begin();
      }),
    );
  }
}
