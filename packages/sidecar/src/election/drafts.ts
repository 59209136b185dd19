/** The records that the election writes. Who may write which, and when, is step's matter. */
import type { ElectionSettings } from "./election.ts";
import {
  ACKNOWLEDGED_ANNOTATION,
  LEASE_TRANSITIONS_MAX,
  type LeaseDraft,
  type LeaseRecord,
  MAC_ANNOTATION,
  MARK_ANNOTATION,
  MODE_ANNOTATION,
  WRITE_ANNOTATION,
} from "./lease-record.ts";
import { formatMark } from "./mark.ts";
import { formatMode, type Mode } from "./mode.ts";

export interface DraftContext {
  readonly settings: ElectionSettings;
  readonly number: string;
  readonly mac: string | undefined;
  /** What the record is to say of its mode; undefined: nothing. */
  readonly mode: Mode | undefined;
  /** "3/4"; undefined: not known yet. */
  readonly acknowledged: string | undefined;
  /** MicroTime of the Kubernetes API: RFC 3339 with exactly six fraction digits. */
  readonly wallTime: string;
}

/** Rule 2a: a Lease is only ever created vacant and unmarked, so that its first version is counted like any other. */
export function vacantDraft(context: DraftContext): LeaseDraft {
  return {
    base: undefined,
    holderIdentity: "",
    leaseDurationSeconds: context.settings.leaseDurationMs / 1000,
    leaseTransitions: 0,
    acquireTime: undefined,
    renewTime: context.wallTime,
    annotations: { [WRITE_ANNOTATION]: context.number },
  };
}

/** Taking, restoring and resuming: our name, one transition more, no mark, and nobody has acknowledged it yet. */
export function takeDraft(context: DraftContext, base: LeaseRecord, transitionsAtLeast: number): LeaseDraft {
  const { [MARK_ANNOTATION]: _mark, [ACKNOWLEDGED_ANNOTATION]: _acknowledged, ...kept } = base.annotations;
  return withMode(context, base, {
    ...heldDraft(context, base),
    leaseTransitions: transitionsOf(base, transitionsAtLeast, 1),
    acquireTime: context.wallTime,
    annotations: { ...kept, ...ownAnnotations(context) },
  });
}

/** A renewal keeps mark and transitions; transitions lowered by another hand are put back. */
export function renewDraft(context: DraftContext, base: LeaseRecord, transitionsAtLeast: number): LeaseDraft {
  return withMode(context, base, {
    ...heldDraft(context, base),
    leaseTransitions: transitionsOf(base, transitionsAtLeast, 0),
    acquireTime: base.acquireTime ?? context.wallTime,
    annotations: { ...base.annotations, ...ownAnnotations(context) },
  });
}

/** Rule 2b: vacates the Lease and says that its holder is silent. */
export function markDraft(context: DraftContext, base: LeaseRecord, to: string | undefined): LeaseDraft {
  const mark = formatMark({
    from: context.settings.identity,
    to,
    transitions: base.leaseTransitions,
    replaced: base.resourceVersion,
  });
  return {
    ...heldDraft(context, base),
    holderIdentity: "",
    annotations: { ...base.annotations, ...ownAnnotations(context), [MARK_ANNOTATION]: mark },
  };
}

function heldDraft(context: DraftContext, base: LeaseRecord): LeaseDraft {
  return {
    base,
    holderIdentity: context.settings.identity,
    leaseDurationSeconds: context.settings.leaseDurationMs / 1000,
    leaseTransitions: base.leaseTransitions,
    acquireTime: base.acquireTime,
    renewTime: context.wallTime,
    annotations: base.annotations,
  };
}

/** Bound to the holder and the transitions that this very write says (R6). */
function withMode({ mode }: DraftContext, { resourceVersion }: LeaseRecord, draft: LeaseDraft): LeaseDraft {
  if (mode === undefined) return draft;
  const { holderIdentity: holder, leaseTransitions: transitions } = draft;
  const text = formatMode({ ...mode, holder, transitions, replaced: resourceVersion });
  return { ...draft, annotations: { ...draft.annotations, [MODE_ANNOTATION]: text } };
}

/**
 * Never lower than they were in our hands, and never more than the API takes, whatever another hand has put there.
 * @param atLeast not negative
 */
function transitionsOf(base: LeaseRecord, atLeast: number, more: 0 | 1): number {
  return Math.min(Math.max(base.leaseTransitions, atLeast) + more, LEASE_TRANSITIONS_MAX);
}

function ownAnnotations(context: DraftContext): Record<string, string> {
  const mac = context.mac === undefined ? {} : { [MAC_ANNOTATION]: context.mac };
  const { acknowledged } = context;
  const heard = acknowledged === undefined ? {} : { [ACKNOWLEDGED_ANNOTATION]: acknowledged };
  return { [WRITE_ANNOTATION]: context.number, ...mac, ...heard };
}
