/**
 * Before a VIP is muted: the next hops of its connections are made known to the kernel, which cannot ask for them behind
 * a closed gate, so that the resets at the end reach their peers (DESIGN 4.3). Bounded: a move waits for nobody long.
 */
import type { Clock } from "../clock.ts";

/** A neighbour that lives answers within a millisecond or two; a move may have 50 ms in all, and dead clients happen. */
const KNOWN_WITHIN_MS = 20;
const ASK_EVERY_MS = 5;

/**
 * @param resolve - makes the kernel ask, and answers with those that are not known yet
 * @returns when all are known, when they cannot be asked for, or after 20 ms
 */
export function knowNextHops(clock: Clock, resolve: () => Promise<readonly unknown[]>): Promise<void> {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const untilMs = clock.nowMs() + KNOWN_WITHIN_MS;
  let cancelNext: () => void = () => undefined;
  let ended = false;
  const finish = (): void => {
    ended = true;
    cancelNext();
    cancelLast();
    end();
  };
  const cancelLast = clock.at(untilMs, finish);
  const ask = (): void => {
    resolve().then(
      (unknown) => {
        if (ended) return;
        if (unknown.length === 0) finish();
        else cancelNext = clock.at(clock.nowMs() + ASK_EVERY_MS, ask);
      },
      // Advice, not safety: a reset that does not leave costs its peer a time-out.
      finish,
    );
  };
  ask();
  return promise;
}
