/**
 * Virtual time: what is to happen, in order. Ties keep the order in which they were scheduled. Real drivers live on
 * promises: where an event has settled one, everything that follows from it runs before the next event.
 */
interface Entry {
  readonly atMs: number;
  readonly order: number;
  /** undefined: cancelled. */
  run: (() => void) | undefined;
}

export class Timeline {
  nowMs = 0;
  #order = 0;
  #heap: Entry[] = [];
  #unsettled = false;

  /** The returned function cancels. */
  at(atMs: number, run: () => void): () => void {
    this.#order += 1;
    const entry: Entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run };
    this.#heap.push(entry);
    this.#siftUp(this.#heap.length - 1);
    return () => {
      entry.run = undefined;
    };
  }

  after(delayMs: number, run: () => void): () => void {
    return this.at(this.nowMs + delayMs, run);
  }

  /** A promise was made or settled: the next event waits for what follows from it. */
  unsettle(): void {
    this.#unsettled = true;
  }

  /** Runs everything up to endMs; for what knows no promises. */
  runUntil(endMs: number): void {
    while (this.#runNext(endMs));
    this.nowMs = endMs;
  }

  /** Runs everything up to endMs, and between two events whatever promises have made ready. */
  async settleUntil(endMs: number): Promise<void> {
    do {
      if (!this.#unsettled) continue;
      this.#unsettled = false;
      // A macrotask comes after all microtasks: cheaper done only where there may be some.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#runNext(endMs));
    this.nowMs = endMs;
  }

  #runNext(endMs: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > endMs) return false;
    this.#removeFirst();
    if (first.run === undefined) return true;
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfEarlier(index, parent)) return;
      index = parent;
    }
  }

  #siftDown(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfEarlier(smaller, index)) return;
      index = smaller;
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const a = this.#heap[child];
    const b = this.#heap[parent];
    if (a === undefined || b === undefined || !this.#isEarlier(child, parent)) return false;
    this.#heap[child] = b;
    this.#heap[parent] = a;
    return true;
  }

  #isEarlier(a: number, b: number): boolean {
    const x = this.#heap[a];
    const y = this.#heap[b];
    if (x === undefined || y === undefined) return false;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.order < y.order);
  }
}
