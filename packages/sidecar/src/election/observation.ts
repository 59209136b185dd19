/**
 * What a replica knows of the Lease, and since when by its own clock. Expiry is counted from the moment a version was
 * first *seen* (never from renewTime: clocks differ), so knowing late only means waiting longer.
 */
import { LEASE_DURATION_MAX_MS } from "./hold-deadline.ts";
import type { LeaseRecord } from "./lease-record.ts";

/** A shortened record is remembered at its longest for this long: its holder may still count the old length. */
const DURATION_MEMORY_MS = 60_000;
/** Distinct lengths remembered; more than a hostile hand needs, and bounded. */
const DURATION_MEMORY_MAX = 16;

export interface Observation {
  /** The newest version known; "missing" is known to be absent; undefined is not known. */
  readonly current: LeaseRecord | "missing" | undefined;
  /** When `current` was first seen, own monotonic clock. */
  readonly sinceMs: number;
  /** The version directly before `current`: by the unbroken watch, or a young process's exact list (rule 2b). */
  readonly predecessor: LeaseRecord | undefined;
  /** The last version that the unbroken watch delivered; undefined while it is broken. */
  readonly watchTail: LeaseRecord | "missing" | undefined;
  /** Versions seen in this process's life, counted to 2: at 1 it is too young to have watched. */
  readonly versionsSeen: 0 | 1 | 2;
  /** Lengths that replaced versions said, and when they were last in force. */
  readonly pastDurations: readonly { readonly durationMs: number; readonly untilMs: number }[];
}

export const NOTHING_KNOWN: Observation = {
  current: undefined,
  sinceMs: 0,
  predecessor: undefined,
  watchTail: undefined,
  versionsSeen: 0,
  pastDurations: [],
};

/** A consistent list: the truth at its moment, and the beginning of a watch. It breaks the chain to what was before. */
export function afterList(known: Observation, record: LeaseRecord | "missing", nowMs: number): Observation {
  const next = sameVersion(known.current, record) ? known : replace(known, record, nowMs);
  return { ...next, predecessor: undefined, watchTail: record };
}

/** The next version in the watch. Older than what a read has shown already, it only moves the chain. */
export function afterChange(known: Observation, record: LeaseRecord, nowMs: number): Observation {
  const predecessor = isRecord(known.watchTail) ? known.watchTail : undefined;
  if (sameVersion(known.current, record)) return { ...known, predecessor, watchTail: record };
  if (isRecord(known.current) && isOlder(record, known.current)) return { ...known, watchTail: record };
  return { ...replace(known, record, nowMs), predecessor, watchTail: record };
}

/** A deletion in the watch; `record` carries the deletion's resourceVersion. A recreated Lease may be known already. */
export function afterDeletion(known: Observation, record: LeaseRecord, nowMs: number): Observation {
  const overtaken = isRecord(known.current) && isOlder(record, known.current);
  return { ...(overtaken ? known : replace(known, "missing", nowMs)), watchTail: "missing" };
}

/** A consistent read or the answer to an own write: newest unless the watch was faster. The chain is the watch's. */
export function afterRead(known: Observation, record: LeaseRecord | "missing", nowMs: number): Observation {
  if (sameVersion(known.current, record)) return known;
  if (record !== "missing" && isRecord(known.current) && isOlder(record, known.current)) return known;
  return { ...replace(known, record, nowMs), predecessor: undefined };
}

export function afterBreak(known: Observation): Observation {
  return { ...known, watchTail: undefined };
}

/** A young process's list at the version before `current`. */
export function withPredecessor(known: Observation, predecessor: LeaseRecord): Observation {
  return { ...known, predecessor };
}

function replace(known: Observation, record: LeaseRecord | "missing", nowMs: number): Observation {
  return {
    current: record,
    sinceMs: nowMs,
    predecessor: undefined,
    watchTail: known.watchTail,
    versionsSeen: known.versionsSeen === 0 ? 1 : 2,
    pastDurations: isRecord(known.current)
      ? remember(known.pastDurations, recordDurationMs(known.current), nowMs)
      : known.pastDurations,
  };
}

function remember(past: Observation["pastDurations"], durationMs: number, nowMs: number): Observation["pastDurations"] {
  const kept = past.filter((p) => nowMs - p.untilMs < DURATION_MEMORY_MS && p.durationMs !== durationMs);
  const all = [...kept, { durationMs, untilMs: nowMs }];
  if (all.length <= DURATION_MEMORY_MAX) return all;
  // Forget the shortest: the longest is the one that keeps us safe.
  const shortest = Math.min(...all.map((p) => p.durationMs));
  return all.filter((p) => p.durationMs !== shortest);
}

/** Rule 2a's L: the longest of the own setting and what the record said in the last 60 s, capped at 60 s. */
export function countedDurationMs(known: Observation, ownMs: number, nowMs: number): number {
  const said = known.pastDurations.filter((p) => nowMs - p.untilMs < DURATION_MEMORY_MS).map((p) => p.durationMs);
  if (isRecord(known.current)) said.push(recordDurationMs(known.current));
  return Math.min(Math.max(ownMs, ...said), LEASE_DURATION_MAX_MS);
}

/** 0 for what is no length (negative, NaN), so that the own setting decides. */
function recordDurationMs(record: LeaseRecord): number {
  const durationMs = record.leaseDurationSeconds * 1000;
  return Number.isFinite(durationMs) ? Math.max(durationMs, 0) : 0;
}

export function isRecord(value: LeaseRecord | "missing" | undefined): value is LeaseRecord {
  return value !== undefined && value !== "missing";
}

function sameVersion(a: LeaseRecord | "missing" | undefined, b: LeaseRecord | "missing"): boolean {
  if (!isRecord(a) || !isRecord(b)) return a === b;
  return a.uid === b.uid && a.resourceVersion === b.resourceVersion;
}

/**
 * Whether `a` is certainly older than `b`. resourceVersions are decimal etcd revisions (comparable by contract since
 * Kubernetes 1.35); anything else is taken for newer, which can only cost a wait.
 */
export function isOlder(a: LeaseRecord, b: LeaseRecord): boolean {
  const decimal = /^[1-9][0-9]{0,18}$/;
  if (!decimal.test(a.resourceVersion) || !decimal.test(b.resourceVersion)) return false;
  return BigInt(a.resourceVersion) < BigInt(b.resourceVersion);
}
