/** What was measured, as the page shows it: Markdown for docs/benchmarks.md and the plots beside it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writePart } from "../test/soak/page.ts";
import { type Cell, cellOf } from "./field/cell.ts";
import { EVENTS } from "./field/events.ts";
import { EVENT_IDS, type EventId, TOOL_IDS, type ToolId } from "./field/outcome.ts";
import { TOOLS } from "./field/tools/index.ts";
import { growthLines } from "./growth/table.ts";
import { comparisonPlot } from "./plot/comparison.ts";
import { growthPlot } from "./plot/growth.ts";
import type { Subject } from "./plot/subject.ts";
import { timelinePlot } from "./plot/timeline.ts";
import { tableLines } from "./results.ts";
import type { Line } from "./results-file.ts";
import { cellLines, configurationLines, idleLines } from "./tables.ts";

const PAGE = join(import.meta.dirname, "../docs/benchmarks.md");
const README = join(import.meta.dirname, "../README.md");
const PLOTS = join(import.meta.dirname, "../docs/benchmarks");

const MARKS = { comparison: "comparison", idle: "at rest", cost: "cost", growth: "growth" } as const;
type PartName = keyof typeof MARKS;

/** Only parts of which something was measured. */
export function pageParts(lines: readonly Line[]): Partial<Record<PartName, readonly string[]>> {
  const parts: Partial<Record<PartName, readonly string[]>> = {};
  const runs = linesOf(lines, "run");
  const idles = TOOL_IDS.flatMap((id) => linesOf(lines, "idle").filter(({ tool }) => tool === id));
  const growths = linesOf(lines, "growth");
  const cost = linesOf(lines, "cost").at(-1);
  if (runs.length > 0) parts.comparison = comparisonLines(lines);
  if (idles.length > 0) parts.idle = idleLines(idles, (tool) => TOOLS[tool].name);
  if (growths.length > 0) parts.growth = growthLines(growths);
  if (cost !== undefined) parts.cost = tableLines(cost);
  return parts;
}

/** Replaces the page's parts of which something was measured, and their plots. */
export function writePage(lines: readonly Line[]): void {
  const parts = pageParts(lines);
  for (const [name, part] of Object.entries(parts))
    writePart(PAGE, `pnpm bench --write: ${MARKS[name as PartName]}`, part);
  if (parts.comparison !== undefined) writePart(README, "pnpm bench --write", readmeLines(lines));
  mkdirSync(PLOTS, { recursive: true });
  for (const [name, plot] of plotsOf(lines)) writeFileSync(join(PLOTS, name), plot);
}

/** File name and content. */
function plotsOf(lines: readonly Line[]): readonly (readonly [string, string])[] {
  const compared = comparedEvents(lines);
  const growths = linesOf(lines, "growth");
  return [
    ...(compared.length > 0 ? [["comparison.svg", comparisonPlot(compared)] as const] : []),
    ...compared.map((event) => [`${event.id}.svg`, timelinePlot(event)] as const),
    ...(growths.length > 0 ? [["growth.svg", growthPlot(growths)] as const] : []),
  ];
}

function comparisonLines(lines: readonly Line[]): readonly string[] {
  const where = linesOf(lines, "where")[0];
  const compared = comparedEvents(lines);
  const used = TOOL_IDS.filter((id) => compared.some(({ rows }) => rows.some(({ cell }) => cell.tool === id)));
  const versions = new Map(linesOf(lines, "run").map(({ tool, version }) => [tool, version]));
  return [
    `${where?.date}, ${where?.machine}; \`pnpm bench --field --json FILE --write\`. ` +
      `At most ${Math.max(...linesOf(lines, "run").map(({ blindMs }) => blindMs)).toFixed(0)} ms between two looks of an observer.`,
    "",
    "![How long connections are lost, by event and tool](benchmarks/comparison.svg)",
    "",
    ...configurationLines(used.map((id) => ({ ...TOOLS[id], version: versions.get(id) }))),
    ...compared.flatMap(({ id, name, what, rows }) => [
      "",
      `### ${name[0]?.toUpperCase()}${name.slice(1)}`,
      "",
      `${what[0]?.toUpperCase()}${what.slice(1)}.`,
      "",
      `![${name}: who answers, and when connections are lost](benchmarks/${id}.svg)`,
      "",
      ...cellLines(rows.map(({ subject, cell }) => ({ name: subject.name, cell }))),
    ]),
  ];
}

/** The chart, and what one must know to believe it. */
function readmeLines(lines: readonly Line[]): readonly string[] {
  const where = linesOf(lines, "where")[0];
  const runs = linesOf(lines, "run");
  const versions = new Set(
    runs
      .filter(({ tool }) => tool !== "floor")
      .map(({ tool, version }) => `${TOOLS[tool].name.split(" ")[0]} ${version}`),
  );
  const counts = comparedEvents(lines).flatMap(({ rows }) => rows.map(({ cell }) => cell.runs));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return [
    "![How long connections are lost, by event and tool](docs/benchmarks/comparison.svg)",
    "",
    `${[...versions].join(", ")}; ${least === most ? least : `${least} to ${most}`} run${most === 1 ? "" : "s"} of each event with each; ` +
      `${where?.date}, ${where?.machine}.`,
  ];
}

interface Compared {
  readonly id: EventId;
  readonly name: string;
  readonly what: string;
  readonly rows: readonly { readonly subject: Subject; readonly cell: Cell }[];
}

function comparedEvents(lines: readonly Line[]): readonly Compared[] {
  const runs = linesOf(lines, "run");
  return EVENT_IDS.flatMap((id) => {
    const rows = TOOL_IDS.flatMap((tool) => {
      const cell = cellOf(runs, tool, id);
      return cell === undefined ? [] : [{ subject: subjectOf(tool), cell }];
    });
    return rows.length === 0 ? [] : [{ id, name: EVENTS[id].name, what: EVENTS[id].what, rows }];
  });
}

function subjectOf(id: ToolId): Subject {
  const style = id === "floor" ? "floor" : id.startsWith("ours") ? "ours" : "peer";
  return { name: TOOLS[id].name, style };
}

function linesOf<T extends Line["t"]>(lines: readonly Line[], t: T): readonly Extract<Line, { readonly t: T }>[] {
  return lines.filter((line): line is Extract<Line, { readonly t: T }> => line.t === t);
}
