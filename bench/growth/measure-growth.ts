/** What one virtual cluster costs with 1, 10 and 50 on this machine: one crowd that grows, watched while it rests. */
import { Capture, captureObstacle } from "../../test/bed/capture.ts";
import { monotonicMs, sleep } from "../../test/bed/wait.ts";
import { usageOf } from "../process-usage.ts";
import type { ResultsFile } from "../results-file.ts";
import { Crowd } from "./crowd.ts";
import type { Growth } from "./outcome.ts";

const STEPS = [1, 10, 50];
const WATCH_MS = 60_000;
/** After the last start: warm connections, first collections. */
const REST_MS = 20_000;
const MB = 1024 * 1024;

/** Steps that are in the file already are grown through, not measured again. */
export async function measureGrowth(results: ResultsFile, say: (line: string) => void): Promise<void> {
  const undone = STEPS.filter(
    (clusters) => !results.lines.some((line) => line.t === "growth" && line.clusters === clusters),
  );
  if (undone.length === 0) return;
  const crowd = await Crowd.start();
  for (const clusters of undone) {
    say(`${clusters} virtual cluster${clusters === 1 ? "" : "s"}, ${3 * clusters} sidecars`);
    await crowd.growTo(clusters);
    await sleep(REST_MS);
    results.add(await measure(crowd));
  }
}

async function measure(crowd: Crowd): Promise<Growth> {
  const { host } = crowd.segment;
  const capture =
    captureObstacle() === undefined ? await Capture.start(host, { link: "br-private", filter: "not ip6" }) : undefined;
  const [fromMs, requests, before] = [monotonicMs(), crowd.requests, usesOf(crowd)];
  await sleep(WATCH_MS);
  const [seconds, after] = [(monotonicMs() - fromMs) / 1_000, usesOf(crowd)];
  const packets = capture?.frames().length ?? null;
  await capture?.close();
  return {
    t: "growth",
    clusters: crowd.clusters,
    seconds: round(seconds),
    rssMb: round(after.rssBytes / MB),
    workingSetMb: round(after.workingSetBytes / MB),
    cpuPercent: round((after.cpuMs - before.cpuMs) / (10 * seconds)),
    leaseRequests: crowd.requests.ofLeases - requests.ofLeases,
    otherRequests: crowd.requests.others - requests.others,
    packets,
    held: crowd.held,
  };
}

/** Of all sidecars together. */
function usesOf({ sidecars }: Crowd): ReturnType<typeof usageOf> {
  const sum = { rssBytes: 0, workingSetBytes: 0, cpuMs: 0 };
  for (const { process } of sidecars) {
    const usage = usageOf(process.pid);
    sum.rssBytes += usage.rssBytes;
    sum.workingSetBytes += usage.workingSetBytes;
    sum.cpuMs += usage.cpuMs;
  }
  return sum;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
