/**
 * How many datagrams of strangers are looked at: so many from one address, so many from all. Those of known replicas are
 * never counted, or whoever writes their addresses on its packets could use up what is theirs; to find such a one out
 * costs a tag. A stranger may be a replica that the name server does not know yet.
 */
import { type Bucket, fullBucket, spend } from "../../announce/rate-limit.ts";

const ONE_STRANGER = { perSecondMax: 20, burstMax: 40 };
/** A hundredth of a core: a tag takes less than 20 µs. */
const ALL_STRANGERS = { perSecondMax: 200, burstMax: 200 };
const SOURCES_MAX = 64;

export class SourceLimit {
  readonly #sources = new Map<string, Bucket>();
  #all: Bucket;

  constructor(nowMs: number) {
    this.#all = fullBucket(ALL_STRANGERS, nowMs);
  }

  /** Whether one more datagram of that stranger is looked at. */
  allows(address: string, nowMs: number): boolean {
    const [own, isWithinOwn] = spend(
      ONE_STRANGER,
      this.#sources.get(address) ?? fullBucket(ONE_STRANGER, nowMs),
      nowMs,
    );
    // The one that was silent for longest makes room.
    this.#sources.delete(address);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size >= SOURCES_MAX && oldest !== undefined) this.#sources.delete(oldest);
    this.#sources.set(address, own);
    if (!isWithinOwn) return false;
    const [all, isWithinAll] = spend(ALL_STRANGERS, this.#all, nowMs);
    this.#all = all;
    return isWithinAll;
  }
}
