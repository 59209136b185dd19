/** A LeaseLock on the in-memory store: answers at once, watches without loss. Faults are a test's to add. */
import type { LeaseLock, ReadResult, WatchEvent, WriteResult } from "../election/lease-lock.ts";
import type { LeaseDraft } from "../election/lease-record.ts";
import type { LeaseStore } from "./lease-store.ts";

export const MEMORY_LEASE_KEY = "kube-system/vcluster-kube-vip";

export class MemoryLeaseLock implements LeaseLock {
  readonly #store: LeaseStore;
  #stopWatch: (() => void) | undefined;
  closed = false;

  constructor(store: LeaseStore) {
    this.#store = store;
  }

  async write(draft: LeaseDraft): Promise<WriteResult> {
    const { base, ...content } = draft;
    // Everybody's watch has said the version that this write builds on before the next one is there.
    await Promise.resolve();
    return base === undefined
      ? this.#store.create(MEMORY_LEASE_KEY, content)
      : this.#store.update(MEMORY_LEASE_KEY, content, base.resourceVersion);
  }

  async read(): Promise<ReadResult> {
    const lease = this.#store.get(MEMORY_LEASE_KEY);
    return lease === undefined ? { t: "missing" } : { t: "found", lease };
  }

  async readExact(resourceVersion: string): Promise<ReadResult> {
    const list = this.#store.listAt(Number(resourceVersion));
    const lease = list.t === "listed" ? list.leases.get(MEMORY_LEASE_KEY) : undefined;
    return lease === undefined ? { t: "missing" } : { t: "found", lease };
  }

  watch(onEvent: (event: WatchEvent) => void): () => void {
    onEvent({ t: "listed", lease: this.#store.get(MEMORY_LEASE_KEY) });
    this.#stopWatch = this.#store.subscribe((change) =>
      onEvent({ t: change.t === "deleted" ? "deleted" : "changed", lease: change.lease }),
    );
    return this.#stopWatch;
  }

  /** The watch's connection hangs: nothing is said any more, nor that it is broken. */
  watchesNothing(): void {
    this.#stopWatch?.();
  }

  close(): void {
    this.closed = true;
    this.#stopWatch?.();
  }
}
