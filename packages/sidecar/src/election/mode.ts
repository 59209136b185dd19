/**
 * The mode, in an annotation of the Lease: whether the hold ends by the Lease alone, or by its voters' promises before.
 * It counts only while it is bound to the record that it stands in (R6): others carry annotations along when they take
 * (client-go's LeaseLock.Update), and old copies come back. So it names holder and transitions, and the version that its
 * record replaced, which a candidate must know by its own unbroken watch.
 */
import type { Target } from "../quorum/challenger.ts";
import type { Voter } from "../quorum/port.ts";
import { type LeaseRecord, MODE_ANNOTATION } from "./lease-record.ts";

export interface Mode {
  readonly mode: "lease" | "quorum";
  /** Raised at each change of mode; never twice for one holderIdentity in mode quorum. */
  readonly term: number;
  /** Who promises: all replicas, the holder included, as podName_podUID. Empty in mode lease. */
  readonly voters: readonly Voter[];
}

interface BoundMode extends Mode {
  readonly holder: string;
  readonly transitions: number;
  /** resourceVersion of the record that it replaced. */
  readonly replaced: string;
}

/** Fifteen voters of 306 characters; more is not ours, and not worth parsing in every step. */
const MODE_LENGTH_MAX = 8_192;

export function formatMode({ mode, term, voters, holder, transitions, replaced }: BoundMode): string {
  return JSON.stringify({ mode, term, holder, transitions, replaced, voters });
}

/** The mode that a record is in; undefined if it says none, or one that is another record's. */
export function modeOf(record: LeaseRecord): BoundMode | undefined {
  const text = record.annotations[MODE_ANNOTATION];
  if (text === undefined || text.length > MODE_LENGTH_MAX) return undefined;
  const mode = parseMode(text);
  return mode !== undefined && isBound(mode, record) ? mode : undefined;
}

/** R6: what another took over with the annotations is not its own. */
function isBound(mode: BoundMode, record: LeaseRecord): boolean {
  return mode.holder === record.holderIdentity && mode.transitions === record.leaseTransitions;
}

/** The highest term that stands there, whosever it is: the next one is above it. */
export function termIn(record: LeaseRecord): number {
  const text = record.annotations[MODE_ANNOTATION] ?? "";
  return text.length > MODE_LENGTH_MAX ? 0 : (parseMode(text)?.term ?? 0);
}

/** What of a record may be taken by its voters' word; `predecessor`: known to be the version directly before it. */
export function provenTarget(record: LeaseRecord, predecessor: LeaseRecord | undefined): Target | undefined {
  const mode = modeOf(record);
  if (mode?.mode !== "quorum" || predecessor === undefined) return undefined;
  const isContinued =
    predecessor.uid === record.uid &&
    predecessor.resourceVersion === mode.replaced &&
    predecessor.holderIdentity === record.holderIdentity &&
    predecessor.leaseTransitions === record.leaseTransitions;
  if (!isContinued) return undefined;
  const { holderIdentity, leaseTransitions } = record;
  return { holderIdentity, leaseTransitions, term: mode.term, voters: mode.voters };
}

function parseMode(text: string): BoundMode | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Any hand may have written it: what cannot be read is no mode, and the candidate counts.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { mode, term, holder, transitions, replaced, voters } = value as Record<string, unknown>;
  if (mode !== "lease" && mode !== "quorum") return undefined;
  if (typeof term !== "number" || !Number.isSafeInteger(term) || term < 0) return undefined;
  if (typeof holder !== "string" || holder === "" || typeof replaced !== "string") return undefined;
  if (typeof transitions !== "number" || !Number.isSafeInteger(transitions)) return undefined;
  if (!Array.isArray(voters) || !voters.every((voter): voter is string => typeof voter === "string")) return undefined;
  return { mode, term, holder, transitions, replaced, voters: [...new Set(voters)] };
}
