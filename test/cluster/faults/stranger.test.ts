/** Rows of the fault matrix: machines that are none of ours claim the VIP, or flood the segment with questions for it. */
import { ARP_STORM, VIP_CLAIMED } from "../../bed/faults/stranger.ts";
import { faultRows } from "./rows.ts";

faultRows([
  { fault: VIP_CLAIMED, lastsMs: 3_000, moves: 0 },
  { fault: ARP_STORM, lastsMs: 5_000, silentMs: 100, moves: 0 },
]);
