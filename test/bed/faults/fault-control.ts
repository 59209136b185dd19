/**
 * What a test says to a sidecar of the faulty kind while it runs, through one small file per pod. Types and names only:
 * faulty-sidecar.ts reads it at every step, faulty-program.ts writes it.
 */

/** Steps of a renewal and of a takeover at which the process can freeze itself, in the order in which they come. */
export const PHASES = [
  /** The renewal is decided on; nothing of it has left. */
  "before-write",
  /** Its request is in the kernel's hands. */
  "write-sent",
  /** The API has confirmed it; nothing was drawn from that yet. */
  "write-answered",
  "before-gate",
  /** The kernel has the new deadline; the process does not know yet. */
  "after-gate",
  "before-address",
  "after-address",
  /** Nothing is announced yet (or: the announcement's deadline was not moved yet). */
  "before-announce",
] as const;
export type Phase = (typeof PHASES)[number];

export interface FaultControl {
  /** SIGSTOP at the next step of this kind, once for each order number. */
  readonly freeze?: { readonly phase: Phase; readonly order: number };
  /**
   * Added to what the process reads from the wall clock; at every event of `stepAt` the next one is in force, round and
   * round.
   *
   * The kernel compares a gate's time with the machine's clock, which is true all the while. So what the process sees
   * is the mirror image of a step of the machine's clock: an hour ahead while a deadline is written is a clock that was
   * set back an hour after the write, and an hour behind is a clock that was set forward.
   */
  readonly clock?: { readonly offsetsMs: readonly number[]; readonly stepAt?: Phase };
}

/** Environment of the faulty sidecar: the folder with one POD_NAME.json for each pod. */
export const CONTROL_FOLDER = "BED_FAULT_FOLDER";
