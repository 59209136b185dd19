/**
 * The wall clock of one replica, wrong. Real steps would hit the whole machine, so the offset is in that process's
 * reading (fault-control.ts says why that is the mirror image of a step). CLOCK_MONOTONIC stays right in all of them.
 */
import type { Fault } from "./fault.ts";
import type { FaultControl } from "./fault-control.ts";

const HOUR_MS = 3_600_000;

const CLOCKS: readonly (readonly [name: string, clock: NonNullable<FaultControl["clock"]>])[] = [
  // Seen by the kernel: every deadline is an hour too far, and only the monotonic timeout ends the hold.
  ["wall clock an hour ahead", { offsetsMs: [HOUR_MS] }],
  // Every deadline is long past: silent until a write made with the right clock.
  ["wall clock an hour behind", { offsetsMs: [-HOUR_MS] }],
  ["wall clock a second ahead", { offsetsMs: [1_000] }],
  ["wall clock a second behind", { offsetsMs: [-1_000] }],
  ["wall clock stepping between renewals", { offsetsMs: [0, HOUR_MS, -HOUR_MS, 1_000], stepAt: "before-write" }],
  ["wall clock set back right after the gate was written", { offsetsMs: [HOUR_MS, 0], stepAt: "after-gate" }],
  ["wall clock set forward right after the gate was written", { offsetsMs: [-HOUR_MS, 0], stepAt: "after-gate" }],
];

export const WRONG_CLOCKS: readonly Fault[] = CLOCKS.map(([name, clock]) => ({
  name,
  victim: "holder",
  lastsMs: [2_000, 12_000],
  async apply({ program }, victim) {
    program.setClock(victim, clock);
    return async () => program.setClock(victim, undefined);
  },
}));
