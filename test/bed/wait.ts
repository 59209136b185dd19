/** Bounded waiting on the real world, and the clock that all observers share. Not for unit tests: they have a virtual clock. */
import { setTimeout as sleep } from "node:timers/promises";
import { BedError } from "./bed-error.ts";

export interface Bound {
  readonly withinMs: number;
  /** Default 20. */
  readonly everyMs?: number;
  /** Added to the error: what was seen instead. */
  readonly diagnose?: () => string | Promise<string>;
}

/** CLOCK_MONOTONIC in ms, the same in every process of this machine: times of different observers can be compared. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** CLOCK_REALTIME in ms at that moment: what captures and audit logs are stamped with. Waits for its next whole ms. */
export function wallMsAt(atMonotonicMs: number): number {
  const startMs = Date.now();
  for (;;) {
    const wallMs = Date.now();
    if (wallMs !== startMs) return wallMs - monotonicMs() + atMonotonicMs;
  }
}

/** Resolves with the first value that is not undefined; BED_WAIT_TIMED_OUT names `what` and the last error. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  bound: Bound,
): Promise<T> {
  const deadlineMs = monotonicMs() + bound.withinMs;
  let lastError: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await sleep(bound.everyMs ?? 20);
  } while (monotonicMs() < deadlineMs);
  const seen = bound.diagnose === undefined ? "" : `\n${await bound.diagnose()}`;
  throw new BedError("BED_WAIT_TIMED_OUT", `${what}: not within ${bound.withinMs} ms${seen}`, { cause: lastError });
}

export { sleep };
