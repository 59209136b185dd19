/** An operator with kubectl who does to the Lease whatever comes to mind, old copies included. */
import { MARK_ANNOTATION } from "../../election/lease-record.ts";
import { formatMark } from "../../election/mark.ts";
import type { LeaseContent, LeaseStore } from "../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import type { Random } from "./random.ts";

/** Old copies that a backup might hold. */
const COPIES_MAX = 20;

export type OperatorPath = "operator: delete" | "operator: patch" | "operator: old copy" | "operator: nothing to do";

export class Operator {
  #store: LeaseStore;
  #random: Random;
  #trace: (line: string) => void;
  #copies: LeaseContent[] = [];

  constructor(store: LeaseStore, random: Random, trace: (line: string) => void) {
    this.#store = store;
    this.#random = random;
    this.#trace = trace;
    store.subscribe((change) => {
      if (change.t === "deleted" || !random.chance(0.3)) return;
      const { uid: _uid, resourceVersion: _version, ...content } = change.lease;
      this.#copies = [...this.#copies, content].slice(-COPIES_MAX);
    });
  }

  /** Does something, and says what kind of thing it was. */
  act(): OperatorPath {
    const kind = this.#random.next();
    if (kind < 0.15) return this.#delete();
    if (kind < 0.3) return this.#patch({ holderIdentity: "" });
    if (kind < 0.4) return this.#patch({ holderIdentity: "somebody-else" });
    if (kind < 0.5) return this.#patch({ leaseDurationSeconds: this.#random.pick([0, 1, 2, -5, 3600]) });
    if (kind < 0.6) return this.#plantMark();
    if (kind < 0.65) return this.#patch({ leaseTransitions: Math.floor(this.#random.between(-2, 3)) });
    if (kind < 0.95) return this.#restoreCopy();
    return this.#deleteAndRestore();
  }

  #delete(): OperatorPath {
    this.#trace("operator deletes the lease");
    this.#store.delete(MEMORY_LEASE_KEY);
    return "operator: delete";
  }

  #patch(fields: Partial<LeaseContent>): OperatorPath {
    this.#trace(`operator patches ${JSON.stringify(fields)}`);
    this.#store.patch(MEMORY_LEASE_KEY, fields);
    return "operator: patch";
  }

  /** A mark like that of a real release, with numbers of the past. */
  #plantMark(): OperatorPath {
    const current = this.#store.get(MEMORY_LEASE_KEY);
    if (current === undefined) return "operator: nothing to do";
    const mark = formatMark({
      from: current.holderIdentity || "somebody-else",
      to: undefined,
      transitions: current.leaseTransitions,
      replaced: String(Number(current.resourceVersion) - Math.floor(this.#random.between(1, 3))),
    });
    const annotations = { ...current.annotations, [MARK_ANNOTATION]: mark };
    return this.#patch({ annotations, ...(this.#random.chance(0.8) ? { holderIdentity: "" } : {}) });
  }

  #restoreCopy(): OperatorPath {
    const copy = this.#copies[Math.floor(this.#random.next() * this.#copies.length)];
    if (copy === undefined) return "operator: nothing to do";
    this.#trace(`operator puts an old copy back: holder=${copy.holderIdentity}`);
    this.#store.replace(MEMORY_LEASE_KEY, copy);
    return "operator: old copy";
  }

  #deleteAndRestore(): OperatorPath {
    this.#delete();
    const copy = this.#copies[Math.floor(this.#random.next() * this.#copies.length)];
    if (copy === undefined) return "operator: delete";
    this.#trace(`operator creates the lease from an old copy: holder=${copy.holderIdentity}`);
    this.#store.create(MEMORY_LEASE_KEY, copy);
    return "operator: old copy";
  }
}
