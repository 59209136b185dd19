/** A rule is a value: what it is called, how grave it is, what happens if it is ignored, and how to find it. */
import type { Severity } from "./finding.ts";
import type { Patch } from "./patch.ts";
import { entryAt, nearestPosition, type Path, type Position } from "./tree.ts";
import type { Values } from "./values.ts";

export interface Fault {
  readonly field: string;
  readonly position: Position;
  readonly message: string;
  readonly patch: Patch | undefined;
}

export interface Rule {
  /** Upper snake; a section of docs/lint.md. */
  readonly code: string;
  readonly severity: Severity;
  /** A headline without a full stop, for SARIF and docs. */
  readonly summary: string;
  /** One sentence. */
  readonly consequence: string;
  /** Looks, and changes nothing. Never throws. */
  find(values: Values): readonly Fault[];
}

/** At the value of the path, or at the nearest thing that is there. */
export function faultAt(values: Values, path: Path, message: string, patch?: Patch): Fault {
  const written = entryAt(values.root, path)?.written;
  const position =
    written === undefined
      ? nearestPosition(values.root, path, values.source)
      : written.source.positionAt(written.start);
  return { field: path.join("."), position, message, patch };
}

/** At the key of the path: the key itself is the fault. */
export function faultAtKey(values: Values, path: Path, message: string, patch?: Patch): Fault {
  return { field: path.join("."), position: nearestPosition(values.root, path, values.source), message, patch };
}
