/** When the election wants a tick though nothing happens. Past times are waiting for an answer, not for the clock. */
import { ASKING_MAX_MS, answerLateMs, takeProof } from "./candidate.ts";
import type { ElectionState } from "./election.ts";
import { MUTED_MAX_MS } from "./turn.ts";

/** Own monotonic time of the next tick; undefined: only an event can change anything. */
export function nextWakeMs(state: ElectionState, nowMs: number): number | undefined {
  const { mutedSinceMs = Number.POSITIVE_INFINITY, nextTryAtMs, nextReadAtMs } = state;
  const times = [...roleTimes(state, nowMs), mutedSinceMs + MUTED_MAX_MS, nextTryAtMs, nextReadAtMs].filter(
    (atMs) => atMs > nowMs,
  );
  const earliest = Math.min(...times);
  return Number.isFinite(earliest) ? earliest : undefined;
}

function yieldTime({ phase, claim }: Extract<ElectionState["role"], { t: "yielding" }>): number {
  if (phase.t === "marked") return phase.resumeAtMs;
  return phase.t === "relieved" ? phase.untilMs : claim.deadlineMs;
}

function roleTimes(state: ElectionState, nowMs: number): readonly number[] {
  const { role } = state;
  switch (role.t) {
    case "waiting":
      return [takeProof(state, nowMs)?.fromMs ?? Number.POSITIVE_INFINITY];
    case "adopting":
      return [role.inherited.untilMs];
    case "asking":
      return [role.sinceMs + ASKING_MAX_MS];
    case "holding":
      return [role.claim.deadlineMs, role.lookupUntilMs ?? Number.POSITIVE_INFINITY];
    case "suspended":
      return [role.claim.deadlineMs];
    case "yielding":
      return [yieldTime(role)];
    case "taking":
      return [answerLateMs(state)];
    case "stopped":
      return [];
  }
}
