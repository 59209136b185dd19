/** What the formats have in common: a list of findings, the rules behind them, and how many of each severity. */
import { type ProblemCode, SEVERITIES } from "../config/problem.ts";
import type { Finding, Severity } from "./finding.ts";
import { RULES } from "./rules/index.ts";

export type Format = "text" | "json" | "sarif" | "github";

export type Counts = Readonly<Record<Severity, number>>;

export function countBySeverity(findings: readonly Finding[]): Counts {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return { error: count("error"), warning: count("warning"), hint: count("hint") };
}

export interface KnownCode {
  readonly code: string;
  /** A headline without a full stop. */
  readonly summary: string;
  readonly severity: Severity;
}

/** The rules, and the codes of the sidecar's own reading, whose headline is their name. */
export function knownCodes(): readonly KnownCode[] {
  const codes = Object.keys(SEVERITIES) as ProblemCode[];
  const ofReading = codes.map((code) => {
    const words = code.toLowerCase().replaceAll("_", " ");
    return { code, summary: words.charAt(0).toUpperCase() + words.slice(1), severity: SEVERITIES[code] };
  });
  return [...RULES.map(({ code, summary, severity }) => ({ code, summary, severity })), ...ofReading];
}
