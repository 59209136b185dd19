/** What `lint` has to say about one place, and the order in which it is said. */
import type { Patch } from "./patch.ts";
import type { Position } from "./tree.ts";

/**
 * error: it will not work. warning: it works, but not as meant or not always. hint: worth knowing; there may be nothing
 * to do.
 */
export type Severity = "error" | "warning" | "hint";

export interface Finding {
  readonly severity: Severity;
  /** Stable, upper snake. Of a rule of docs/lint.md, or of the sidecar's own reading (docs/errors.md). */
  readonly code: string;
  /** "controlPlane.endpoint", "--chart-version" */
  readonly field: string;
  readonly position: Position;
  /** One sentence: what was expected, what was found, what to do. */
  readonly message: string;
  /** One sentence: what happens if it is left as it is. */
  readonly consequence: string;
  /** The cure, where there is just one and it is known to work. */
  readonly patch: Patch | undefined;
}

/** By file (in the order given), line, column; then by code and field, so that the same files give the same list. */
export function sortFindings(findings: readonly Finding[], files: readonly string[]): readonly Finding[] {
  return findings.toSorted(
    (a, b) =>
      files.indexOf(a.position.file) - files.indexOf(b.position.file) ||
      a.position.line - b.position.line ||
      a.position.column - b.position.column ||
      compareTexts(a.code, b.code) ||
      compareTexts(a.field, b.field),
  );
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
