/** What the program costs by itself, as a table: for a terminal and for docs/benchmarks.md. */
import { cpus, release, totalmem } from "node:os";
import { V8_FLAGS } from "../packages/sidecar/build.ts";

export interface Row {
  readonly what: string;
  readonly measured: string;
  /** undefined, both: counted for information. */
  readonly goal: string | undefined;
  readonly met: boolean | undefined;
}

export interface Results {
  readonly rows: readonly Row[];
  /** One-minute load average of the machine. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Markdown, with columns aligned for a terminal. */
export function tableLines(results: Results): readonly string[] {
  const cells = [
    ["what", "measured", "goal", "met"],
    ...results.rows.map(({ what, measured, goal, met }) => [
      what,
      measured,
      goal ?? "",
      met === undefined ? "" : met ? "yes" : "**no**",
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [machine(results), "", line(head), rule, ...body.map(line)];
}

function machine({ loadBefore, loadAfter }: Results): string {
  const [first] = cpus();
  const size = `${cpus().length} x ${first?.model ?? "unknown CPU"}, ${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  const load = `load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${size}, Linux ${release()}, Node ${process.version} with ${V8_FLAGS.join(" ")}; ${load}.`;
}
