/**
 * The port to what health is judged by: looks at the own API server, the own Pod on the host cluster, and the other
 * replicas' word. Implemented by adapters/health/health-sources.ts and testing/.
 */
import type { ProbeResult } from "./own-server.ts";
import type { PeerStatus } from "./report.ts";

export interface HealthSources {
  /** Begins; what is seen is said until close(). */
  start(news: HealthNews): void;
  readonly peers: PeerSource;
  close(): void;
}

export interface HealthNews {
  /** What came of a look at the own API server that began at `askedAtMs`, own monotonic clock. */
  readonly onProbe: (result: ProbeResult, askedAtMs: number) => void;
  /** Something of the own Pod changed. */
  readonly onPod: (pod: OwnPod) => void;
}

/** What the host cluster says of this pod. */
export interface OwnPod {
  /** Why it ends, once it does; never taken back. */
  readonly leaving: string | undefined;
  /** Of what it was made: its controller-revision-hash, or its pod-template-hash. */
  readonly revision: string | undefined;
  /** What its StatefulSet makes pods of now. */
  readonly updateRevision: string | undefined;
}

export interface PeerSource {
  /** Asks every 2 s from now on (a holder), and tells what was answered; undefined: no more. */
  follow(onKnown: ((peers: readonly PeerStatus[]) => void) | undefined): void;
  /** Asks all at once; whoever has not answered within timeoutMs is left out. Never rejects. */
  ask(timeoutMs: number): Promise<readonly PeerStatus[]>;
}
