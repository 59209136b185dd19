/**
 * What a hold allows to be written into the kernel at a moment: the gate's opening and the address's lifetime, each
 * worked out from the clocks right before the write. Pure; how long a hold lasts is its caller's to say.
 */
import type { Opening } from "./gate.ts";

/** A hold of the VIP, as its caller grants it. Both times by the own monotonic clock. */
export interface Hold {
  readonly holderIdentity: string;
  /** H: from then on this host is silent. */
  readonly deadlineMs: number;
  /** Until then nobody else can hold: by then the address itself is gone, the kernel's lateness included. */
  readonly exclusiveUntilMs: number;
}

/** What every loosening is asked for, synchronously, right before and right after (rule 7: check, act, check). */
export interface Permit {
  /** The hold as it is now; undefined once it was taken back. */
  readonly hold: () => Hold | undefined;
  readonly clock: {
    /** Monotonic, fractional. */
    nowMs(): number;
    /** Since the epoch; may be wrong, and may step. */
    wallTimeMs(): number;
  };
}

/** Nothing is to be loosened: for a preparation and a sweep. */
export const NO_PERMIT: Permit = { hold: () => undefined, clock: { nowMs: () => 0, wallTimeMs: () => 0 } };

/** What may be written now. */
export interface Grant {
  /** Monotonic: the moment that it was worked out for. */
  readonly atMs: number;
  readonly opening: Opening;
  /** undefined: too little is left for an address to be added. */
  readonly validSeconds: number | undefined;
}

/**
 * The kernel takes an address away up to this much after its lifetime: it rounds by HZ/4 and looks at most once a
 * second (check_lifetime, ADDRCONF_TIMER_FUZZ_MAX); 0.98 s was measured.
 */
const REMOVED_LATE_MS = 1_250;

/** And up to this much before, by the same rounding (ADDRCONF_TIMER_FUZZ_MINUS). */
const REMOVED_EARLY_MS = 250;

/** @returns undefined past the deadline, and where nothing is held. */
export function grantOf({ hold, clock }: Permit): Grant | undefined {
  const held = hold();
  if (held === undefined) return undefined;
  // The wall clock first: a process that is stopped between the two computes a T that is earlier, never later.
  const wallMs = clock.wallTimeMs();
  const atMs = clock.nowMs();
  const leftMs = held.deadlineMs - atMs;
  if (leftMs < 1) return undefined;
  const { holderIdentity } = held;
  const opening = { holderIdentity, untilWallMs: Math.floor(wallMs + leftMs), timeoutMs: Math.floor(leftMs) };
  return { atMs, opening, validSeconds: validSecondsOf(held.exclusiveUntilMs - atMs) };
}

/** The longest lifetime, in whole seconds, after which an address is surely gone within `leftMs`; undefined under 1. */
export function validSecondsOf(leftMs: number): number | undefined {
  const seconds = Math.floor((leftMs - REMOVED_LATE_MS) / 1000);
  return seconds < 1 ? undefined : seconds;
}

/** The shortest lifetime, in whole seconds, after which an address is surely still there for `durationMs`. */
export function validSecondsOutliving(durationMs: number): number {
  return Math.ceil((durationMs + REMOVED_EARLY_MS) / 1000);
}
