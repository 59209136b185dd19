/** The comparison as Markdown tables. No I/O. */
import { type Cell, type Spread, troubleOf } from "./field/cell.ts";
import type { Idle, ToolId } from "./field/outcome.ts";

/** A cell of each tool, of one event. */
export function cellLines(rows: readonly { readonly name: string; readonly cell: Cell }[]): readonly string[] {
  const head = [
    "tool",
    "runs",
    "lost",
    "outage, ms: min",
    "median",
    "p95",
    "max",
    "ms of two",
    "ms of none",
    "in the end",
  ];
  return tableOf([head, ...rows.map(({ name, cell }) => [name, ...cellsOf(cell)])]);
}

function cellsOf(cell: Cell): readonly string[] {
  const { runs, lost, tried, outageMs, twoMs, noneMs, unhealed, typical } = cell;
  const end = unhealed === 0 ? "healed" : `**${unhealed} of ${runs} not: ${troubleOf(typical)}**`;
  return [
    String(runs),
    `${lost} of ${tried}`,
    ...[outageMs.min, outageMs.median, outageMs.p95, outageMs.max].map(whole),
    middleAndMost(twoMs),
    middleAndMost(noneMs),
    end,
  ];
}

/** What each tool costs at rest. */
export function idleLines(idles: readonly Idle[], nameOf: (tool: ToolId) => string): readonly string[] {
  const head = [
    "tool",
    "RSS, MB",
    "working set, MB",
    "CPU, % of a core",
    "Lease requests a minute",
    "packets a minute",
  ];
  const rows = idles.map((idle) => [
    nameOf(idle.tool),
    pair(idle.rssMb),
    pair(idle.workingSetMb),
    pair(idle.cpuPercent),
    whole(idle.leaseRequestsPerMinute),
    idle.packetsPerMinute === null ? "" : whole(idle.packetsPerMinute),
  ]);
  return tableOf([head, ...rows]);
}

/** What each was told, as a list. */
export function configurationLines(
  tools: readonly { readonly name: string; readonly configuration: string; readonly version: string | undefined }[],
): readonly string[] {
  return tools.map(({ name, configuration, version }) => {
    const said = version === undefined || version === "" ? "" : ` (${version})`;
    return `- **${name}**${said}: ${configuration}.`;
  });
}

/** The first column to the left, numbers to the right, aligned for a terminal, too. */
export function tableOf(rows: readonly (readonly string[])[]): readonly string[] {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => aligned(cell, column, widths)).join(" | ")} |`);
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`));
  const [first = "", ...body] = lines;
  return [first, `|${rule.join("|")}|`, ...body];
}

function aligned(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** Median and most; one number where they are the same. */
function middleAndMost({ median, max }: Spread): string {
  return whole(median) === whole(max) ? whole(max) : `${whole(median)} to ${whole(max)}`;
}

function pair({ holder, standby }: { readonly holder: number; readonly standby: number }): string {
  const digits = (value: number) => (value < 1 ? value.toFixed(2) : value.toFixed(1));
  return `${digits(holder)} / ${digits(standby)}`;
}

function whole(value: number): string {
  return value.toFixed(0);
}
