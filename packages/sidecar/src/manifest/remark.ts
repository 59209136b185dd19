/** What was done with one thing that somebody said, for the head of the manifest and for standard error. */
import type { Problem } from "../config/config.ts";
import { type Origin, type ProblemCode, SEVERITIES } from "../config/problem.ts";

export interface Remark extends Origin {
  /** Of an "error" nothing is printed. */
  readonly severity: Problem["severity"] | "note";
  /** Of docs/errors.md; absent: nobody has to look it up. */
  readonly code: string | undefined;
  readonly message: string;
}

export function note(origin: Origin, message: string): Remark {
  return { ...origin, severity: "note", code: undefined, message };
}

export function fault(code: ProblemCode, origin: Origin, message: string): Remark {
  return { ...origin, severity: SEVERITIES[code], code, message };
}

/** As formatProblem prints: "all.yml:3:1: note: kube_vip_interface: taken as --interface". */
export function formatRemark({ severity, code, field, position, message }: Remark): string {
  const place = position === undefined ? "" : `${position.file}:${position.line}:${position.column}: `;
  return `${place}${severity}${code === undefined ? "" : ` ${code}`}: ${field}: ${message}`;
}
