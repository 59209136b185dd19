/** What a tool costs while nothing happens: memory and CPU of its processes, its requests, its frames. */
import { Capture, captureObstacle } from "../../test/bed/capture.ts";
import { median } from "../../test/bed/measured.ts";
import { monotonicMs, sleep } from "../../test/bed/wait.ts";
import { usageOf } from "../process-usage.ts";
import type { FieldBed } from "./field-bed.ts";
import type { Idle } from "./outcome.ts";
import { leaseRequestsIn } from "./request-count.ts";
import type { Tool } from "./tool.ts";

const WATCH_MS = 60_000;
const MINUTE_MS = 60_000;
/** As in Kubernetes' own "64Mi". */
const MB = 1024 * 1024;

interface Use {
  readonly rssMb: number;
  readonly workingSetMb: number;
  readonly cpuMs: number;
}

/** Lease requests a minute that the API servers make of themselves: measured before any tool has been started. */
export async function requestsWithoutTool(bed: FieldBed): Promise<number> {
  const counts = await countsOver(bed, WATCH_MS / 2);
  return counts.requestsPerMinute;
}

/** Client and sampler are away meanwhile. */
export async function measureIdle(bed: FieldBed, tool: Tool, withoutTool: number): Promise<Idle> {
  const holder = await bed.settled();
  await bed.unwatch();
  const before = usesOf(bed);
  const counts = await countsOver(bed, WATCH_MS).finally(() => bed.watch());
  const { seconds, requestsPerMinute, packetsPerMinute } = counts;
  const after = usesOf(bed);
  const uses = after.map((use, ordinal) => ({
    ...use,
    cpuPercent: (use.cpuMs - (before[ordinal]?.cpuMs ?? 0)) / (10 * seconds),
  }));
  const standbys = uses.filter((_, ordinal) => ordinal !== holder);
  const both = (value: (use: (typeof uses)[number]) => number) => {
    const ofHolder = uses[holder];
    return { holder: round(ofHolder === undefined ? 0 : value(ofHolder)), standby: round(median(standbys.map(value))) };
  };
  return {
    t: "idle",
    tool: tool.id,
    seconds: round(seconds),
    rssMb: both(({ rssMb }) => rssMb),
    workingSetMb: both(({ workingSetMb }) => workingSetMb),
    cpuPercent: both(({ cpuPercent }) => cpuPercent),
    leaseRequestsPerMinute: Math.max(0, round(requestsPerMinute - withoutTool)),
    packetsPerMinute,
  };
}

async function countsOver(bed: FieldBed, watchMs: number) {
  // IPv6 is the kernel's own chatter here: no tool was given an IPv6 address.
  const { host } = bed.segment;
  const capture =
    captureObstacle() === undefined ? await Capture.start(host, { link: "br-private", filter: "not ip6" }) : undefined;
  const requestsBefore = await leaseRequestsIn(bed);
  const fromMs = monotonicMs();
  await sleep(watchMs);
  const minutes = (monotonicMs() - fromMs) / MINUTE_MS;
  const requests = (await leaseRequestsIn(bed)) - requestsBefore;
  const packets = capture?.frames().length;
  await capture?.close();
  return {
    seconds: minutes * 60,
    requestsPerMinute: requests / minutes,
    packetsPerMinute: packets === undefined ? null : round(packets / minutes),
  };
}

function usesOf(bed: FieldBed): readonly Use[] {
  return bed.pods.map((_, ordinal) => {
    const all = bed.contestant(ordinal).pids.map(usageOf);
    const sum = (value: (usage: ReturnType<typeof usageOf>) => number) =>
      all.reduce((total, usage) => total + value(usage), 0);
    return {
      rssMb: sum(({ rssBytes }) => rssBytes) / MB,
      workingSetMb: sum(({ workingSetBytes }) => workingSetBytes) / MB,
      cpuMs: sum(({ cpuMs }) => cpuMs),
    };
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
