/** Start to first Lease request: from the spawn of the process to its first Lease request's arrival at the API server. */
import { median } from "../test/bed/measured.ts";
import { monotonicMs, sleep, waitFor } from "../test/bed/wait.ts";
import type { Row } from "./results.ts";
import { isOfLeases, type Sidecars } from "./sidecars.ts";

const STARTS = 15;
const GOAL_MS = 150;
/** Between the end of one process and the start of the next. */
const PAUSE_MS = 300;

export async function measureStarts(sidecars: Sidecars): Promise<readonly Row[]> {
  // The first one waits for the bundle to be built, and reads it and Node from the disk.
  await startOnce(sidecars);
  const durationsMs: number[] = [];
  for (let start = 0; start < STARTS; start += 1) durationsMs.push(await startOnce(sidecars));
  const medianMs = median(durationsMs);
  return [
    {
      what: `start to first Lease request (median of ${STARTS})`,
      measured: `${(medianMs / 1000).toFixed(3)} s (${range(durationsMs)})`,
      goal: "<= 0.150 s",
      met: medianMs <= GOAL_MS,
    },
  ];
}

async function startOnce(sidecars: Sidecars): Promise<number> {
  const [pod] = sidecars.pods;
  if (pod === undefined) throw new TypeError("there is no pod to start in");
  const before = sidecars.arrivals.length;
  const spawnedAtMs = monotonicMs();
  const sidecar = sidecars.start(pod);
  const first = await waitFor(
    "the first Lease request arrives",
    () => sidecars.arrivals.slice(before).find(isOfLeases),
    { withinMs: 10_000, everyMs: 50, diagnose: () => sidecar.tail() },
  );
  await sidecar.close();
  await sleep(PAUSE_MS);
  return first.atMs - spawnedAtMs;
}

function range(durationsMs: readonly number[]): string {
  return `${(Math.min(...durationsMs) / 1000).toFixed(3)} to ${(Math.max(...durationsMs) / 1000).toFixed(3)}`;
}
