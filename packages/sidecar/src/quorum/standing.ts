/** What the quorum's machines have to know of the election. Made by election/quorum-standing.ts. */
import type { Target } from "./challenger.ts";
import type { HeldTerm } from "./port.ts";

export type Standing =
  | {
      readonly t: "holding";
      /** Its term is that of the mode in use, or the least that the next use may have. */
      readonly held: HeldTerm;
      /** Whether this term's promises end the hold: not, yes, or until the Lease says otherwise, which is on its way. */
      readonly use: "none" | "current" | "ending";
    }
  /** `target`: what the Lease shows may be taken by a majority's word; undefined: nothing. */
  | { readonly t: "candidate"; readonly target: Target | undefined }
  | { readonly t: "other" };
