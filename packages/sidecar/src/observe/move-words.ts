/** A move in words, for Events and for `status`. Pure. */
import type { Move, MoveCause } from "./moves.ts";

export const CAUSES: Readonly<Record<MoveCause, string>> = {
  "handed-over": "handed over",
  adopted: "adopted by a new life of the pod",
  "not-renewed": "not renewed for the lease duration",
  vacant: "nobody had it",
  emptied: "the Lease was emptied by another hand",
  deleted: "the Lease was deleted",
  renamed: "the Lease was renamed by another hand",
  interrupted: "the hold was interrupted",
};

/** "handed over: stop asked for" */
export function causeWords({ cause, reason }: Move): string {
  return reason === null ? CAUSES[cause] : `${CAUSES[cause]}: ${reason}`;
}

/** "3 ms", "15.0 s"; undefined: not known. */
export function unservedWords({ unservedMs }: Move): string | undefined {
  if (unservedMs === null) return undefined;
  return unservedMs < 1_000 ? `${Math.ceil(unservedMs)} ms` : `${(unservedMs / 1_000).toFixed(1)} s`;
}

/** identity is podName_podUID_bootNonce. */
export function podNameOf(identity: string): string {
  return identity.split("_", 1)[0] ?? identity;
}
