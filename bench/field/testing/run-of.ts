/** A run for tests: SIGTERM, 20 ms of outage, healed; with what a test wants otherwise. */
import type { Run } from "../outcome.ts";

export function runOf(different: Partial<Run> = {}): Run {
  return {
    t: "run",
    tool: "ours",
    version: "1.2.3",
    event: "planned",
    tried: 400,
    lost: 4,
    outageMs: 20,
    movedMs: 25,
    twoMs: 0,
    noneMs: 22,
    healed: true,
    watchedMs: 2_000,
    blindMs: 6,
    answers: [
      { who: "old", fromMs: 0, toMs: 3 },
      { who: "none", fromMs: 3, toMs: 25 },
      { who: "new", fromMs: 25, toMs: 2_000 },
    ],
    lostStretches: [{ fromMs: 2, toMs: 22 }],
    ...different,
  };
}
