/** From what the observers recorded to what a run was like: relative to the event, and merged. No I/O. */
import type { AnswerRun } from "../../test/bed/arp-answers.ts";
import type { Attempt } from "../../test/bed/connections.ts";
import type { Answering, AnswerStretch, Stretch } from "./outcome.ts";

export interface Window {
  /** The event, and the end of the watch: CLOCK_MONOTONIC in ms. */
  readonly atMs: number;
  readonly endMs: number;
}

/** Who answered when. A stretch lasts until the next begins: the sampler's records have gaps of one period. */
export function answersIn(
  runs: readonly AnswerRun[],
  oldMac: string,
  { atMs, endMs }: Window,
): readonly AnswerStretch[] {
  const stretches: AnswerStretch[] = [];
  for (const run of runs) {
    if (run.fromMs > endMs) break;
    const who = answering(run.macs, oldMac);
    const last = stretches.at(-1);
    if (last?.who === who) continue;
    const fromMs = Math.max(0, run.fromMs - atMs);
    // What was over before the event leaves nothing.
    if (fromMs === 0) stretches.pop();
    else if (last !== undefined) stretches[stretches.length - 1] = { ...last, toMs: fromMs };
    stretches.push({ who, fromMs, toMs: endMs - atMs });
  }
  return stretches;
}

/** From the beginning of a lost connection to that of the next served one. */
export function lostIn(attempts: readonly Attempt[], { atMs, endMs }: Window): readonly Stretch[] {
  const sorted = attempts
    .filter(({ startMs }) => startMs >= atMs - BEFORE_MS && startMs < endMs)
    .sort((left, right) => left.startMs - right.startMs);
  const stretches: Stretch[] = [];
  let sinceMs: number | undefined;
  for (const { startMs, outcome } of sorted) {
    if (outcome !== "served") {
      sinceMs ??= startMs;
    } else if (sinceMs !== undefined) {
      stretches.push({ fromMs: sinceMs - atMs, toMs: startMs - atMs });
      sinceMs = undefined;
    }
  }
  if (sinceMs !== undefined) stretches.push({ fromMs: sinceMs - atMs, toMs: endMs - atMs });
  return stretches;
}

/** A connection that was begun before the event can be lost by it. */
export const BEFORE_MS = 250;

function answering(macs: readonly string[], oldMac: string): Answering {
  const [first, second] = macs;
  if (first === undefined) return "none";
  if (second !== undefined) return "two";
  return first === oldMac ? "old" : "new";
}
