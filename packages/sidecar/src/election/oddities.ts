/**
 * What in a version of the Lease is worth a line to an operator: no rule is broken by it, each is met with the safe
 * answer elsewhere (the length that counts, transitions that only rise, annotations that are carried along). Decides
 * nothing.
 */
import type { ElectionState, Notice } from "./election.ts";
import { LEASE_TRANSITIONS_MAX, type LeaseRecord } from "./lease-record.ts";
import { countedDurationMs, isRecord } from "./observation.ts";

/** Kubernetes allows 262,144 bytes of annotations an object; ours need a thousand, and a refused renewal is silence. */
const ANNOTATIONS_LONG = 131_072;
/** podName_podUID_bootNonce has at most 306; nobody's identity needs more than this. */
const IDENTITY_LONG = 512;

/** Said once a change: `before` is the version known until now. */
export function oddities(before: LeaseRecord | undefined, now: LeaseRecord): readonly Notice[] {
  return [...transitionsEdited(before, now), ...oversized(before, now)];
}

/** Another duration than the own setting, whatever it is: undefined, or what counts instead. */
export function durationDiffers(
  state: ElectionState,
  nowMs: number,
): Extract<Notice, { t: "duration-differs" }> | undefined {
  const { lease, settings, warnedDurationSeconds } = state;
  if (!isRecord(lease.current)) return undefined;
  const ownSeconds = settings.leaseDurationMs / 1000;
  const recordSeconds = lease.current.leaseDurationSeconds;
  if (recordSeconds === ownSeconds || recordSeconds === warnedDurationSeconds) return undefined;
  const countedSeconds = countedDurationMs(lease, settings.leaseDurationMs, nowMs) / 1000;
  return { t: "duration-differs", recordSeconds, ownSeconds, countedSeconds };
}

/** They only rise in one Lease: an edit, or an old copy put back. At the largest they stay. */
function transitionsEdited(before: LeaseRecord | undefined, now: LeaseRecord): readonly Notice[] {
  const from = before?.uid === now.uid ? before.leaseTransitions : undefined;
  const to = now.leaseTransitions;
  const isLowered = to < (from ?? 0);
  const isExhausted = to >= LEASE_TRANSITIONS_MAX && from !== to;
  return isLowered || isExhausted ? [{ t: "transitions-edited", from, to }] : [];
}

function oversized(before: LeaseRecord | undefined, now: LeaseRecord): readonly Notice[] {
  const notices: Notice[] = [];
  for (const what of ["annotations", "holderIdentity"] as const) {
    const characters = sizeOf(now, what);
    const isNews = before === undefined || sizeOf(before, what) <= LONG[what];
    if (characters > LONG[what] && isNews) notices.push({ t: "lease-oversized", what, characters });
  }
  return notices;
}

const LONG = { annotations: ANNOTATIONS_LONG, holderIdentity: IDENTITY_LONG };

function sizeOf(record: LeaseRecord, what: keyof typeof LONG): number {
  if (what === "holderIdentity") return record.holderIdentity.length;
  return Object.entries(record.annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}
