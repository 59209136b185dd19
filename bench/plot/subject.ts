/** A tool as the plots show it. */

export interface Subject {
  readonly name: string;
  /** A class of svg.ts's STYLE. */
  readonly style: "ours" | "peer" | "floor";
}
