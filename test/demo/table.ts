/** The table at the end, 80 columns wide. Pure: outcome in, lines out. */
import type { Outcome, Row } from "./outcome.ts";

const COLUMNS: readonly {
  readonly head: readonly [string, string];
  readonly width: number;
  readonly cell: (row: Row) => string;
}[] = [
  { head: ["connections", "tried"], width: 12, cell: ({ tried }) => whole(tried) },
  { head: ["", "lost"], width: 8, cell: ({ lost }) => whole(lost) },
  { head: ["gap", "in ms"], width: 9, cell: ({ gapMs }) => whole(gapMs) },
  { head: ["most holders", "at once"], width: 14, cell: ({ mostHolders }) => whole(mostHolders) },
];
const EVENT_WIDTH = 36;

export function tableLines({ rows, failures }: Outcome): readonly string[] {
  const ruler = "-".repeat(EVENT_WIDTH + COLUMNS.reduce((total, { width }) => total + width, 0));
  const verdict =
    failures.length > 0 ? failures : ["The VIP ended reachable from both, and never did two replicas answer for it."];
  return [
    line(
      "",
      COLUMNS.map(({ head }) => head[0]),
    ),
    line(
      "event",
      COLUMNS.map(({ head }) => head[1]),
    ),
    ruler,
    ...rows.map((row) =>
      line(
        row.event,
        COLUMNS.map(({ cell }) => cell(row)),
      ),
    ),
    ruler,
    ...verdict,
  ];
}

function line(event: string, cells: readonly string[]): string {
  const aligned = cells.map((cell, index) => cell.padStart(COLUMNS[index]?.width ?? 0));
  return `${event.padEnd(EVENT_WIDTH)}${aligned.join("")}`;
}

/** 12345 as 12,345, whatever the machine's language is. */
function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
