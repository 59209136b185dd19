/** Memory and CPU of a holder and of a standby that have nothing to do but renew and watch. */

import { median } from "../test/bed/measured.ts";
import type { SidecarProcess } from "../test/bed/sidecar-process.ts";
import { monotonicMs } from "../test/bed/wait.ts";
import { usageOf } from "./process-usage.ts";
import type { Row } from "./results.ts";
import type { Sidecars } from "./sidecars.ts";

const RSS_GOAL_MB = 64;
const WORKING_SET_GOAL_MB = 25;
const CPU_GOAL_PERCENT = 0.5;
/** As in Kubernetes' own "64Mi". */
const MB = 1024 * 1024;

interface Footprint {
  readonly rssMb: number;
  readonly workingSetMb: number;
  readonly cpuPercent: number;
}

/** `pass` is the time over which CPU is taken; memory is that at its end. Of the standbys, the median. */
export async function measureFootprints(sidecars: Sidecars, pass: () => Promise<unknown>): Promise<readonly Row[]> {
  const { holder, standbys } = await sidecars.settled();
  const finish = [holder, ...standbys].map(begin);
  await pass();
  const [ofHolder, ...ofStandbys] = finish.map((end) => end());
  if (ofHolder === undefined) throw new TypeError("there was no holder to measure");
  const later = await sidecars.settled();
  if (later.holder !== holder) throw new TypeError("the VIP moved while it should have been left alone");
  return [...rows("standby", medianOf(ofStandbys)), ...rows("holder", ofHolder)];
}

/** Begins to measure a process; the answer ends it. */
function begin({ process: { pid } }: SidecarProcess): () => Footprint {
  const fromMs = monotonicMs();
  const { cpuMs: cpuBeforeMs } = usageOf(pid);
  return () => {
    const { rssBytes, workingSetBytes, cpuMs } = usageOf(pid);
    const cpuPercent = (100 * (cpuMs - cpuBeforeMs)) / (monotonicMs() - fromMs);
    return { rssMb: rssBytes / MB, workingSetMb: workingSetBytes / MB, cpuPercent };
  };
}

function medianOf(footprints: readonly Footprint[]): Footprint {
  return {
    rssMb: median(footprints.map(({ rssMb }) => rssMb)),
    workingSetMb: median(footprints.map(({ workingSetMb }) => workingSetMb)),
    cpuPercent: median(footprints.map(({ cpuPercent }) => cpuPercent)),
  };
}

function rows(role: string, { rssMb, workingSetMb, cpuPercent }: Footprint): readonly Row[] {
  return [
    {
      what: `RSS of a ${role}`,
      measured: `${rssMb.toFixed(1)} MB`,
      goal: `<= ${RSS_GOAL_MB} MB`,
      met: rssMb <= RSS_GOAL_MB,
    },
    {
      what: `working set of a ${role}`,
      measured: `${workingSetMb.toFixed(1)} MB`,
      goal: `<= ${WORKING_SET_GOAL_MB} MB`,
      met: workingSetMb <= WORKING_SET_GOAL_MB,
    },
    {
      what: `idle CPU of a ${role}`,
      measured: `${cpuPercent.toFixed(2)} % of a core`,
      goal: `<= ${CPU_GOAL_PERCENT} %`,
      met: cpuPercent <= CPU_GOAL_PERCENT,
    },
  ];
}
