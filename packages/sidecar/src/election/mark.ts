/**
 * The mark (rule 2b): a giver's statement, in the Lease that it vacates, that it is silent. It lets a candidate take
 * the Lease without counting, so it counts only if the record directly before it is known to have been the giver's:
 * a mark that comes back with an old manifest, a backup or `kubectl replace` proves nothing.
 */
import { type LeaseRecord, MARK_ANNOTATION } from "./lease-record.ts";

export interface Mark {
  /** holderIdentity of the giver. */
  readonly from: string;
  /** holderIdentity that it is meant for; undefined is anybody. */
  readonly to: string | undefined;
  /** leaseTransitions of the record that it replaced. */
  readonly transitions: number;
  /** resourceVersion of the record that it replaced. */
  readonly replaced: string;
}

/** Handed to one and not taken within this time by the watcher's clock, a mark is everybody's who has the proof. */
export const MARK_RESERVED_MS = 500;
/** After this its giver may resume: later than everybody's turn, so that the named and the others came first. */
export const MARK_RESUME_MS = 800;

/** Two identities, a version and a count have at most a thousand; more is not ours, and not worth parsing in every step. */
const MARK_LENGTH_MAX = 4_096;

export function formatMark(mark: Mark): string {
  return JSON.stringify({
    from: mark.from,
    to: mark.to ?? null,
    transitions: mark.transitions,
    replaced: mark.replaced,
  });
}

/** The mark of a vacant record; undefined if it has none, is held, or what stands there is no mark. */
export function markOf(record: LeaseRecord): Mark | undefined {
  const text = record.annotations[MARK_ANNOTATION];
  if (text === undefined || text.length > MARK_LENGTH_MAX || record.holderIdentity !== "") return undefined;
  return parseMark(text);
}

function parseMark(text: string): Mark | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Any hand may have written it: what cannot be read is no proof, and the candidate counts.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { from, to, transitions, replaced } = value as Record<string, unknown>;
  if (typeof from !== "string" || from === "" || typeof replaced !== "string") return undefined;
  if (typeof transitions !== "number" || !Number.isSafeInteger(transitions)) return undefined;
  if (to !== null && typeof to !== "string") return undefined;
  return { from, to: to ?? undefined, transitions, replaced };
}

/** Whether `predecessor`, known to be the version directly before `record`, proves the record's mark. */
export function provesMark(record: LeaseRecord, predecessor: LeaseRecord | undefined): boolean {
  const mark = markOf(record);
  if (mark === undefined || predecessor === undefined) return false;
  return (
    predecessor.uid === record.uid &&
    predecessor.holderIdentity === mark.from &&
    predecessor.resourceVersion === mark.replaced &&
    predecessor.leaseTransitions === mark.transitions &&
    record.leaseTransitions === mark.transitions
  );
}
