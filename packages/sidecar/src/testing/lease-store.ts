/**
 * Leases under one revision counter, with the habits of etcd behind a Kubernetes API server: compare-and-swap on
 * resourceVersion, a new uid per creation, reads at an old revision, ordered events, compaction. The seeded simulation
 * and the embedded API server stand on it. Knows no time and no randomness; nothing here is slow, lost or wrong: that
 * is for the caller to add.
 */
import type { LeaseRecord } from "../election/lease-record.ts";

/** What a writer decides of a Lease; a LeaseDraft fits. */
export type LeaseContent = Omit<LeaseRecord, "uid" | "resourceVersion" | "raw"> & { readonly raw?: unknown };

/** One step of the history. A deletion carries the last content under the revision of the deletion, as watches show it. */
export interface LeaseChange {
  readonly t: "added" | "modified" | "deleted";
  readonly key: string;
  readonly revision: number;
  readonly lease: LeaseRecord;
}

export type PutResult =
  | { readonly t: "written"; readonly lease: LeaseRecord }
  /** A create found a Lease, or an update's resourceVersion is not the current one. */
  | { readonly t: "conflict" }
  | { readonly t: "missing" };

/** "out-of-range" is compacted, or not yet written. */
export type ExactList =
  | { readonly t: "listed"; readonly leases: ReadonlyMap<string, LeaseRecord> }
  | { readonly t: "out-of-range" };
export type ChangeList =
  | { readonly t: "changes"; readonly changes: readonly LeaseChange[] }
  | { readonly t: "out-of-range" };

/** Older history is compacted by itself; a test's whole life fits. */
const HISTORY_LIMIT = 20_000;

/** Keys are the caller's choice ("kube-system/vcluster-kube-vip"); revisions start at 1, like etcd's. */
export class LeaseStore {
  #revision = 1;
  #compactedAt = 0;
  #uids = 0;
  #live = new Map<string, LeaseRecord>();
  #history: LeaseChange[] = [];
  #listeners = new Set<(change: LeaseChange) => void>();

  /** Of the last change, this store's or another object's. */
  get revision(): number {
    return this.#revision;
  }

  get(key: string): LeaseRecord | undefined {
    return this.#live.get(key);
  }

  /** POST. */
  create(key: string, content: LeaseContent): PutResult {
    if (this.#live.has(key)) return { t: "conflict" };
    this.#uids += 1;
    return this.#put("added", key, `00000000-0000-4000-8000-${String(this.#uids).padStart(12, "0")}`, content);
  }

  /** PUT with the resourceVersion that the writer has read. */
  update(key: string, content: LeaseContent, resourceVersion: string): PutResult {
    const current = this.#live.get(key);
    if (current === undefined) return { t: "missing" };
    if (current.resourceVersion !== resourceVersion) return { t: "conflict" };
    return this.#put("modified", key, current.uid, content);
  }

  /** `kubectl replace` of a manifest without resourceVersion: whatever was there is overwritten. */
  replace(key: string, content: LeaseContent): PutResult {
    const current = this.#live.get(key);
    return current === undefined ? { t: "missing" } : this.#put("modified", key, current.uid, content);
  }

  /** `kubectl patch`: the named fields only, unconditionally. */
  patch(key: string, fields: Partial<LeaseContent>): PutResult {
    const current = this.#live.get(key);
    return current === undefined ? { t: "missing" } : this.replace(key, { ...current, ...fields });
  }

  /** `kubectl delete`; answers the last content under the deletion's revision. */
  delete(key: string): LeaseRecord | undefined {
    const current = this.#live.get(key);
    if (current === undefined) return undefined;
    this.#live.delete(key);
    return this.#record("deleted", key, { ...current, resourceVersion: this.#next() });
  }

  /** Some other object of the cluster changed: the counter is one for all of them. */
  advance(revisions = 1): void {
    this.#revision += revisions;
  }

  /** Everything as it was right after `revision`. */
  listAt(revision: number): ExactList {
    if (revision > this.#revision || revision < this.#compactedAt) return { t: "out-of-range" };
    const leases = new Map<string, LeaseRecord>();
    for (const change of this.#history) {
      if (change.revision > revision) break;
      if (change.t === "deleted") leases.delete(change.key);
      else leases.set(change.key, change.lease);
    }
    return { t: "listed", leases };
  }

  /** Every change after `revision`, in order: what a watch from there delivers. */
  changesSince(revision: number): ChangeList {
    // etcd's rule: a watch begins at revision + 1, which may be the compacted revision itself.
    if (revision > this.#revision || revision + 1 < this.#compactedAt) return { t: "out-of-range" };
    let first = this.#history.length;
    while (first > 0 && (this.#history[first - 1]?.revision ?? 0) > revision) first -= 1;
    return { t: "changes", changes: this.#history.slice(first) };
  }

  /** Forgets what only reads before `revision` could tell. */
  compact(revision: number): void {
    this.#compactedAt = Math.max(this.#compactedAt, Math.min(revision, this.#revision));
    const lastBefore = new Map<string, LeaseChange>();
    for (const change of this.#history) if (change.revision <= this.#compactedAt) lastBefore.set(change.key, change);
    this.#history = this.#history.filter(
      (change) =>
        change.revision >= this.#compactedAt || (lastBefore.get(change.key) === change && change.t !== "deleted"),
    );
  }

  /** Calls back after each change, synchronously; the returned function ends it. */
  subscribe(listener: (change: LeaseChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(t: "added" | "modified", key: string, uid: string, content: LeaseContent): PutResult {
    const lease: LeaseRecord = {
      uid,
      resourceVersion: this.#next(),
      holderIdentity: content.holderIdentity,
      leaseDurationSeconds: content.leaseDurationSeconds,
      leaseTransitions: content.leaseTransitions,
      acquireTime: content.acquireTime,
      renewTime: content.renewTime,
      annotations: content.annotations,
      raw: content.raw,
    };
    this.#live.set(key, lease);
    return { t: "written", lease: this.#record(t, key, lease) };
  }

  #next(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #record(t: LeaseChange["t"], key: string, lease: LeaseRecord): LeaseRecord {
    const change: LeaseChange = { t, key, revision: this.#revision, lease };
    this.#history.push(change);
    if (this.#history.length > HISTORY_LIMIT) this.compact(this.#revision - HISTORY_LIMIT / 2);
    for (const listener of this.#listeners) listener(change);
    return lease;
  }
}
