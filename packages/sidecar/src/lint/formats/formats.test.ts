import { describe, expect, test } from "vitest";
import type { Finding } from "../finding.ts";
import { lint } from "../lint.ts";
import { formatGithub } from "./github.ts";
import { formatJson } from "./json.ts";
import { formatSarif } from "./sarif.ts";
import { formatText } from "./text.ts";

const TEXT = `privateNodes: {enabled: true}
controlPlane:
  endpoint: 10.100.0.100:6443
`;

const findings: readonly Finding[] = lint([{ name: "team x/vcluster.yaml", text: TEXT }], {
  chartVersion: undefined,
}).findings;

describe("text", () => {
  test("has place, severity, code, field, sentence, what happens, patch, and the sum", () => {
    const lines = formatText(findings).split("\n");
    const at = lines.findIndex((line) => line.includes("PORT_WITHOUT_LISTENER"));
    expect(lines.slice(at, at + 10)).toEqual([
      "team x/vcluster.yaml:3:13: error PORT_WITHOUT_LISTENER: controlPlane.endpoint: expected port 8443, where vCluster listens, but found 6443, which nobody translates: use 8443",
      "  If left: Connections to the VIP are refused: no worker can join, and none that has joined reaches the API server.",
      "--- a/team x/vcluster.yaml",
      "+++ b/team x/vcluster.yaml",
      "@@ -1,3 +1,3 @@",
      " privateNodes: {enabled: true}",
      " controlPlane:",
      "-  endpoint: 10.100.0.100:6443",
      "+  endpoint: 10.100.0.100:8443",
      "",
    ]);
    expect(lines.at(-2)).toBe("3 errors, 1 warning, 1 hint");
    expect(formatText([])).toBe("0 errors, 0 warnings, 0 hints\n");
  });
});

describe("json", () => {
  test("has everything of a finding, and the sums", () => {
    const report = JSON.parse(formatJson(findings));
    expect(report).toMatchObject({ errors: 3, warnings: 1, hints: 1 });
    expect(report.findings).toHaveLength(findings.length);
    expect(report.findings.at(-1)).toEqual({
      severity: "error",
      code: "PORT_WITHOUT_LISTENER",
      field: "controlPlane.endpoint",
      file: "team x/vcluster.yaml",
      line: 3,
      column: 13,
      message: expect.stringMatching(/^expected port 8443/),
      consequence: expect.stringMatching(/refused/),
      patch: expect.stringMatching(/^--- a\/team x\/vcluster.yaml\n/),
    });
  });
});

describe("sarif", () => {
  const log = JSON.parse(formatSarif(findings));

  test("has what SARIF 2.1.0 requires, and refers to rules that are there", () => {
    expect(log).toMatchObject({ version: "2.1.0", runs: [{ tool: { driver: { name: "vcluster-kube-vip" } } }] });
    const [{ tool, results }] = log.runs;
    const ids: readonly string[] = tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    for (const { ruleId, ruleIndex, level, message, locations } of results) {
      expect(ids[ruleIndex]).toBe(ruleId);
      expect(["error", "warning", "note"]).toContain(level);
      expect(message.text).toMatch(/^\S+: expected .+\.$/);
      expect(locations).toHaveLength(1);
      const { artifactLocation, region } = locations[0].physicalLocation;
      expect(artifactLocation.uri).toBe("team%20x/vcluster.yaml");
      expect(region).toEqual({ startLine: expect.any(Number), startColumn: expect.any(Number) });
    }
  });

  test("has the patch as a fix of whole lines", () => {
    expect(log.runs[0].results.at(-1).fixes).toEqual([
      {
        artifactChanges: [
          {
            artifactLocation: { uri: "team%20x/vcluster.yaml" },
            replacements: [
              {
                deletedRegion: { startLine: 3, startColumn: 1, endLine: 4, endColumn: 1 },
                insertedContent: { text: "  endpoint: 10.100.0.100:8443\n" },
              },
            ],
          },
        ],
      },
    ]);
  });
});

describe("github", () => {
  test("has one command a finding, with everything escaped that would end it", () => {
    const [first] = findings;
    const odd = first && {
      ...first,
      position: { file: "a,b:c%.yaml", line: 1, column: 2 },
      message: "expected 1 %\nor so",
    };
    expect(formatGithub(odd === undefined ? [] : [odd])).toMatch(
      /^::\w+ file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=[A-Z_]+::\S+ expected 1 %25%0Aor so%0AIf left: .+\.\n$/,
    );
    const commands = formatGithub(findings).trimEnd().split("\n");
    expect(commands.map((command) => command.slice(0, command.indexOf(" ")))).toEqual(
      findings.map(({ severity }) => `::${severity === "hint" ? "notice" : severity}`),
    );
  });
});
