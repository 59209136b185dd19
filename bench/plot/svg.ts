/** The little of SVG that the plots need: escaped elements, and one style that reads in light and dark. Pure. */

type Attributes = Readonly<Record<string, string | number>>;

/** One element; children are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(number(value))}"`);
  return children.length === 0
    ? `<${name}${written.join("")}/>`
    : `<${name}${written.join("")}>${children.join("")}</${name}>`;
}

/** A line of text; `styles` are classes of STYLE. */
export function label(x: number, y: number, words: string, styles = ""): string {
  return element("text", { x, y, ...(styles === "" ? {} : { class: styles }) }, escaped(words));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** For who hears the page, and as a tooltip. */
  readonly title: string;
  readonly description: string;
}

/** The whole file. It asks the reader's system for light or dark, and runs nothing. */
export function document({ width, height, title, description }: Picture, body: readonly string[]): string {
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-labelledby": "title description",
    },
    "\n",
    element("title", { id: "title" }, escaped(title)),
    "\n",
    element("desc", { id: "description" }, escaped(description)),
    "\n",
    element("style", {}, STYLE),
    "\n",
    element("defs", {}, HATCH),
    "\n",
    element("rect", { class: "page", width, height, rx: 8 }),
    "\n",
    body.join("\n"),
    "\n",
  )}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Red alone does not tell two from lost to everybody: two is hatched. */
const HATCH = element(
  "pattern",
  { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
  element("rect", { width: 6, height: 6, class: "bad-soft" }),
  element("rect", { width: 2.5, height: 6, class: "bad" }),
);

interface Palette {
  readonly page: string;
  readonly band: string;
  readonly line: string;
  readonly ink: string;
  readonly quiet: string;
  readonly ours: string;
  readonly oursSoft: string;
  readonly peer: string;
  readonly peerSoft: string;
  readonly floor: string;
  readonly bad: string;
  readonly badSoft: string;
}

const LIGHT: Palette = {
  page: "#ffffff",
  band: "#f3f6f9",
  line: "#d8dee4",
  ink: "#1f2328",
  quiet: "#656d76",
  ours: "#0969da",
  oursSoft: "#8cc2ff",
  peer: "#57606a",
  peerSoft: "#ccd2d8",
  floor: "#1a7f37",
  bad: "#cf222e",
  badSoft: "#ffcecb",
};

const DARK: Palette = {
  page: "#0d1117",
  band: "#161d27",
  line: "#30363d",
  ink: "#e6edf3",
  quiet: "#9198a1",
  ours: "#58a6ff",
  oursSoft: "#2b67b1",
  peer: "#b1bac4",
  peerSoft: "#484f58",
  floor: "#56d364",
  bad: "#ff7b72",
  badSoft: "#67201f",
};

/** No custom properties: not every program that shows an SVG knows them, and those then show the light one. */
function colours(palette: Palette): string {
  const { page, band, line, ink, quiet, ours, oursSoft, peer, peerSoft, floor, bad, badSoft } = palette;
  return `text { fill: ${ink}; } .page { fill: ${page}; } .band { fill: ${band}; } .line { stroke: ${line}; fill: none; }
.quiet { fill: ${quiet}; } .ours { fill: ${ours}; } .ours-soft { fill: ${oursSoft}; } .peer { fill: ${peer}; }
.peer-soft { fill: ${peerSoft}; } .floor { fill: ${floor}; } .bad { fill: ${bad}; } .bad-soft { fill: ${badSoft}; }
.nobody { fill: ${page}; stroke: ${bad}; } path.ours { stroke: ${ours}; } path.peer { stroke: ${peer}; }
path.floor { stroke: ${floor}; }`;
}

const STYLE = `
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
.title { font-size: 20px; font-weight: 650; } .head { font-weight: 650; font-size: 14px; } .small { font-size: 11px; }
.right { text-anchor: end; } .middle { text-anchor: middle; } .strong { font-weight: 650; }
.nobody { stroke-dasharray: 3 2; } .range { stroke-width: 5; stroke-linecap: round; opacity: 0.45; }
${colours(LIGHT)}
@media (prefers-color-scheme: dark) {
${colours(DARK)}
}
`;

/** Tenths are enough for any screen. */
function number(value: string | number): string {
  return typeof value === "string" ? value : String(Math.round(value * 10) / 10);
}
