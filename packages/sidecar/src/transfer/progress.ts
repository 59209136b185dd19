/** How far a transfer is, from the election's state after each step. Pure; whether it may begin, yielding.ts says. */
import type { ElectionEffect, ElectionState } from "../election/election.ts";
import { ACKNOWLEDGED_ANNOTATION } from "../election/lease-record.ts";
import { isRecord } from "../election/observation.ts";
import type { TransferOutcome } from "./outcome.ts";

/** The answer waits no longer than a lost mark, its tries and the way back take. */
const UNSETTLED_AFTER_MS = 8_000;

export interface Progress {
  readonly askedAtMs: number;
  /** When another's write was first seen in the Lease. */
  readonly takenAtMs: number | undefined;
}

export function begun(nowMs: number): Progress {
  return { askedAtMs: nowMs, takenAtMs: undefined };
}

/** When whoever waits is told that it is not known. */
export function unsettledAtMs({ askedAtMs }: Progress): number {
  return askedAtMs + UNSETTLED_AFTER_MS;
}

/** How it ended, or how far it is. `effects`: of the step that led to this state. */
export function follow(
  progress: Progress,
  { role, lease, settings }: ElectionState,
  effects: readonly ElectionEffect[],
  nowMs: number,
): Progress | TransferOutcome {
  for (const effect of effects) {
    if (effect.t === "notice" && effect.notice.t === "transfer-refused") {
      return { t: "stayed", reason: effect.notice.reason };
    }
  }
  if (role.t === "holding") return { t: "stayed", reason: "nobody took what was offered, and it was taken back" };
  const current = isRecord(lease.current) ? lease.current : undefined;
  const to = current?.holderIdentity ?? "";
  const isTaken = to !== "" && to !== settings.identity;
  const takenAtMs = progress.takenAtMs ?? (isTaken ? nowMs : undefined);
  // What comes after the take (who has heard of it, connections, address) belongs to the move.
  if (isTaken && takenAtMs !== undefined && role.t !== "yielding") {
    const acknowledged = current?.annotations[ACKNOWLEDGED_ANNOTATION] ?? null;
    return { t: "moved", to, tookMs: takenAtMs - progress.askedAtMs, acknowledged };
  }
  if (role.t === "stopped") return { t: "unsettled", reason: "this replica stopped meanwhile" };
  if (nowMs >= unsettledAtMs(progress)) {
    return { t: "unsettled", reason: `nobody was seen to hold it within ${UNSETTLED_AFTER_MS / 1000} s` };
  }
  return { ...progress, takenAtMs };
}
