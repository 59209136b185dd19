/**
 * How long a promise lasts, and how long a holder may count on it. The one place where Lq becomes a deadline. Pure
 * arithmetic: who counts from when is the caller's matter, and for a holder it is always the *send* of the heartbeat.
 */
import { CLOCK_RATE_ERROR, HOLD_MARGIN_MS } from "../election/hold-deadline.ts";

/** The holder asks this often. At the default three replicas send 134 packets a second by two paths. */
export const HEARTBEAT_MS = 60;

/** Bounds of Lq: seven heartbeats may be lost in a row; and how long a restarted promiser stays still (R3). */
export const PROMISE_MIN_MS = 450;
export const PROMISE_MAX_MS = 750;

/** Where timers are later, or answers longer on their way, the mode is off: Lq would have to be longer than its bound. */
export const LATENESS_MAX_MS = 50;
export const ROUND_TRIP_MAX_MS = 100;

/** Lq: what is measured twice over, on top of the least. Whole milliseconds, as the message has it. */
export function promiseDurationMs(measured: { readonly latenessMs: number; readonly roundTripMs: number }): number {
  const wantedMs = PROMISE_MIN_MS + 2 * (measured.latenessMs + measured.roundTripMs);
  return Math.min(Math.ceil(wantedMs), PROMISE_MAX_MS);
}

/** What of a promise everybody's clock agrees on: the giver's may be fast and the other's slow, each by rho. */
export function countedPromiseMs(promisedMs: number): number {
  return (promisedMs * (1 - CLOCK_RATE_ERROR)) / (1 + CLOCK_RATE_ERROR);
}

/** Dq: the hold ends this long after the send of the last heartbeat that a majority acknowledged. */
export function quorumHoldMs(promisedMs: number): number {
  return countedPromiseMs(promisedMs) - HOLD_MARGIN_MS;
}

/** R2: acknowledgements move a deadline that lies ahead, and never one that has passed. */
export function extendedMs(untilMs: number, nowMs: number, nextMs: number): number {
  return nowMs < untilMs ? Math.max(untilMs, nextMs) : untilMs;
}

/** Of so many voters, how many are a majority. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
