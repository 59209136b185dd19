/**
 * The port to the VIP's segment: what this replica says there and hears. Behind it run the pure schedule and codecs of
 * announce/; implemented by adapters/segment.ts and testing/.
 */
import type { Link, MacAddress } from "@vcluster-kube-vip/routing";

export interface Segment {
  /** Binds to a link (again after it was deleted and came back). @throws SidecarError, RawSocketError */
  open(link: Link, mac: MacAddress): void;
  /** The takeover burst, then the repeats, none at or after the deadline. The first frame is sent before it returns. */
  announce(deadlineMs: number): void;
  /** Goes on where an earlier life of this process left off: no burst, since nothing moved; then as after one. */
  resume(deadlineMs: number): void;
  /** A renewed hold: announcing goes on until then. */
  extend(deadlineMs: number): void;
  stop(): void;
  /** Who answers for the VIP (RFC 5227 probes, sender 0.0.0.0), within 100 ms: MAC addresses, own left out. */
  ask(): Promise<readonly string[]>;
  /** Neighbours that have taken the VIP's new place. */
  acknowledgedBy(): readonly { readonly address: string; readonly afterMs: number }[];
  close(): void;
}
