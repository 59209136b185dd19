/**
 * The Kubernetes Events: moves of the VIP and refusals, derived from Happenings, for who looks at the virtual cluster
 * with kubectl. Limits and sends nothing (event-budget.ts, supervisor/event-recorder.ts).
 */
import type { Notice } from "../election/election.ts";
import type { Happening } from "./happening.ts";
import { causeWords, podNameOf, unservedWords } from "./move-words.ts";
import type { Move } from "./moves.ts";
import { redact } from "./redact.ts";
import { shorten } from "./shorten.ts";

/** By reason, which is stable: the type, and what was done, as the Event API asks for it. In docs/status.md. */
export const EVENT_REASONS = {
  VipTaken: { type: "Normal", action: "Take" },
  VipAdopted: { type: "Normal", action: "Adopt" },
  VipResumed: { type: "Normal", action: "Resume" },
  VipReleased: { type: "Normal", action: "Release" },
  VipLost: { type: "Warning", action: "Silence" },
  VipConflict: { type: "Warning", action: "Watch" },
  VipMovesOften: { type: "Warning", action: "Watch" },
  TakeRefused: { type: "Warning", action: "Refuse" },
  TransferRefused: { type: "Warning", action: "Refuse" },
  KernelRefused: { type: "Warning", action: "Refuse" },
  FenceWeaker: { type: "Warning", action: "Fence" },
} as const;

export interface EventDraft {
  readonly reason: keyof typeof EVENT_REASONS;
  /** A sentence. */
  readonly note: string;
}

/** What came of one try to write one. */
export type RecordOutcome = "recorded" | "forbidden" | "lost";

export interface EventContext {
  /** This replica's. */
  readonly identity: string;
  /** The newest move, in which the Happening is recorded already. */
  readonly newest: Move | undefined;
}

/** Undefined: nobody but the log needs to hear of it. */
export function eventOf(happening: Happening, context: EventContext): EventDraft | undefined {
  const draft = draftOf(happening, context);
  return draft && { ...draft, note: shorten(redact(draft.note)) };
}

function draftOf(happening: Happening, { identity, newest }: EventContext): EventDraft | undefined {
  switch (happening.t) {
    case "took":
      return newest === undefined ? undefined : tookDraft(newest);
    case "holder-changed": {
      if (happening.cause !== "adopted" || happening.to !== identity) return undefined;
      return { reason: "VipAdopted", note: `a new life of ${podNameOf(identity)} serves the VIP on, without a gap` };
    }
    case "transition":
      return transitionDraft(happening, podNameOf(identity));
    case "notice":
      return noticeDraft(happening.notice);
    case "conflict":
      return { reason: "VipConflict", note: `${happening.mac} claims the VIP, too` };
    case "trouble":
      return happening.where === "kernel" ? { reason: "KernelRefused", note: happening.message } : undefined;
    case "fence": {
      const { fenceLevel, aim, reason = "not to be had" } = happening;
      if (fenceLevel === aim) return undefined;
      return { reason: "FenceWeaker", note: `fence level ${fenceLevel} instead of ${aim}: ${reason}` };
    }
    default:
      return undefined;
  }
}

function tookDraft(move: Move): EventDraft {
  const { from, to } = move;
  const unserved = unservedWords(move);
  const gap = unserved === undefined ? "" : `; not served for ${unserved}`;
  if (from === to)
    return { reason: "VipResumed", note: `${podNameOf(to)} serves the VIP again: ${causeWords(move)}${gap}` };
  const giver = from === null ? "" : ` from ${podNameOf(from)}`;
  return { reason: "VipTaken", note: `${podNameOf(to)} took the VIP${giver}: ${causeWords(move)}${gap}` };
}

function transitionDraft(
  { machine, from, to, reason }: Extract<Happening, { t: "transition" }>,
  pod: string,
): EventDraft | undefined {
  if (machine === "election" && from === "holding") {
    if (to === "yielding") return { reason: "VipReleased", note: `${pod} gives the VIP away: ${reason}` };
    return { reason: "VipLost", note: `${pod} fell silent for the VIP: ${reason}` };
  }
  const lapsed = machine === "vip" && to === "lapsed";
  return lapsed ? { reason: "VipLost", note: `${pod} fell silent for the VIP: ${reason}` } : undefined;
}

function noticeDraft(notice: Notice): EventDraft | undefined {
  switch (notice.t) {
    case "segment-answered":
      return {
        reason: "TakeRefused",
        note: `not taking the VIP: answered for by ${notice.by.join(", ")}, who is not its last holder`,
      };
    case "transfer-refused":
      return { reason: "TransferRefused", note: `the VIP stays: ${notice.reason}` };
    case "moves-alarm":
      return {
        reason: "VipMovesOften",
        note: `${notice.moves} voluntary moves of the VIP within ${notice.windowMs / 1_000} s`,
      };
    default:
      return undefined;
  }
}
