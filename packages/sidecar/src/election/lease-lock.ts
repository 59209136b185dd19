/**
 * The port to the Lease in the Kubernetes API. Results say what is *known*: "unknown" means that the write may have
 * been applied, or may still be. Implemented by adapters/kube-api and testing/.
 */
import type { LeaseDraft, LeaseRecord } from "./lease-record.ts";

export type WriteResult =
  | { readonly t: "written"; readonly lease: LeaseRecord }
  /** 409: the resourceVersion is not the current one, or a create found a Lease. No copy of the write was applied. */
  | { readonly t: "conflict" }
  /** 404 on an update. */
  | { readonly t: "missing" }
  /** Certainly not applied: 4xx, or the connection was never made. */
  | {
      readonly t: "refused";
      readonly status: number | undefined;
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
    }
  /** May have been applied, or may be later: time-out, reset, 5xx, an answer that cannot be read. */
  | { readonly t: "unknown"; readonly reason: string };

export type ReadResult =
  | { readonly t: "found"; readonly lease: LeaseRecord }
  | { readonly t: "missing" }
  | {
      readonly t: "failed";
      readonly status: number | undefined;
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
    };

export type WatchEvent =
  /** A consistent list (quorum read): the watch begins here; whatever was known of the order before is broken. */
  | { readonly t: "listed"; readonly lease: LeaseRecord | undefined }
  /** The next version, directly after the one before in this watch. */
  | { readonly t: "changed"; readonly lease: LeaseRecord }
  | { readonly t: "deleted"; readonly lease: LeaseRecord }
  /** The watch ended or could not begin; the adapter tries again by itself, with back-off, and lists first. */
  | { readonly t: "broken"; readonly reason: string };

export interface WriteOptions {
  /** Nobody holds the VIP until it is applied: it may cost the API more. Default: false. */
  readonly isUrgent?: boolean;
}

export interface LeaseLock {
  /**
   * PUT with base's resourceVersion (or POST). Hedged on the next endpoint after 300 ms, or 150 ms where it is urgent;
   * settles within timeoutMs.
   */
  write(draft: LeaseDraft, timeoutMs: number, options?: WriteOptions): Promise<WriteResult>;
  /** GET without resourceVersion parameter: consistent. Settles within timeoutMs. */
  read(timeoutMs: number): Promise<ReadResult>;
  /** LIST with resourceVersionMatch=Exact: the Lease as it was at that version. "failed" after a compaction (410). */
  readExact(resourceVersion: string, timeoutMs: number): Promise<ReadResult>;
  /** Lists, then watches, until the returned function is called. One watch at a time. */
  watch(onEvent: (event: WatchEvent) => void): () => void;
  /** Closes the connections. */
  close(): void;
}
