/** Frames in which another MAC address than ours claims the VIP: a replica's ends a hold at most by what the Lease says. */
import type { Clock } from "../clock.ts";
import { MAC_ANNOTATION } from "../election/lease-record.ts";
import type { Observation } from "../election/observation.ts";
import { isRecord } from "../election/observation.ts";

/** Between two reads of the Lease because another replica's frames claim the VIP, however many they are. */
const CLAIM_EVERY_MS = 1_000;

export interface ReplicaClaimsOptions {
  readonly clock: Clock;
  readonly lease: () => Observation;
  readonly isPeer: (mac: string) => boolean;
  /** A replica claims it: the Lease is to be read. */
  readonly onClaim: () => void;
}

export class ReplicaClaims {
  readonly #o: ReplicaClaimsOptions;
  /** When a claim was last taken up. */
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReplicaClaimsOptions) {
    this.#o = options;
  }

  hear(mac: string): "replica" | "stranger" {
    const { clock, isPeer, onClaim } = this.#o;
    if (!isPeer(mac) && !this.isLastHolder(mac)) return "stranger";
    const nowMs = clock.nowMs();
    if (nowMs - this.#atMs < CLAIM_EVERY_MS) return "replica";
    this.#atMs = nowMs;
    onClaim();
    return "replica";
  }

  isLastHolder(mac: string): boolean {
    const { current, predecessor } = this.#o.lease();
    return [current, predecessor].some((record) => isRecord(record) && record.annotations[MAC_ANNOTATION] === mac);
  }
}
