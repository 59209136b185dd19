/** What the refresh of the hold gate costs, which each renewal makes: in a pod, with the flags that are shipped. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, copyNativeFiles, V8_FLAGS } from "../packages/sidecar/build.ts";
import { median } from "../test/bed/measured.ts";
import type { RefreshCost, RefreshOptions } from "./refresh-process.ts";
import type { Row } from "./results.ts";
import type { Sidecars } from "./sidecars.ts";

const REFRESHES = 2_000;
const GOAL_MS = 1;
const CPU_GOAL_MS = 0.2;
const VIPS = [
  { family: 4, vip: "10.100.0.99" },
  { family: 6, vip: "fd00:100::99" },
] as const;

/** Before any sidecar runs. */
export async function measureRefreshes({ pods: [pod] }: Sidecars): Promise<readonly Row[]> {
  if (pod === undefined) throw new TypeError("there is no pod to measure in");
  const folder = mkdtempSync(join(tmpdir(), "refresh-"));
  const program = join(folder, "refresh.mjs");
  await bundle(join(import.meta.dirname, "refresh-process.ts"), program);
  copyNativeFiles(folder);
  const [link] = JSON.parse(await pod.namespace.exec(["ip", "-j", "link", "show", "dev", "net1"]));
  const rows: Row[] = [];
  for (const one of VIPS) {
    const options: RefreshOptions = { ...one, linkName: "net1", linkIndex: link.ifindex, refreshes: REFRESHES };
    const argv = [process.execPath, ...V8_FLAGS, program, JSON.stringify(options)];
    rows.push(...rowsOf(one.family, JSON.parse(await pod.namespace.exec(argv))));
  }
  return rows;
}

function rowsOf(family: 4 | 6, { tookMs, cpuMs }: RefreshCost): readonly Row[] {
  const medianMs = median(tookMs);
  return [
    {
      what: `refresh of the gate, IPv${family} (median of ${REFRESHES})`,
      measured: `${medianMs.toFixed(3)} ms`,
      goal: `<= ${GOAL_MS} ms`,
      met: medianMs <= GOAL_MS,
    },
    {
      what: `CPU of a refresh, IPv${family}`,
      measured: `${cpuMs.toFixed(3)} ms`,
      goal: `<= ${CPU_GOAL_MS} ms`,
      met: cpuMs <= CPU_GOAL_MS,
    },
  ];
}
