// The three plots: what must be on them, and that they are files which any browser shows and none runs.
import { expect, test } from "vitest";
import { cellOf } from "../field/cell.ts";
import type { Run } from "../field/outcome.ts";
import { runOf } from "../field/testing/run-of.ts";
import { comparisonPlot } from "./comparison.ts";
import { growthPlot } from "./growth.ts";
import { element, label } from "./svg.ts";
import { timelinePlot } from "./timeline.ts";

const TWO_FOR_EVER = runOf({
  tool: "keepalived-1",
  healed: false,
  lost: 0,
  outageMs: 0,
  twoMs: 12_000,
  watchedMs: 15_000,
  answers: [
    { who: "old", fromMs: 0, toMs: 3_000 },
    { who: "two", fromMs: 3_000, toMs: 15_000 },
  ],
  lostStretches: [],
});

const EVENT = {
  name: "sidecar <killed>",
  what: "SIGKILL & nothing else",
  rows: [row("ours & co", "ours", runOf()), row("theirs", "peer", TWO_FOR_EVER)],
};
const GROWTH = [1, 10, 50].map((clusters) => ({
  t: "growth" as const,
  clusters,
  seconds: 60,
  rssMb: 190 * clusters,
  workingSetMb: 60 * clusters,
  cpuPercent: 0.5 * clusters,
  leaseRequests: 30 * clusters,
  otherRequests: 9 * clusters,
  packets: 24 * clusters,
  held: clusters,
}));
const PLOTS = {
  comparison: comparisonPlot([EVENT]),
  timeline: timelinePlot(EVENT),
  growth: growthPlot(GROWTH),
} as const;

function row(name: string, style: "ours" | "peer", run: Run) {
  const cell = cellOf([run], run.tool, run.event);
  if (cell === undefined) throw new TypeError("a test without a cell");
  return { subject: { name, style }, cell };
}

/** Names of opened elements that were not closed in their order. */
function unclosed(svg: string): readonly string[] {
  const open: string[] = [];
  for (const [, slash, name = "", , selfClosed] of svg.matchAll(/<(\/?)([a-z]+)((?:[^>"]|"[^"]*")*?)(\/?)>/gi)) {
    if (slash === "/" && open.at(-1) === name) open.pop();
    else if (selfClosed !== "/") open.push(`${slash}${name}`);
  }
  return open;
}

test.each(Object.entries(PLOTS))(
  "the %s plot is well formed, has words for who cannot see it, and runs nothing",
  (_, svg) => {
    expect(unclosed(svg)).toEqual([]);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d+ \d+"/);
    expect(svg).toMatch(/<title id="title">[^<]+<\/title>\n<desc id="description">[^<]+<\/desc>/);
    expect(svg).not.toMatch(/<script|<foreignObject|\son[a-z]+=|href=|NaN|undefined|Infinity/i);
  },
);

test.each(Object.entries(PLOTS))("the %s plot has colours for light and for dark", (_, svg) => {
  const [light = "", dark = ""] = svg.split("@media (prefers-color-scheme: dark)");
  for (const half of [light, dark]) expect(half).toMatch(/text \{ fill: #[0-9a-f]{6}; \}/);
});

test("names are escaped, ours stands out, and others do not", () => {
  expect(PLOTS.comparison).toContain('class="right ours strong">ours &amp; co</text>');
  expect(PLOTS.comparison).toContain('class="right peer">theirs</text>');
  expect(PLOTS.comparison).toContain("sidecar &lt;killed&gt;");
});

test("a tool with two holders for ever is not drawn as one without an outage", () => {
  expect(PLOTS.comparison).toContain("✕ two answer, still after 15 s");
  expect(PLOTS.comparison.match(/<circle/g)).toHaveLength(1);
  expect(PLOTS.comparison).toMatch(/<rect x="[0-9.]+" y="[0-9.]+" width="[0-9.]+" height="10" fill="url\(#hatch\)"\/>/);
});

test("a timeline has a bar for each stretch and one for lost connections", () => {
  expect(PLOTS.timeline.match(/height="16" class="(?:peer-soft|ours-soft|nobody)"/g)).toHaveLength(4);
  expect(PLOTS.timeline.match(/height="16" fill="url\(#hatch\)"/g)).toHaveLength(1);
  expect(PLOTS.timeline.match(/height="7" class="bad"/g)).toHaveLength(1);
  expect(PLOTS.timeline).toContain("20 ms of outage");
});

test("what is flat per cluster is drawn flat", () => {
  const heights = [...PLOTS.growth.matchAll(/width="44" height="([0-9.]+)"/g)].map(([, height]) => height);
  expect(heights).toHaveLength(12);
  expect(new Set(heights).size).toBe(1);
  expect(PLOTS.growth).toContain("60.0");
});

test("text and attributes cannot break out of their element", () => {
  expect(element("rect", { class: '"><script>' })).toBe('<rect class="&quot;&gt;&lt;script&gt;"/>');
  expect(label(1, 2.345, "<&>")).toBe('<text x="1" y="2.3">&lt;&amp;&gt;</text>');
});
