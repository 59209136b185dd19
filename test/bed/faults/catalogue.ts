/** Every fault of the matrix, by kind: what the soak draws from. */
import { API_LOST_BY_ALL, API_PARTITIONS, API_SLOW } from "./api-partition.ts";
import { LINK_BOUNCED, MAC_CHANGED, net1Replaced, TAKEN_BY_HAND } from "./by-hand.ts";
import { WRONG_CLOCKS } from "./clock.ts";
import type { Fault } from "./fault.ts";
import { PHASES } from "./fault-control.ts";
import { API_SERVER_FROZEN, FROZEN, frozenAt, successorFrozenAt } from "./freeze.ts";
import {
  API_SERVER_KILLED,
  ETCD_LEADER_KILLED,
  POD_LOST,
  POD_RECREATED_WHILE_ALIVE,
  SIDECAR_KILLED,
  SIDECAR_RESTARTED,
} from "./kill.ts";
import { LEASE_DELETED, LEASE_PATCHES, LEASE_RESTORED } from "./lease-edit.ts";
import {
  HOLDER_CUT_FROM_SEGMENT_AND_API,
  HOLDER_DEAF,
  HOLDER_MUTE,
  HOLDER_STRANDED,
  HOLDER_STRANDED_WITH_WORKER,
} from "./segment-cut.ts";
import { ARP_STORM, VIP_CLAIMED } from "./stranger.ts";

export const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  freeze: [FROZEN, API_SERVER_FROZEN, ...PHASES.map(frozenAt)],
  "freeze at takeover": PHASES.map(successorFrozenAt),
  clock: WRONG_CLOCKS,
  api: [...API_PARTITIONS, API_SLOW, API_LOST_BY_ALL, API_SERVER_KILLED, ETCD_LEADER_KILLED],
  segment: [HOLDER_STRANDED, HOLDER_STRANDED_WITH_WORKER, HOLDER_CUT_FROM_SEGMENT_AND_API, HOLDER_MUTE, HOLDER_DEAF],
  lease: [...LEASE_PATCHES, LEASE_DELETED, LEASE_RESTORED],
  "by hand": [...TAKEN_BY_HAND, LINK_BOUNCED, MAC_CHANGED, net1Replaced("same"), net1Replaced("other")],
  kill: [SIDECAR_RESTARTED, SIDECAR_KILLED, POD_LOST, POD_RECREATED_WHILE_ALIVE],
  stranger: [VIP_CLAIMED, ARP_STORM],
};
