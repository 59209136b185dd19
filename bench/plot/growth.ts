/** What one virtual cluster costs beside others: flat bars are the point. Pure. */
import type { Growth } from "../growth/outcome.ts";
import { document, element, label } from "./svg.ts";

interface Panel {
  readonly name: string;
  readonly unit: string;
  readonly value: (growth: Growth) => number | null;
  readonly digits: number;
}

/** Of three sidecars. */
const PANELS: readonly Panel[] = [
  { name: "working set", unit: "MB", value: (one) => one.workingSetMb / one.clusters, digits: 1 },
  { name: "CPU", unit: "% of a core", value: (one) => one.cpuPercent / one.clusters, digits: 2 },
  { name: "Lease requests", unit: "a minute", value: (one) => perMinute(one, one.leaseRequests), digits: 1 },
  { name: "packets on the segment", unit: "a minute", value: (one) => perMinute(one, one.packets), digits: 1 },
];

const WIDTH = 960;
const HEIGHT = 320;
const PANEL = 228;
const [BASE, TALLEST] = [262, 130];

export function growthPlot(growths: readonly Growth[]): string {
  const sorted = [...growths].sort((left, right) => left.clusters - right.clusters);
  const counts = sorted.map(({ clusters }) => clusters);
  const picture = {
    width: WIDTH,
    height: HEIGHT,
    title: "What one virtual cluster costs as their number on one host grows",
    description: PANELS.map((panel) => described(panel, sorted)).join(" "),
  };
  return document(picture, [
    label(24, 36, "One virtual cluster, beside many others", "title"),
    label(
      24,
      58,
      `Three idle sidecars at 15/10/2 s, on one host with ${counts.join(" and ")} virtual clusters.`,
      "quiet",
    ),
    ...PANELS.flatMap((panel, index) => panelOf(panel, sorted, 24 + PANEL * index)),
  ]);
}

function panelOf({ name, unit, value, digits }: Panel, growths: readonly Growth[], left: number): readonly string[] {
  const values = growths.map((growth) => value(growth) ?? 0);
  const most = Math.max(...values, Number.MIN_VALUE);
  return [
    label(left, 92, name, "head"),
    label(left, 108, unit, "small quiet"),
    element("path", { d: `M${left} ${BASE + 0.5}H${left + PANEL - 36}`, class: "line" }),
    ...growths.flatMap(({ clusters }, index) => {
      const height = (TALLEST * (values[index] ?? 0)) / most;
      const x = left + 8 + 62 * index;
      return [
        element("rect", { x, y: BASE - height, width: 44, height, rx: 3, class: "ours" }),
        label(x + 22, BASE - height - 6, (values[index] ?? 0).toFixed(digits), "strong middle"),
        label(x + 22, BASE + 18, String(clusters), "quiet middle"),
      ];
    }),
    label(left + 92, BASE + 36, "virtual clusters", "small quiet middle"),
  ];
}

function described({ name, unit, value, digits }: Panel, growths: readonly Growth[]): string {
  const said = growths.map((growth) => `${(value(growth) ?? 0).toFixed(digits)} with ${growth.clusters}`);
  return `${name}, ${unit}: ${said.join(", ")}.`;
}

function perMinute({ seconds, clusters }: Growth, count: number | null): number | null {
  return count === null ? null : (count * 60) / seconds / clusters;
}
