/** Rows of the fault matrix: the API is out of the holder's reach, or slow, or its own API server hangs. */
import { API_LOST_BY_ALL, API_PARTITIONS, API_SLOW } from "../../bed/faults/api-partition.ts";
import { API_SERVER_FROZEN } from "../../bed/faults/freeze.ts";
import { ETCD_LEADER_KILLED } from "../../bed/faults/kill.ts";
import { faultRows } from "./rows.ts";

const PAST_THE_DEADLINE_MS = 8_000;
/** As in freeze.test.ts. */
const TAKEOVER_MS = 3_500;

faultRows([
  ...API_PARTITIONS.map((fault) => ({ fault, lastsMs: PAST_THE_DEADLINE_MS, silentMs: TAKEOVER_MS, moves: 1 })),
  { fault: API_SLOW, lastsMs: 12_000 },
  { fault: API_LOST_BY_ALL, lastsMs: PAST_THE_DEADLINE_MS },
  // It can serve nobody: once that is certain, another replica is handed the VIP.
  { fault: API_SERVER_FROZEN, times: 3, lastsMs: PAST_THE_DEADLINE_MS, silentMs: 200, unservedMs: 2_500, moves: 1 },
  { fault: ETCD_LEADER_KILLED, lastsMs: 1_000 },
]);
