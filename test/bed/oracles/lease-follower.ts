/** The Lease's history as it grows: reads of each audit log what was added, so that a long run does not read it again. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { inOrder, type LeaseWrite, leaseWritesIn } from "../lease-history.ts";

interface Place {
  readonly bytes: number;
  /** The beginning of a line whose end was not written yet. */
  readonly rest: string;
}

export class LeaseFollower {
  readonly #leaseName: string;
  readonly #places = new Map<string, Place>();
  #writes: readonly LeaseWrite[] = [];

  constructor(leaseName: string) {
    this.#leaseName = leaseName;
  }

  /** Every write that was answered since `forget`, in order, and the last one before. */
  read(auditLogs: readonly string[]): readonly LeaseWrite[] {
    const texts = auditLogs.map((path) => this.#added(path));
    const all = [...this.#writes, ...leaseWritesIn(texts, this.#leaseName)];
    this.#writes = inOrder(all);
    return this.#writes;
  }

  /** All but the last applied write: it says whose the Lease is. */
  forget(): void {
    this.#writes = this.#writes.filter(({ lease }) => lease !== undefined).slice(-1);
  }

  #added(path: string): string {
    if (!existsSync(path)) return "";
    const place = this.#places.get(path) ?? { bytes: 0, rest: "" };
    const added = readFrom(path, place.bytes);
    const text = place.rest + added.toString("utf8");
    const end = text.lastIndexOf("\n") + 1;
    this.#places.set(path, { bytes: place.bytes + added.length, rest: text.slice(end) });
    return text.slice(0, end);
  }
}

function readFrom(path: string, offset: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - offset));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(file);
  }
}
