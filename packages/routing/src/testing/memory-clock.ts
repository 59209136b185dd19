/** Two clocks that go when a test says so: the monotonic one, and the wall clock, which may also be set. */
export class MemoryClock {
  #nowMs = 1_000_000;
  #wallMs = 1_800_000_000_000;

  nowMs(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return this.#wallMs;
  }

  /** Time passes; the process is frozen, or the kernel takes its time. */
  pass(forMs: number): void {
    this.#nowMs += forMs;
    this.#wallMs += forMs;
  }

  /** Somebody sets the wall clock. */
  setWall(byMs: number): void {
    this.#wallMs += byMs;
  }
}
