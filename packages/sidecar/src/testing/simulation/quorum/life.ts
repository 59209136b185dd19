/** What one life of a process has around it: its machine's clocks, ways and gate, and the world that looks on. */
import type { ElectionSettings } from "../../../election/election.ts";
import type { QuorumPeers } from "../../../quorum/port.ts";
import type { LeaseStore } from "../../lease-store.ts";
import type { ApiWays } from "../api-servers.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Process } from "../process.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";
import type { GateModel } from "./gate-model.ts";

export interface Life {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly store: LeaseStore;
  readonly peers: QuorumPeers;
  readonly ways: ApiWays;
  readonly clock: MachineClock;
  readonly gate: GateModel;
  readonly process: Process;
  /** podName_podUID_bootNonce */
  readonly identity: string;
  readonly mac: string;
  readonly settings: Omit<ElectionSettings, "identity">;
  readonly calmMinMs: number;
  readonly executionMs: () => number;
  readonly atCall: () => void;
  readonly onKernel: () => void;
  readonly onRequest: () => void;
  /** The segment is asked who answers for the VIP. */
  readonly onSegment: (answer: (macs: readonly string[]) => void) => void;
  readonly count: (path: string) => void;
  readonly trace: (line: () => string) => void;
}
