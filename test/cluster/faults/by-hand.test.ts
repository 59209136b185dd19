/** Rows of the fault matrix: what a hand takes away under a holder is back, and a link that goes costs little. */
import { LINK_BOUNCED, MAC_CHANGED, net1Replaced, TAKEN_BY_HAND } from "../../bed/faults/by-hand.ts";
import { faultRows } from "./rows.ts";

const TIMES = 5;

faultRows([
  ...TAKEN_BY_HAND.map((fault) => ({ fault, times: TIMES, silentMs: 100, unservedMs: 100, moves: 0 })),
  { fault: LINK_BOUNCED, moves: 1 },
  { fault: MAC_CHANGED, moves: 1 },
  { fault: net1Replaced("same"), servedAfterHealMs: 200 },
  { fault: net1Replaced("other"), servedAfterHealMs: 200 },
]);
