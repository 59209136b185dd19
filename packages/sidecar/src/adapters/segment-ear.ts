/**
 * A packet socket that is read no faster than anything on a segment has to be heard: a storm of frames costs a bounded
 * part of the processor, and the loop has time for the Lease. What is not read waits in the kernel's queue, and what that
 * has no room for is lost, as in a storm it may be: who asks, asks again, and an announcement is repeated.
 */
import type { PacketSocketOptions, RawSocket, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import { type Bucket, fullBucket, HEARD, spend } from "../announce/rate-limit.ts";
import type { Clock } from "../clock.ts";

export interface SegmentEarOptions {
  readonly clock: Clock;
  readonly openSocket: (options: PacketSocketOptions) => Pick<RawSocket, "send" | "pause" | "resume" | "close">;
  readonly socket: PacketSocketOptions;
}

/** Long enough for many frames to be read in one go, short enough for an announcement's repeats. */
const PAUSE_MS = 100;

/** Owns its socket and timer from the start until close(). */
export class SegmentEar {
  readonly #clock: Clock;
  readonly #socket: ReturnType<SegmentEarOptions["openSocket"]>;
  #bucket: Bucket;
  #cancelTimer: () => void = () => undefined;

  /** @throws RawSocketError */
  constructor({ clock, openSocket, socket }: SegmentEarOptions) {
    this.#clock = clock;
    this.#bucket = fullBucket(HEARD, clock.nowMs());
    this.#socket = openSocket({
      ...socket,
      onMessage: (frame) => {
        this.#count();
        socket.onMessage(frame);
      },
    });
  }

  /** As RawSocket. */
  send(frame: Uint8Array): RawSocketError | undefined {
    return this.#socket.send(frame);
  }

  close(): void {
    this.#cancelTimer();
    this.#socket.close();
  }

  #count(): void {
    const nowMs = this.#clock.nowMs();
    const [bucket, isWithin] = spend(HEARD, this.#bucket, nowMs);
    this.#bucket = bucket;
    if (isWithin) return;
    this.#socket.pause();
    this.#cancelTimer = this.#clock.at(nowMs + PAUSE_MS, () => this.#socket.resume());
  }
}
