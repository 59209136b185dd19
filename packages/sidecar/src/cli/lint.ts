/** `lint`: files in, findings out, exit status. What is looked for is in lint/. */
import type { Finding } from "../lint/finding.ts";
import { formatGithub } from "../lint/formats/github.ts";
import { formatJson } from "../lint/formats/json.ts";
import { formatSarif } from "../lint/formats/sarif.ts";
import { formatText } from "../lint/formats/text.ts";
import { lint } from "../lint/lint.ts";
import type { Format } from "../lint/report.ts";
import { parseChartVersion } from "../lint/rules/chart.ts";
import { readValuesFiles } from "./values-files.ts";

/** As commander gives them; it has checked the format. */
export interface LintArguments {
  readonly values: readonly string[];
  readonly chartVersion?: string;
  readonly format: Format;
}

const FORMATTERS: Readonly<Record<Format, (findings: readonly Finding[]) => string>> = {
  text: formatText,
  json: formatJson,
  sarif: formatSarif,
  github: formatGithub,
};

/** The exit status: 0 nothing worse than warnings, 1 errors, 2 nothing could be judged. */
export async function runLint({ values, chartVersion, format }: LintArguments): Promise<0 | 1 | 2> {
  if (chartVersion !== undefined && parseChartVersion(chartVersion) === undefined)
    return refuse(
      `--chart-version: expected a version, as in 0.34, but found ${JSON.stringify(chartVersion)}: write major.minor`,
    );
  const input = await readValuesFiles(values);
  if (input.t === "refused") return refuse(input.sentence);
  const { t, findings } = lint(input.files, { chartVersion });
  process.stdout.write(FORMATTERS[format](findings));
  if (t === "unusable") return 2;
  return findings.some(({ severity }) => severity === "error") ? 1 : 0;
}

function refuse(sentence: string): 2 {
  process.stderr.write(`${sentence}\n`);
  return 2;
}
