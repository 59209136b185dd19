/**
 * Rows of the fault matrix: a sidecar that stops running, at any moment and at each step of a renewal or a takeover,
 * for less and for longer than its hold lasts (4.75 s at 5/3/1).
 */
import { PHASES } from "../../bed/faults/fault-control.ts";
import { FROZEN, frozenAt, successorFrozenAt } from "../../bed/faults/freeze.ts";
import { faultRows } from "./rows.ts";

/** With the age of the last renewal (1 s) less than the address lives: 3 s at 5/3/1, in whole seconds. */
const BRIEFLY_MS = 1_000;
const PAST_THE_DEADLINE_MS = 8_000;
/**
 * From silence (the address's 3 s, the gate's 4.75 s) until another has counted out a lease duration; a renewal that
 * nobody here knows to be confirmed makes the others count from it, a retry period later.
 */
const TAKEOVER_MS = 3_500;

faultRows([
  { fault: { ...FROZEN, name: "sidecar frozen for 1 s" }, lastsMs: BRIEFLY_MS, silentMs: 100, moves: 0 },
  { fault: FROZEN, lastsMs: PAST_THE_DEADLINE_MS, silentMs: TAKEOVER_MS, servedAfterHealMs: 200, moves: 1 },
  ...PHASES.map((phase) => ({
    fault: frozenAt(phase),
    lastsMs: PAST_THE_DEADLINE_MS,
    silentMs: TAKEOVER_MS,
    servedAfterHealMs: 200,
    moves: 1,
  })),
  ...PHASES.map((phase) => ({ fault: successorFrozenAt(phase), lastsMs: PAST_THE_DEADLINE_MS })),
]);
