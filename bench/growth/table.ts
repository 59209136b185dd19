/** The growth as Markdown: per virtual cluster, and what that makes of a thousand. No I/O. */
import { tableOf } from "../tables.ts";
import type { Growth } from "./outcome.ts";

const MANY = 1_000;
const HOUR_SECONDS = 3_600;

/** The largest number measured is what a thousand are reckoned from. */
export function growthLines(growths: readonly Growth[]): readonly string[] {
  const sorted = [...growths].sort((left, right) => left.clusters - right.clusters);
  const last = sorted.at(-1);
  const head = [
    "virtual clusters",
    "working set of one, MB",
    "RSS of one, MB",
    "CPU of one, % of a core",
    "Lease requests of one, a minute",
    "other requests",
    "packets of one, a minute",
  ];
  const rows = sorted.map((growth) => [String(growth.clusters), ...eachOf(growth)]);
  return [
    "![What one virtual cluster costs beside others](benchmarks/growth.svg)",
    "",
    ...tableOf([head, ...rows]),
    "",
    ...(last === undefined ? [] : onPaper(last)),
  ];
}

function eachOf(growth: Growth): readonly string[] {
  const { clusters, seconds, workingSetMb, rssMb, cpuPercent, leaseRequests, otherRequests, packets } = growth;
  const perMinute = (count: number) => ((count * 60) / seconds / clusters).toFixed(1);
  return [
    (workingSetMb / clusters).toFixed(1),
    (rssMb / clusters).toFixed(1),
    (cpuPercent / clusters).toFixed(2),
    perMinute(leaseRequests),
    perMinute(otherRequests),
    packets === null ? "" : perMinute(packets),
  ];
}

/** Multiplication, written out: nothing in it grows with the number, since no cluster knows of another. */
function onPaper(growth: Growth): readonly string[] {
  const { clusters, seconds, workingSetMb, cpuPercent, leaseRequests, packets } = growth;
  const mb = workingSetMb / clusters;
  const cpu = cpuPercent / clusters;
  const perSecond = leaseRequests / seconds / clusters;
  const lines = [
    `On paper for ${MANY.toLocaleString("en")} virtual clusters, from the line with ${clusters}:`,
    "",
    `- memory: ${MANY} x ${mb.toFixed(1)} MB = ${((MANY * mb) / 1024).toFixed(0)} GB of working set;`,
    `- CPU: ${MANY} x ${cpu.toFixed(2)} % = ${((MANY * cpu) / 100).toFixed(1)} cores;`,
    `- Lease requests: ${MANY} x ${perSecond.toFixed(2)} = ${(MANY * perSecond).toFixed(0)} a second, spread over ${MANY} API servers, ` +
      `${perSecond.toFixed(2)} a second each (${(perSecond * HOUR_SECONDS).toFixed(0)} an hour);`,
  ];
  if (packets === null) return lines;
  const each = packets / seconds / clusters;
  return [
    ...lines,
    `- packets: ${MANY} x ${each.toFixed(2)} = ${(MANY * each).toFixed(0)} a second, if all shared one segment.`,
  ];
}
