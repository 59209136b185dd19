/** The moves that several replicas saw, each once, with what each of them knows best. Pure. */
import type { Move } from "../observe/moves.ts";
import type { Status } from "../observe/status.ts";

const MOVES_MAX = 16;

/** The newest first. */
export function mergedMoves(pages: readonly Status[]): readonly Move[] {
  const sightings = Map.groupBy(
    pages.flatMap(({ moves }) => moves),
    keyOf,
  );
  const moves = [...sightings.values()].map(merged);
  return moves.sort((a, b) => (a.time < b.time ? 1 : -1)).slice(0, MOVES_MAX);
}

/** Each take raises leaseTransitions; an interruption is seen by the holder alone. */
function keyOf({ transitions, cause, time, from, to }: Move): string {
  return transitions === null || cause === "interrupted" ? `${from} ${to} ${time}` : `${transitions} ${to}`;
}

function merged(sightings: readonly Move[]): Move {
  const known = sightings.flatMap(({ unservedMs }) => unservedMs ?? []);
  const first = sightings.reduce((a, b) => (b.time < a.time ? b : a));
  const knowing = sightings.find(({ from }) => from !== null) ?? first;
  return {
    ...knowing,
    time: first.time,
    reason: sightings.find(({ reason }) => reason !== null)?.reason ?? null,
    // Each sees a part: the giver the beginning, the taker the end.
    unservedMs: known.length === 0 ? null : Math.max(...known),
  };
}
