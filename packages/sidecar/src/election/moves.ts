/**
 * The budget of voluntary moves (rule 10): EVPN freezes an address that moved five times in 180 s (RFC 7432, 15.1).
 * Counts hand-overs that this replica saw or made; never consulted for a takeover from a dead holder.
 */
import type { ElectionSettings } from "./election.ts";

export function recentMoves(
  movesAtMs: readonly number[],
  settings: ElectionSettings,
  nowMs: number,
): readonly number[] {
  return movesAtMs.filter((atMs) => nowMs - atMs < settings.movesWindowMs);
}

export function mayMove(movesAtMs: readonly number[], settings: ElectionSettings, nowMs: number): boolean {
  return recentMoves(movesAtMs, settings, nowMs).length < settings.movesMax;
}

/** When the budget allows another one, where it is spent now. */
export function nextMoveMs(movesAtMs: readonly number[], { movesMax, movesWindowMs }: ElectionSettings): number {
  return (movesAtMs.at(-movesMax) ?? Number.NEGATIVE_INFINITY) + movesWindowMs;
}
