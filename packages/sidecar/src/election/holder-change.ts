/** What it means that the Lease names another holder than before, as one replica sees it. Pure; decides nothing. */
import type { LeaseRecord } from "./lease-record.ts";
import { markOf } from "./mark.ts";
import { isRecord, type Observation } from "./observation.ts";

/** Why, as far as the Lease itself shows it. */
export type HolderChangeCause =
  /** This replica had known nothing of the Lease: no change, but news to it. */
  | "learnt"
  /** The giver's mark: it was silent before. */
  | "handed-over"
  /** Another life of the same pod, which goes on without a word on the wire. */
  | "adopted"
  /** Taken from a holder that had not renewed it for its duration. */
  | "not-renewed"
  /** Out of nobody's hands. */
  | "vacant"
  /** By another hand: nobody of us writes it so. */
  | "emptied"
  | "deleted"
  | "renamed";

export interface HolderChange {
  /** Undefined is nobody, or no Lease. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly cause: HolderChangeCause;
  /** leaseTransitions of what the Lease is now: each take has its own. */
  readonly transitions: number | undefined;
  /** For how long the version before had been known here, in milliseconds: since the last sign of life of `from`. */
  readonly knownForMs: number;
}

/** Undefined: the holder is the one that it was. */
export function holderChange(before: Observation, after: Observation, nowMs: number): HolderChange | undefined {
  const from = holderOf(before);
  const to = holderOf(after);
  if (from === to) return undefined;
  const { current } = after;
  const transitions = isRecord(current) ? current.leaseTransitions : undefined;
  return { from, to, cause: causeOf(before, after), transitions, knownForMs: nowMs - before.sinceMs };
}

function causeOf({ current: before }: Observation, { current: after }: Observation): HolderChangeCause {
  if (before === undefined || after === undefined) return "learnt";
  if (after === "missing") return "deleted";
  if (after.holderIdentity === "") return markOf(after) === undefined ? "emptied" : "handed-over";
  if (before === "missing") return "vacant";
  if (before.holderIdentity === "") return markOf(before) === undefined ? "vacant" : "handed-over";
  return betweenHolders(before, after);
}

/** Every take raises leaseTransitions; an adoption does not, and neither does most often an editor. */
function betweenHolders(before: LeaseRecord, after: LeaseRecord): HolderChangeCause {
  if (after.leaseTransitions > before.leaseTransitions) return "not-renewed";
  const [pod, podThen] = [podOf(after.holderIdentity), podOf(before.holderIdentity)];
  return pod !== undefined && pod === podThen ? "adopted" : "renamed";
}

/** Of podName_podUID_bootNonce what outlives the process. */
function podOf(identity: string): string | undefined {
  return /^(.+_.*)_[^_]*$/.exec(identity)?.[1];
}

function holderOf({ current }: Observation): string | undefined {
  return isRecord(current) && current.holderIdentity !== "" ? current.holderIdentity : undefined;
}
