/** One run: the event on a settled bed, watched until one other replica serves again or the tool's bound is over. */
import { reportSides } from "../../test/bed/oracles/sides.ts";
import { monotonicMs, sleep } from "../../test/bed/wait.ts";
import type { FieldEvent } from "./events.ts";
import type { FieldBed } from "./field-bed.ts";
import type { Run } from "./outcome.ts";
import { answersIn, BEFORE_MS, lostIn } from "./timeline.ts";
import type { Tool } from "./tool.ts";

/** Timers of the tools are met at any phase: of 2 s renewals and 3 s announcements. */
const PHASE_MS = 3_000;
/** So long must one other replica answer and every connection be served. */
const HEALED_FOR_MS = 1_500;
/** After a frozen one woke: its first words come at once or with its next tick. */
const AWAKE_MS = 3_500;
const SAMPLE_PERIOD_MS = 2;
/** Until connections are decided and told. */
const LAG_MS = 350;

/** @throws BedError if the bed does not settle before it. */
export async function runEvent(bed: FieldBed, tool: Tool, event: FieldEvent): Promise<Run> {
  const victim = await settledFor(bed, event);
  const oldMac = bed.pods[victim]?.mac ?? "";
  await sleep(PHASE_MS * Math.random());
  bed.sampler.forget();
  bed.connector.forget();
  await sleep(BEFORE_MS);
  const { atMs, wake, restore } = await event.apply(bed, victim);
  const healed = await untilHealed(bed, oldMac, atMs, tool.watchMs);
  if (wake !== undefined) {
    wake();
    await sleep(AWAKE_MS);
  }
  await bed.connector.caughtUp();
  const endMs = monotonicMs() - LAG_MS;
  const run = reportOf(bed, oldMac, { atMs, endMs });
  await restore();
  return { t: "run", tool: tool.id, version: tool.version(), event: event.id, healed, ...run };
}

/** The leader of etcd is elsewhere: without it nobody writes for 5 s, which is etcd's matter and not the tools'. */
async function settledFor(bed: FieldBed, { id }: FieldEvent): Promise<number> {
  const victim = await bed.settled();
  if (id !== "pod-lost") return victim;
  const leader = await bed.api.etcdLeader();
  const heir = bed.api.replicas.find(({ pod }) => pod !== bed.pods[victim]);
  if (leader?.pod !== bed.pods[victim] || heir === undefined) return victim;
  await leader?.moveEtcdLeader(heir);
  return bed.settled();
}

async function untilHealed(bed: FieldBed, oldMac: string, atMs: number, boundMs: number): Promise<boolean> {
  while (monotonicMs() - atMs < boundMs + LAG_MS) {
    await sleep(50);
    const toMs = monotonicMs() - LAG_MS;
    if (toMs - HEALED_FOR_MS < atMs) continue;
    if (isHealed(bed, oldMac, toMs - HEALED_FOR_MS, toMs)) return true;
  }
  return false;
}

function isHealed({ sampler, connector }: FieldBed, oldMac: string, fromMs: number, toMs: number): boolean {
  const runs = sampler.runs.filter((run) => run.toMs >= fromMs && run.fromMs <= toMs);
  const [first] = runs;
  const isOneOther =
    first !== undefined &&
    runs.every(({ macs }) => macs.length === 1 && macs[0] === first.macs[0] && macs[0] !== oldMac);
  if (!isOneOther) return false;
  const { tried, lost } = connector.report(fromMs, toMs);
  return tried > 0 && lost === 0;
}

function reportOf(
  { sampler, connector }: FieldBed,
  oldMac: string,
  window: { readonly atMs: number; readonly endMs: number },
) {
  const { atMs, endMs } = window;
  const sides = { periodMs: SAMPLE_PERIOD_MS, fromMs: atMs, toMs: endMs, isStranger: () => false };
  const { msOfTwo, msOfNone, longestBlindMs } = reportSides([sampler.runs], sides);
  const connects = connector.report(atMs - BEFORE_MS, endMs);
  const movedAtMs = sampler.firstOther(oldMac, atMs);
  return {
    tried: connects.tried,
    lost: connects.lost,
    outageMs: round(connects.gapMs),
    movedMs: movedAtMs === undefined ? null : round(movedAtMs - atMs),
    twoMs: round(msOfTwo),
    noneMs: round(msOfNone),
    watchedMs: round(endMs - atMs),
    blindMs: round(Math.max(longestBlindMs, connects.longestBlindMs)),
    answers: answersIn(sampler.runs, oldMac, window).map((each) => ({ ...each, ...rounded(each) })),
    lostStretches: lostIn(connector.attempts, window).map(rounded),
  };
}

function rounded({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  return { fromMs: round(fromMs), toMs: round(toMs) };
}

/** To a tenth of a ms, which the observers can tell. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
