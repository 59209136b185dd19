/** A soak's results as Markdown, aligned for a terminal: for both. No I/O. */
import { isViolation, type Outcome } from "./outcome.ts";
import type { Head } from "./results-file.ts";
import { type FaultStatistics, statisticsOf } from "./statistics.ts";

const COLUMNS: readonly (readonly [head: string, cell: (line: FaultStatistics) => string])[] = [
  ["fault", ({ fault }) => fault],
  ["runs", ({ runs }) => String(runs)],
  ["most at once", ({ mostAtOnce }) => String(mostAtOnce)],
  ["ms of two", ({ msOfTwo }) => whole(msOfTwo)],
  ["ms of none: median", ({ msOfNone }) => whole(msOfNone.median)],
  ["p95", ({ msOfNone }) => whole(msOfNone.p95)],
  ["max", ({ msOfNone }) => whole(msOfNone.max)],
  ["frames of others", ({ framesOfOthers }) => String(framesOfOthers)],
  ["residue", ({ residue }) => String(residue)],
];

/** The run in one paragraph, an empty line, the table. */
export function resultLines(
  { seed, timers, where }: Head,
  outcomes: readonly Outcome[],
  faults: readonly string[],
): readonly string[] {
  const ran = outcomes.filter((outcome) => outcome.t === "ran");
  const said = [
    `${where}; \`pnpm soak --faults ${new Set(outcomes.map(({ index }) => index)).size} --seed ${seed} --timers ${timers}\`.`,
    `${count(ran.length, "fault")} run,`,
    `${count(
      ran.reduce((total, { moves }) => total + moves, 0),
      "move",
    )} of the VIP,`,
    `${count(ran.filter(isViolation).length, "violation")},`,
    `${count(outcomes.length - ran.length, "time")} that a bed failed;`,
    `at most ${whole(Math.max(0, ...ran.map(({ blindMs }) => blindMs)))} ms between two probes of a sampler.`,
  ];
  return [said.join(" "), "", ...table(statisticsOf(outcomes, faults))];
}

function table(lines: readonly FaultStatistics[]): readonly string[] {
  const rows = [COLUMNS.map(([head]) => head), ...lines.map((line) => COLUMNS.map(([, cell]) => cell(line)))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...body] = rows.map(
    (row) => `| ${row.map((cell, column) => aligned(cell, column, widths)).join(" | ")} |`,
  );
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`));
  return [head, `|${rule.join("|")}|`, ...body];
}

function aligned(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function whole(ms: number): string {
  return ms.toFixed(0);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
