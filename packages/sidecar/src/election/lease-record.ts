/**
 * The Lease as the election sees it, and what of ours is written in it. Follows client-go's LeaderElectionRecord
 * (tools/leaderelection/resourcelock/interface.go), so that client-go and kube-vip candidates read it unchanged.
 * Knows no HTTP: the adapter parses and builds the API object.
 */

/** One version of the Lease. */
export interface LeaseRecord {
  readonly uid: string;
  readonly resourceVersion: string;
  /** "" is vacant. */
  readonly holderIdentity: string;
  /** As the record says it: may be 0, negative or absurd. */
  readonly leaseDurationSeconds: number;
  /** As the record says it. */
  readonly leaseTransitions: number;
  /** RFC 3339 with microseconds, as in the API; never used to judge expiry (clocks differ). */
  readonly acquireTime: string | undefined;
  readonly renewTime: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** The API object itself, so that a write keeps what others put there (labels, owners). Opaque to the election. */
  readonly raw: unknown;
}

/** What a write makes of the Lease. `base` undefined is a create. */
export interface LeaseDraft {
  readonly base: LeaseRecord | undefined;
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  /** 0..LEASE_TRANSITIONS_MAX */
  readonly leaseTransitions: number;
  readonly acquireTime: string | undefined;
  readonly renewTime: string | undefined;
  /** Complete: an annotation of base that is missing here is removed by the write. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** An int32 in the API, which refuses a write with more: at the largest they stay, and versions alone tell takes apart. */
export const LEASE_TRANSITIONS_MAX = 2 ** 31 - 1;

/** Rule 4: a fresh number in each write; only the number in a consistent read confirms a write whose answer was lost. */
export const WRITE_ANNOTATION = "vcluster-kube-vip/write";
/** Rule 2b: the giver's statement that it is silent. */
export const MARK_ANNOTATION = "vcluster-kube-vip/mark";
/**
 * Neighbours that have acknowledged the holder's take, of those that it asked: "3/4". Not there before that is known:
 * the giver of a planned move ends its connections when it appears (DESIGN 4.3).
 */
export const ACKNOWLEDGED_ANNOTATION = "vcluster-kube-vip/acknowledged";
/** The holder's MAC address on the VIP's interface: tells its ARP answers from a stranger's (rule 2, first take). */
export const MAC_ANNOTATION = "vcluster-kube-vip/mac";
/** Whether promises of the holder's peers end its hold too, and whose (mode.ts). */
export const MODE_ANNOTATION = "vcluster-kube-vip/mode";
