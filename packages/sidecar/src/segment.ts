/**
 * The port to the VIP's segment: what this replica says there and hears. Behind it run the pure schedule and codecs of
 * announce/; implemented by adapters/segment.ts and testing/.
 */
import type { Link, MacAddress } from "@vcluster-kube-vip/routing";
import type { Reach } from "./health/reach.ts";

/** Of `total` neighbours that were asked, `count` have taken the VIP's new place. */
export interface Acknowledgement {
  readonly count: number;
  readonly total: number;
}

/** What the segment says by itself. */
export interface SegmentNews {
  /** It fell silent, or answers again. */
  readonly onReach: (reach: Reach) => void;
  /** Another claims the VIP while it is announced here. It is defended against a stranger, not against a replica. */
  readonly onClaim: (mac: string) => "replica" | "stranger";
}

export interface Segment {
  /** Whether the gateway (without one, neighbours) answers on this link. */
  readonly reach: Reach;
  /** Once, before open(). */
  follow(news: SegmentNews): void;
  /**
   * Binds to a link (again after it was deleted and came back), and only listens there until beginAsking() or resume() was
   * called once. @throws SidecarError, RawSocketError
   */
  open(link: Link, mac: MacAddress): void;
  /** Asks by itself from now on, on this link and those opened later: who has the VIP, whether the gateway answers. */
  beginAsking(): void;
  /** The takeover burst, then the repeats, none at or after the deadline. The first frame is sent before it returns. */
  announce(deadlineMs: number): void;
  /**
   * Goes on where an earlier life of this process left off: no burst, since nothing moved, and no question until the
   * first repeat; then as after one.
   */
  resume(deadlineMs: number): void;
  /** A renewed hold: announcing goes on until then. */
  extend(deadlineMs: number): void;
  stop(): void;
  /**
   * Who answers for the VIP (RFC 5227 probes, sender 0.0.0.0), within 100 ms: MAC addresses, own left out. At once, as it
   * was asked a moment ago, where all who answered then are expected.
   */
  ask(isExpected: (mac: string) => boolean): Promise<readonly string[]>;
  /** After an announcement: once every neighbour that was asked has acknowledged it, and after withinMs at the latest. */
  acknowledged(withinMs: number): Promise<Acknowledgement>;
  /** Neighbours that have taken the VIP's new place. */
  acknowledgedBy(): readonly { readonly address: string; readonly afterMs: number }[];
  /** Neighbours that were asked for it and have not answered. */
  unacknowledgedBy(): readonly string[];
  close(): void;
}
