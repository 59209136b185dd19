/** The doctor's findings as text for people and as JSON for programs. Pure. */
import { redact } from "../observe/redact.ts";
import { shorten } from "../observe/shorten.ts";
import type { Finding } from "./finding.ts";

const LEVELS = ["error", "warning", "unknown", "ok"] as const;
const LEVEL_WIDTH = 9;

/** A line for each finding, one for the cure that it has or shares with those before it, and the sum. */
export function formatText(findings: readonly Finding[]): string {
  const nameWidth = Math.max(...findings.map(({ check }) => check.length)) + 2;
  const indent = " ".repeat(LEVEL_WIDTH + nameWidth);
  const lines = findings.flatMap((finding, index) => {
    const start = finding.t.padEnd(LEVEL_WIDTH) + finding.check.padEnd(nameWidth);
    const { code, cure } = faultOf(finding);
    const sentence = clean(code === null ? finding.sentence : `${code}: ${finding.sentence}`);
    const next = findings[index + 1];
    const isShared = next !== undefined && next.check === finding.check && faultOf(next).cure === cure;
    return [start + sentence, ...(cure === null || isShared ? [] : [`${indent}Cure: ${clean(cure)}`])];
  });
  return `${lines.join("\n")}\n\n${sumOf(findings)}\n`;
}

/** Every key is always there; null is "none". */
export function formatJson(findings: readonly Finding[]): string {
  const items = findings.map((finding) => ({
    check: finding.check,
    severity: finding.t,
    ...faultOf(finding),
    message: clean(finding.sentence),
  }));
  return `${JSON.stringify({ findings: items }, undefined, 2)}\n`;
}

function faultOf(finding: Finding): { readonly code: string | null; readonly cure: string | null } {
  if (finding.t === "ok" || finding.t === "unknown") return { code: null, cure: null };
  return { code: finding.code, cure: finding.cure ?? null };
}

/** "1 error, 2 warnings, 12 ok" */
function sumOf(findings: readonly Finding[]): string {
  return LEVELS.flatMap((level) => {
    const count = findings.filter(({ t }) => t === level).length;
    if (count === 0) return [];
    const isCounted = level === "error" || level === "warning";
    return [`${count} ${level}${isCounted && count > 1 ? "s" : ""}`];
  }).join(", ");
}

/** Much of it is the words of others. */
function clean(text: string): string {
  return shorten(redact(text)).replaceAll(/\s+/g, " ");
}
