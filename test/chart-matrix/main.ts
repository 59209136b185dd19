/**
 * `pnpm chart:matrix`: holds `lint` and `overlay` to vCluster's own charts, which are not part of this project.
 * VCLUSTER_CHARTS names their folders, divided by ":". For each: the chart's default values and random documents that
 * its schema accepts get no finding about their form (keys, types, syntax), and helm 3 and 4 render our overlay as the
 * pod that the kernel tests build. Ends with status 1 if not, or if there is no chart to ask. With --fixture it writes
 * what helm makes of the published overlay and the last chart, for those who have no chart.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import type { Finding } from "../../packages/sidecar/src/lint/finding.ts";
import { lint } from "../../packages/sidecar/src/lint/lint.ts";
import { ensureHelms, helmsObstacle } from "../bed/tools.ts";
import { writeFixture } from "./fixture.ts";
import { type Row, renderAll } from "./rendering.ts";
import { documentsOf, type Schema } from "./schema-documents.ts";

const RUNS = Number(process.env["CHART_MATRIX_RUNS"] ?? "500");
/** What the schema answers for. All other findings are about values, which it does not look at. */
const OF_FORM = new Set([
  "YAML_SYNTAX",
  "YAML_DUPLICATE_KEY",
  "WRONG_TYPE",
  "UNKNOWN_SETTING",
  "KEY_MISSPELT",
  "KEY_MISPLACED",
  "OWN_SECTION_MISSPELT",
]);
/** Where most of the rules look. */
const OURS = ["controlPlane", "privateNodes", "networking", "global"];

const { fixture } = parseArgs({ options: { fixture: { type: "boolean", default: false } } }).values;
const folders = (process.env["VCLUSTER_CHARTS"] ?? "").split(":").filter((folder) => folder !== "");
if (folders.length === 0) {
  say('nothing was tried: VCLUSTER_CHARTS is empty. Name the folders of vCluster charts in it, divided by ":".');
  process.exitCode = 1;
}
const obstacle = helmsObstacle();
if (obstacle !== undefined) {
  say(`helm was not tried: ${obstacle}`);
  process.exitCode = 1;
}
const helms = obstacle === undefined && folders.length > 0 ? await ensureHelms() : undefined;
for (const folder of folders) {
  const version = versionOf(folder);
  const schema = JSON.parse(readFileSync(join(folder, "values.schema.json"), "utf8")) as Schema;
  const defaults = objections(readFileSync(join(folder, "values.yaml"), "utf8"));
  const everywhere = fc.check(acceptedBy(documentsOf(schema)), { numRuns: RUNS });
  const nearby = fc.check(acceptedBy(documentsOf(schema, OURS)), { numRuns: RUNS });
  const failures = [everywhere, nearby].filter(({ failed }) => failed);
  say(
    `${folder} (${version}): default values ${defaults.length === 0 ? "accepted" : "OBJECTED TO"}, ${everywhere.numRuns + nearby.numRuns} random documents, ${failures.length === 0 ? "all accepted" : "NOT ALL ACCEPTED"}`,
  );
  for (const finding of defaults)
    say(`  ${finding.position.line}:${finding.position.column} ${finding.code} ${finding.message}`);
  for (const failure of failures) say(fc.defaultReportMessage(failure) ?? "");
  if (defaults.length + failures.length > 0) process.exitCode = 1;
}

if (helms !== undefined) {
  const rows: Row[] = [];
  for (const folder of folders) rows.push(...(await renderAll(folder, versionOf(folder), helms)));
  for (const line of table(rows)) say(line);
  if (rows.some(({ objections: said }) => said.length > 0)) process.exitCode = 1;
  const last = folders.at(-1);
  if (fixture && last !== undefined) say(`wrote ${await writeFixture(last, versionOf(last), helms.helm4)}`);
}

function table(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ chart, helm, name, outcome, objections: said }) => [
    `${chart.padEnd(14)}${helm.padEnd(7)}${name.padEnd(24)}${outcome.padEnd(28)}${said.length === 0 ? "ok" : "WRONG"}`,
    ...said.map((sentence) => `  ${sentence}`),
  ]);
}

/** A chart of a clone has no version: its releases get one from their tag. */
function versionOf(folder: string): string {
  return /^version: *(\S+)/m.exec(readFileSync(join(folder, "Chart.yaml"), "utf8"))?.[1] ?? "no version";
}

function acceptedBy(documents: fc.Arbitrary<unknown>) {
  return fc.property(documents, (document) => {
    // JSON is YAML.
    const found = objections(JSON.stringify(document ?? {}, undefined, 1));
    if (found.length > 0)
      throw new Error(found.map(({ code, field, message }) => `${code} ${field}: ${message}`).join("\n"));
  });
}

function objections(text: string): readonly Finding[] {
  const { t, findings } = lint([{ name: "values.yaml", text }], { chartVersion: undefined });
  return findings.filter(({ code }) => t === "unusable" || OF_FORM.has(code));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
