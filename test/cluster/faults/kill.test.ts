/** Rows of the fault matrix: a process or a pod dies, and comes back in time, late, or under its old name. */
import {
  API_SERVER_KILLED,
  POD_LOST,
  POD_RECREATED_WHILE_ALIVE,
  SIDECAR_KILLED,
  SIDECAR_RESTARTED,
} from "../../bed/faults/kill.ts";
import { faultRows } from "./rows.ts";

/** As in freeze.test.ts. */
const TAKEOVER_MS = 3_500;

faultRows([
  { fault: SIDECAR_RESTARTED, times: 5, lastsMs: 500, silentMs: 0, unservedMs: 0, moves: 0 },
  { fault: SIDECAR_KILLED, silentMs: TAKEOVER_MS, servedAfterHealMs: 200, moves: 1 },
  { fault: POD_LOST, servedAfterHealMs: 200, moves: 1 },
  // Its etcd member dies with it: while the two that are left elect, a second move was seen, once in eighteen runs.
  { fault: POD_RECREATED_WHILE_ALIVE, moves: 2 },
  { fault: API_SERVER_KILLED },
]);
