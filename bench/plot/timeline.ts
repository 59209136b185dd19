/** One event as a picture: for each tool, who answered for the VIP and when connections were lost, in its typical run. Pure. */
import { type Cell, troubleOf } from "../field/cell.ts";
import type { Answering, Stretch } from "../field/outcome.ts";
import { type LogScale, logScale, spoken } from "./log-scale.ts";
import type { Subject } from "./subject.ts";
import { document, element, label } from "./svg.ts";

export interface TimelineEvent {
  readonly name: string;
  readonly what: string;
  readonly rows: readonly { readonly subject: Subject; readonly cell: Cell }[];
}

const WIDTH = 960;
const NAME_X = 196;
const VALUE_X = 752;
const TOP = 104;
const ROW = 44;
const BAR = 16;
const MOST_MS = 40_000;

export function timelinePlot({ name, what, rows }: TimelineEvent): string {
  const scale = logScale({ zero: 214, from: 236, to: 736, mostMs: MOST_MS });
  const bottom = TOP + ROW * rows.length;
  const picture = {
    width: WIDTH,
    height: bottom + 60,
    title: `${name}: who answers for the address, and when connections are lost`,
    description: rows.map(({ subject, cell }) => `${subject.name}: ${outcome(cell)}.`).join(" "),
  };
  return document(picture, [
    label(24, 36, name, "title"),
    label(24, 58, what.replaceAll("`", ""), "quiet"),
    ...grid(scale, TOP - 8, bottom - 4),
    ...rows.flatMap(({ subject, cell }, row) => lane(subject, cell, TOP + ROW * row, scale)),
    ...legend(bottom + 30),
  ]);
}

function grid({ ticks }: LogScale, top: number, bottom: number): readonly string[] {
  return ticks.flatMap(({ x, words }) => [
    element("path", { d: `M${x} ${top}V${bottom}`, class: "line" }),
    label(x, top - 6, words, "small quiet middle"),
  ]);
}

function lane({ name, style }: Subject, cell: Cell, top: number, scale: LogScale): readonly string[] {
  const { answers, lostStretches } = cell.typical;
  const isOurs = style === "ours";
  return [
    ...(isOurs
      ? [element("rect", { x: 16, y: top - 2, width: WIDTH - 32, height: ROW - 6, rx: 4, class: "band" })]
      : []),
    label(NAME_X, top + 16, name, `right ${style}${isOurs ? " strong" : ""}`),
    ...answers.map((stretch) => bar(stretch, { y: top + 4, height: BAR, style: ANSWERING[stretch.who] }, scale)),
    ...lostStretches.map((stretch) => bar(stretch, { y: top + 24, height: 7, style: { class: "bad" } }, scale)),
    label(VALUE_X, top + 16, outcome(cell), cell.unhealed > 0 ? "bad strong" : isOurs ? "ours strong" : ""),
    label(VALUE_X, top + 31, `${cell.typical.lost} of ${cell.typical.tried} connections lost`, "small quiet"),
  ];
}

type Paint = Readonly<Record<string, string>>;

/** A stretch too short to be seen is a line, which can be. */
function bar(
  { fromMs, toMs }: Stretch,
  { y, height, style }: { readonly y: number; readonly height: number; readonly style: Paint },
  { x }: LogScale,
): string {
  const from = x(fromMs);
  return element("rect", { x: from, y, width: Math.max(1.5, x(toMs) - from), height, ...style });
}

const ANSWERING: Readonly<Record<Answering, Paint>> = {
  old: { class: "peer-soft" },
  new: { class: "ours-soft" },
  two: { fill: "url(#hatch)" },
  none: { class: "nobody" },
};

function outcome(cell: Cell): string {
  if (cell.unhealed > 0) return `✕ ${troubleOf(cell.typical)}`;
  return cell.typical.lost === 0 ? "nobody noticed" : `${spoken(cell.typical.outageMs)} of outage`;
}

function legend(y: number): readonly string[] {
  const entries: readonly (readonly [words: string, paint: Paint])[] = [
    ["the old holder answers", ANSWERING.old],
    ["another answers", ANSWERING.new],
    ["two answer", ANSWERING.two],
    ["nobody answers", ANSWERING.none],
    ["connections lost", { class: "bad" }],
  ];
  return [
    ...entries.flatMap(([words, paint], index) => [
      element("rect", { x: 24 + 165 * index, y: y - 10, width: 18, height: 11, ...paint }),
      label(48 + 165 * index, y, words, "small"),
    ]),
    label(NAME_X, TOP - 14, "time since the event", "small quiet right"),
  ];
}
