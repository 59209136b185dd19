/** Requests of all replicas together, as the API server counts them: for Leases, and everything else. */
import { monotonicMs } from "../test/bed/wait.ts";
import type { Row } from "./results.ts";
import { type Arrival, isOfLeases, type Sidecars } from "./sidecars.ts";

const GOAL_PER_MINUTE = 35;

/** Begins to count; the answer ends it. */
export function countLeaseRequests({ arrivals }: Sidecars): () => readonly Row[] {
  const fromMs = monotonicMs();
  const before = arrivals.length;
  return () => {
    const minutes = (monotonicMs() - fromMs) / 60_000;
    const seen = arrivals.slice(before);
    const ofLeases = seen.filter(isOfLeases);
    const perMinute = ofLeases.length / minutes;
    return [
      {
        what: "Lease requests of three replicas at 15/10/2",
        measured: `${perMinute.toFixed(1)} a minute (${byVerb(ofLeases)})`,
        goal: `<= ${GOAL_PER_MINUTE} a minute`,
        met: perMinute <= GOAL_PER_MINUTE,
      },
      {
        what: "besides: requests that keep connections warm",
        measured: `${((seen.length - ofLeases.length) / minutes).toFixed(1)} a minute`,
        goal: undefined,
        met: undefined,
      },
    ];
  };
}

function byVerb(arrivals: readonly Arrival[]): string {
  const counts = new Map<string, number>();
  for (const { verb } of arrivals) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return [...counts].map(([verb, count]) => `${count} ${verb}`).join(", ") || "none";
}
