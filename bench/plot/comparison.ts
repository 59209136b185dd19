/** The chart that compares: for each event, how long nobody is served, with each tool. Pure. */
import { type Cell, troubleOf } from "../field/cell.ts";
import { type LogScale, logScale, spoken } from "./log-scale.ts";
import type { Subject } from "./subject.ts";
import { document, element, label } from "./svg.ts";

/** An event, and what became of it with each tool, in the order of the rows. */
export interface ComparedEvent {
  readonly name: string;
  readonly rows: readonly { readonly subject: Subject; readonly cell: Cell }[];
}

const WIDTH = 960;
const NAME_X = 196;
const VALUE_X = 730;
const TOP = 104;
const ROW = 19;
const HEAD = 34;
const MOST_MS = 40_000;

export function comparisonPlot(events: readonly ComparedEvent[]): string {
  const scale = logScale({ zero: 216, from: 250, to: 710, mostMs: MOST_MS });
  const body: string[] = [];
  let y = TOP;
  for (const event of events) {
    body.push(...eventRows(event, y, scale));
    y += HEAD + ROW * event.rows.length;
  }
  const height = y + 56;
  const picture = {
    width: WIDTH,
    height,
    title: "How long connections are lost, by event and tool",
    description: events.map(described).join(" "),
  };
  return document(picture, [...heading(), ...grid(scale, TOP - 8, y + 4), ...body, ...footnote(y + 30)]);
}

function heading(): readonly string[] {
  return [
    label(24, 36, "How long is nobody served?", "title"),
    label(
      24,
      58,
      "From the first lost connection to the next served one, a new connection every 5 ms. Shorter is better.",
      "quiet",
    ),
  ];
}

function grid({ ticks }: LogScale, top: number, bottom: number): readonly string[] {
  return ticks.flatMap(({ x, words }) => [
    element("path", { d: `M${x} ${top}V${bottom}`, class: "line" }),
    label(x, top - 6, words, "small quiet middle"),
  ]);
}

function eventRows({ name, rows }: ComparedEvent, top: number, scale: LogScale): readonly string[] {
  return [
    element("rect", { x: 16, y: top + 4, width: WIDTH - 32, height: 22, rx: 4, class: "band" }),
    label(24, top + 20, name, "head"),
    ...rows.flatMap(({ subject, cell }, row) => oneRow(subject, cell, top + HEAD + ROW * row + 8, scale)),
  ];
}

function oneRow({ name, style }: Subject, cell: Cell, y: number, scale: LogScale): readonly string[] {
  const strong = style === "ours" ? " strong" : "";
  const isUnhealed = cell.unhealed > 0;
  return [
    label(NAME_X, y + 4, name, `right ${style}${strong}`),
    ...(isUnhealed ? unhealedMarks(cell, y, scale) : marks(cell, y, style, scale)),
    isUnhealed
      ? label(VALUE_X, y + 4, `✕ ${troubleOf(cell.typical)}`, "bad strong")
      : label(VALUE_X, y + 4, values(cell), `${style === "ours" ? "ours strong" : ""}`),
  ];
}

function marks({ outageMs: { min, median, max } }: Cell, y: number, style: string, { x }: LogScale): readonly string[] {
  return [
    element("path", { d: `M${x(min)} ${y}H${x(max) + 0.1}`, class: `range ${style}` }),
    element("circle", { cx: x(median), cy: y, r: style === "ours" ? 6 : 4.5, class: style }),
  ];
}

/**
 * Two that answer are no outage to a client that one of them serves: hatched, from where it began to where the watch
 * ended. An outage that lasted longer than the watch is an arrow.
 */
function unhealedMarks({ twoMs, watchedMs }: Cell, y: number, { x }: LogScale): readonly string[] {
  const end = x(watchedMs);
  if (twoMs.median === 0)
    return [element("path", { d: `M${end - 5} ${y - 5}L${end + 6} ${y}L${end - 5} ${y + 5}Z`, class: "bad" })];
  const from = x(watchedMs - twoMs.median);
  return [element("rect", { x: from, y: y - 5, width: end - from, height: 10, fill: "url(#hatch)" })];
}

function values({ outageMs: { median, max }, lost, tried }: Cell): string {
  if (lost === 0) return `none lost of ${tried.toLocaleString("en")}`;
  const [middle, most] = [spoken(median), spoken(max)];
  return middle === most ? middle : `${middle}, at most ${most}`;
}

function footnote(y: number): readonly string[] {
  return [
    label(
      24,
      y,
      "● median · bar: shortest to longest · logarithmic · ✕ not healed: hatched while two replicas answer, ▶ lost for longer than it was watched",
      "small quiet",
    ),
  ];
}

function described({ name, rows }: ComparedEvent): string {
  const said = rows.map(({ subject, cell }) => `${subject.name} ${spoken(cell.outageMs.median)}`);
  return `${name}: ${said.join(", ")}.`;
}
