/**
 * What the benchmark has measured, a line of JSON each, in a file that a later run goes on with: cells are run in
 * pieces, and the page is written from the file alone.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import type { EventId, Idle, Run, ToolId } from "./field/outcome.ts";
import type { Growth } from "./growth/outcome.ts";
import type { Results } from "./results.ts";

export interface Where {
  readonly t: "where";
  readonly date: string;
  readonly machine: string;
}

/** The numbers of ours alone. */
type Cost = Results & { readonly t: "cost" };

export type Line = Where | Run | Idle | Growth | Cost;

export class ResultsFile {
  readonly lines: Line[];
  readonly #path: string | undefined;

  private constructor(path: string | undefined, lines: Line[]) {
    this.#path = path;
    this.lines = lines;
  }

  /** Goes on with what is there; without a path nothing is kept. `where` is of the first run. */
  static open(path: string | undefined, where: Where): ResultsFile {
    if (path !== undefined && existsSync(path)) return new ResultsFile(path, readLines(path));
    if (path !== undefined) writeFileSync(path, `${JSON.stringify(where)}\n`);
    return new ResultsFile(path, [where]);
  }

  add(line: Line): void {
    this.lines.push(line);
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  /** How many runs of this cell are there. */
  runsOf(tool: ToolId, event: EventId): number {
    return this.lines.filter((line) => line.t === "run" && line.tool === tool && line.event === event).length;
  }

  hasIdle(tool: ToolId): boolean {
    return this.lines.some((line) => line.t === "idle" && line.tool === tool);
  }
}

function readLines(path: string): Line[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}
