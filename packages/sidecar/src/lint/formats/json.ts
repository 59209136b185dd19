/** For programs: everything, as one JSON object. Members may be added; none is renamed or taken away. */
import type { Finding } from "../finding.ts";
import { unifiedDiff } from "../patch.ts";
import { countBySeverity } from "../report.ts";

export function formatJson(findings: readonly Finding[]): string {
  const { error, warning, hint } = countBySeverity(findings);
  const list = findings.map(({ severity, code, field, position, message, consequence, patch }) => ({
    severity,
    code,
    field,
    ...position,
    message,
    consequence,
    patch: patch === undefined ? null : unifiedDiff(patch),
  }));
  return `${JSON.stringify({ findings: list, errors: error, warnings: warning, hints: hint }, null, 2)}\n`;
}
