/** One fault from a cluster at rest to a cluster at rest, with everything that was seen on the way. Judges nothing. */
import type { Seen } from "../oracles/watch.ts";
import type { Pod } from "../pod.ts";
import { monotonicMs, sleep, waitFor } from "../wait.ts";
import { drawn, type Fault, type Random } from "./fault.ts";
import type { FaultBed } from "./fault-bed.ts";

export interface FaultRun {
  readonly fault: string;
  /** The victim's pod. */
  readonly victim: string;
  /** How long it stayed until it was healed. */
  readonly lastedMs: number;
  /** CLOCK_MONOTONIC in ms: the fault was there; it was gone. */
  readonly appliedAtMs: number;
  readonly healedAtMs: number;
  /** From the heal to the beginning of the worker's first connection that was served. */
  readonly servedAfterHealMs: number;
  readonly seen: Seen;
}

export interface FaultRunOptions {
  readonly random: Random;
  /** Instead of what is drawn between the fault's bounds. */
  readonly lastsMs?: number;
  /** How long after the cluster's rest it comes; instead of what is drawn from two seconds. */
  readonly phaseMs?: number;
}

/** A fault falls anywhere into a renewal's period: 1 s at 5/3/1, 2 s by default. */
const PHASE_MS: Fault["lastsMs"] = [0, 2_000];
/** After the last sign of recovery: what comes late is seen as well. */
const AFTERMATH_MS = 500;
/** A starved holder lets go again while it is looked at. */
const RESIDUE_LOOKS = 3;
const SERVED_WITHIN_MS = 30_000;

export async function runFault(bed: FaultBed, fault: Fault, options: FaultRunOptions): Promise<FaultRun> {
  const { random, lastsMs, phaseMs } = options;
  const victim = victimOf(fault, bed, (await bed.settled()).pod, random);
  const lastedMs = lastsMs ?? drawn(fault.lastsMs, random);
  bed.watch.begin();
  await sleep(phaseMs ?? drawn(PHASE_MS, random));
  const heal = await fault.apply(bed, victim, random);
  const appliedAtMs = monotonicMs();
  await bed.watch.follow();
  await sleep(lastedMs);
  await heal();
  const healedAtMs = monotonicMs();
  await bed.watch.follow();
  const servedAtMs = await waitFor("the worker is served", () => bed.watch.servedAfter(healedAtMs), {
    withinMs: SERVED_WITHIN_MS,
    diagnose: () => bed.cluster.sidecars.map((sidecar) => sidecar.tail(12)).join("\n"),
  });
  return {
    fault: fault.name,
    victim: victim.name,
    lastedMs,
    appliedAtMs,
    healedAtMs,
    servedAfterHealMs: servedAtMs - healedAtMs,
    seen: await seenAtRest(bed),
  };
}

/** What is gone at the next look was on its way out (or back), and no residue. */
async function seenAtRest(bed: FaultBed): Promise<Seen> {
  for (let look = 1; ; look += 1) {
    const holder = await bed.settled();
    await sleep(AFTERMATH_MS);
    const seen = await bed.watch.report(holder.pod);
    if (seen.residue.length === 0 || look === RESIDUE_LOOKS) return seen;
  }
}

function victimOf({ victim }: Fault, { cluster }: FaultBed, holder: Pod, random: Random): Pod {
  const { pods } = cluster;
  const candidates = { holder: [holder], standby: pods.filter((pod) => pod !== holder), any: pods }[victim];
  const drawnPod = candidates[Math.floor(random() * candidates.length)];
  if (drawnPod === undefined) throw new TypeError(`no ${victim} to do it to`);
  return drawnPod;
}
