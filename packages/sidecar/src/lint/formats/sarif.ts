/** For code scanning: SARIF 2.1.0 (OASIS), with the patches as fixes that editors can apply. */
import { VERSION } from "../../version.ts";
import type { Finding } from "../finding.ts";
import type { LineEdit, Patch } from "../patch.ts";
import { knownCodes } from "../report.ts";

const LEVELS = { error: "error", warning: "warning", hint: "note" } as const;

export function formatSarif(findings: readonly Finding[]): string {
  const codes = knownCodes();
  const rules = codes.map(({ code, summary, severity }) => ({
    id: code,
    shortDescription: { text: `${summary}.` },
    defaultConfiguration: { level: LEVELS[severity] },
  }));
  const results = findings.map((finding) =>
    resultOf(
      finding,
      codes.findIndex(({ code }) => code === finding.code),
    ),
  );
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "vcluster-kube-vip", version: VERSION, rules } },
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf({ severity, code, field, position, message, consequence, patch }: Finding, ruleIndex: number) {
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${field}: ${message}. ${consequence}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(position.file) },
          region: { startLine: position.line, startColumn: position.column },
        },
      },
    ],
    ...(patch === undefined ? {} : { fixes: [fixOf(patch)] }),
  };
}

function fixOf({ source, edits }: Patch) {
  const replacements = edits.map(replacementOf);
  return { artifactChanges: [{ artifactLocation: { uri: uriOf(source.name) }, replacements }] };
}

function replacementOf({ line, removed, inserted }: LineEdit) {
  return {
    deletedRegion: { startLine: line, startColumn: 1, endLine: line + removed, endColumn: 1 },
    ...(inserted.length === 0 ? {} : { insertedContent: { text: inserted.map((text) => `${text}\n`).join("") } }),
  };
}

/** RFC 3986: a relative reference, or an absolute path. */
function uriOf(file: string): string {
  return file.split("/").map(encodeURIComponent).join("/");
}
