/** For people: one finding after the other as compilers print them. As a whole it is a patch file, too. */
import type { Finding } from "../finding.ts";
import { unifiedDiff } from "../patch.ts";
import { countBySeverity } from "../report.ts";

/** `patch -p1` and `git apply` skip what is no patch, so that the whole text can be piped into them. */
export function formatText(findings: readonly Finding[]): string {
  const { error, warning, hint } = countBySeverity(findings);
  const total = [plural(error, "error"), plural(warning, "warning"), plural(hint, "hint")].join(", ");
  return `${findings.map((finding) => `${formatFinding(finding)}\n`).join("")}${total}\n`;
}

function formatFinding({ position, severity, code, field, message, consequence, patch }: Finding): string {
  const place = `${position.file}:${position.line}:${position.column}`;
  const diff = patch === undefined ? "" : unifiedDiff(patch);
  return `${place}: ${severity} ${code}: ${field}: ${message}\n  If left: ${consequence}\n${diff}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
