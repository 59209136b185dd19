/** For GitHub Actions: workflow commands that become annotations of the changed lines. */
import type { Finding } from "../finding.ts";

const COMMANDS = { error: "error", warning: "warning", hint: "notice" } as const;

export function formatGithub(findings: readonly Finding[]): string {
  return findings.map((finding) => `${formatCommand(finding)}\n`).join("");
}

function formatCommand({ severity, code, field, position, message, consequence }: Finding): string {
  const { file, line, column } = position;
  const place = `file=${escapeProperty(file)},line=${line},col=${column},title=${escapeProperty(code)}`;
  return `::${COMMANDS[severity]} ${place}::${escapeData(`${field}: ${message}\nIf left: ${consequence}`)}`;
}

/** As @actions/core escapes them. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
