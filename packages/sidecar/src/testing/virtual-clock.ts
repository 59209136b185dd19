/** Time that passes when a test says so; between two timers every settled promise has run. */
import type { Clock } from "../clock.ts";

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, callback: () => void): () => void {
    this.#order += 1;
    const id = this.#order;
    this.#timers.set(id, { atMs, callback });
    return () => this.#timers.delete(id);
  }

  async advance(forMs: number): Promise<void> {
    const endMs = this.#nowMs + forMs;
    await settle();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      const [id, timer] = next;
      this.#timers.delete(id);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.callback();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** The process is frozen: time passes and nothing runs, not even what is due. */
  freeze(forMs: number): void {
    this.#nowMs += forMs;
  }

  #next(endMs: number) {
    const due = [...this.#timers].filter(([, timer]) => timer.atMs <= endMs);
    return due.sort(([idA, a], [idB, b]) => a.atMs - b.atMs || idA - idB)[0];
  }
}

/** Runs what promises have made ready: a macrotask comes after all of them. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
