/** What replicas say to each other, in memory: each message arrives a moment later by each path, or never. */
import type { Clock } from "../clock.ts";
import type { QuorumPath, QuorumPeers, QuorumPeersEvent } from "../quorum/port.ts";
import { QUORUM_PATHS } from "../quorum/port.ts";

const TRIP_MS = 0.5;

interface Member {
  readonly name: string;
  readonly ended: boolean;
}

export class MemoryQuorum {
  readonly #clock: Clock;
  readonly #count: () => number;
  readonly #followers = new Map<string, (event: QuorumPeersEvent) => void>();
  readonly #cut = new Set<string>();
  /** How many messages were sent, each once however many paths it goes by. */
  sent = 0;

  constructor(clock: Clock, count: () => number) {
    this.#clock = clock;
    this.#count = count;
  }

  /** Nothing that this replica says, or that is said to it, arrives by these paths from now on. */
  cut(name: string, paths: readonly QuorumPath[] = QUORUM_PATHS): void {
    for (const path of paths) this.#cut.add(`${name} ${path}`);
  }

  heal(name: string): void {
    for (const path of QUORUM_PATHS) this.#cut.delete(`${name} ${path}`);
  }

  peersOf(member: Member): QuorumPeers {
    const { name } = member;
    return {
      send: (message, to) => {
        this.sent += 1;
        if (member.ended) return;
        const paths = to.t === "all" ? QUORUM_PATHS : [to.path];
        for (const other of this.#followers.keys()) {
          if (other === name || (to.t === "one" && !to.identity.startsWith(`${other}_`))) continue;
          for (const path of paths) this.#carry(name, other, { t: "message", message, path });
        }
      },
      follow: (onEvent) => {
        this.#followers.set(name, onEvent);
        onEvent({ t: "replicas", count: this.#count() });
        for (const follower of this.#followers.values()) follower({ t: "replicas", count: this.#count() });
        return () => void this.#followers.delete(name);
      },
      close: () => undefined,
    };
  }

  #carry(from: string, to: string, event: Extract<QuorumPeersEvent, { t: "message" }>): void {
    if (this.#cut.has(`${from} ${event.path}`) || this.#cut.has(`${to} ${event.path}`)) return;
    this.#clock.at(this.#clock.nowMs() + TRIP_MS, () => this.#followers.get(to)?.(event));
  }
}
