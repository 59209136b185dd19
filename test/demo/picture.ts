/** The live picture, 80 columns wide: a scene in, lines of painted text out. Pure; writes nothing (live-screen.ts). */
import { PAGE } from "../bed/segment.ts";
import type { News } from "./chronicle.ts";
import type { Scene, Second } from "./scene.ts";
import { TIMING } from "./timing.ts";

export type Style = "plain" | "strong" | "dim" | "good" | "bad" | "busy";

/** A piece of a line. Width is counted before it is painted. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

type Line = readonly Piece[];
type Paint = (piece: Piece) => string;

export const WIDTH = 80;
const TIMELINE_SECONDS = 56;
/** Of the picture without news, and the least news: together they fit a terminal of 24 rows. */
const FIXED_LINES = 18;
const NEWS_LINES_MIN = 5;
const NEWS_LINES_MAX = 12;
/** By the share of lost connections: the first is none. */
const BARS = ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ROLE_STYLES: Readonly<Record<string, Style>> = {
  holder: "good",
  standby: "plain",
  silent: "busy",
  yielding: "busy",
  taking: "busy",
  starting: "dim",
  lost: "bad",
};

/** `rows` is the terminal's height; the picture leaves one of them to the cursor. */
export function pictureLines(scene: Scene, rows: number, paint: Paint): readonly string[] {
  const newsCount = Math.min(NEWS_LINES_MAX, Math.max(NEWS_LINES_MIN, rows - 1 - FIXED_LINES));
  const lines = [
    ...headLines(scene),
    [],
    ...replicaLines(scene),
    [],
    ...timelineLines(scene),
    [],
    ...newsLines(scene.news, newsCount),
  ];
  return lines.map((line) => fitted(line).map(paint).join(""));
}

function headLines({ act, elapsedMs }: Scene): readonly Line[] {
  const timing = [TIMING.leaseDuration, TIMING.renewDeadline, TIMING.retryPeriod].join("/");
  const title = ` vcluster-kube-vip demo: one address, three replicas`;
  const [first = "", second = ""] = act.words;
  return [
    [strong(title.padEnd(WIDTH - 10)), plain(seconds(elapsedMs).padStart(9))],
    [dim(` VIP ${PAGE.endpoint} on ${PAGE.interfaceName}; lease timing ${timing} s (default 15/10/2)`)],
    [],
    [strong(` Act ${act.number} of ${act.of}: ${act.event}`)],
    [plain(`   ${first}`)],
    [plain(`   ${second}`)],
  ];
}

function replicaLines({ replicas, holder, leaseAgeMs }: Scene): readonly Line[] {
  const age = leaseAgeMs === undefined ? "never written" : `written ${seconds(leaseAgeMs)} ago`;
  const late = leaseAgeMs !== undefined && leaseAgeMs > 2 * TIMING.retryPeriod * 1000;
  return [
    [
      plain(" Lease    "),
      { text: (holder ?? "nobody").padEnd(16), style: "strong" },
      { text: age, style: late ? "bad" : "dim" },
    ],
    ...replicas.map(
      ({ name, role, mac, answers }): Line => [
        plain(`   ${name.padEnd(14)}`),
        { text: role.padEnd(12), style: ROLE_STYLES[role] ?? "plain" },
        answers ? { text: "answers ARP ", style: "good" } : dim("silent      "),
        dim(mac ?? "no network interface"),
      ],
    ),
  ];
}

function timelineLines(scene: Scene): readonly Line[] {
  const length = Math.max(scene.worker.length, scene.client.length, scene.holders.length);
  const first = Math.max(0, length - TIMELINE_SECONDS);
  return [
    [dim(` lost     ${"a column is a second; · none, █ all".padEnd(TIMELINE_SECONDS)}lost of tried`)],
    connectionLine("worker", scene.worker, first),
    connectionLine("client", scene.client, first),
    [plain(" holders  "), ...scene.holders.slice(first).map(holdersPiece)],
    [dim(` act      ${actMarks(scene.actsBeganMs, first)}`)],
  ];
}

function connectionLine(side: string, all: readonly Second[], first: number): Line {
  const shown = all.slice(first);
  const tried = all.reduce((total, second) => total + second.tried, 0);
  const lost = all.reduce((total, second) => total + second.lost, 0);
  const rest = " ".repeat(TIMELINE_SECONDS - shown.length);
  return [plain(` ${side.padEnd(9)}`), ...shown.map(barPiece), plain(`${rest}${`${lost}/${tried}`.padStart(13)}`)];
}

function barPiece({ tried, lost }: Second): Piece {
  if (tried === 0) return dim(" ");
  const text = BARS[Math.ceil((lost / tried) * (BARS.length - 1))] ?? " ";
  return lost === 0 ? { text, style: "good" } : { text, style: "bad" };
}

function holdersPiece(holders: number): Piece {
  if (holders === 0) return dim("-");
  return { text: String(Math.min(holders, 9)), style: holders === 1 ? "good" : "bad" };
}

/** The number of each act where it began. */
function actMarks(actsBeganMs: readonly number[], first: number): string {
  const marks = Array.from({ length: TIMELINE_SECONDS }, () => " ");
  for (const [index, beganMs] of actsBeganMs.entries()) {
    const column = Math.floor(beganMs / 1000) - first;
    if (column >= 0 && column < marks.length) marks[column] = String(index + 1);
  }
  return marks.join("").trimEnd();
}

/** Always the same number of lines, so that nothing below jumps. */
function newsLines(news: readonly News[], count: number): readonly Line[] {
  const newest = news.slice(-count);
  const lines = newest.map(
    ({ atMs, who, text }): Line => [dim(`${seconds(atMs).padStart(8)} `), plain(`${who}  `), plain(text)],
  );
  return [...lines, ...Array.from({ length: count - newest.length }, (): Line => [])];
}

/** Cut at the picture's width. */
function fitted(line: Line): Line {
  let left = WIDTH - 1;
  return line.flatMap(({ text, style }) => {
    const part = text.slice(0, left);
    left -= part.length;
    return part === "" ? [] : [{ text: part, style }];
  });
}

/** 12345 as "12.3 s". */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function plain(text: string): Piece {
  return { text, style: "plain" };
}

function dim(text: string): Piece {
  return { text, style: "dim" };
}

function strong(text: string): Piece {
  return { text, style: "strong" };
}
