/**
 * /status: the moment's picture as JSON, for people and for `vcluster-kube-vip status`. Every key is always there; null is "not known"
 * or "none". Documented in docs/metrics.md.
 */
import type { Problem } from "../config/config.ts";
import type { HealthReport } from "../health/report.ts";
import type { Snapshot } from "./happening.ts";
import type { Move } from "./moves.ts";
import { redact } from "./redact.ts";
import { shorten } from "./shorten.ts";
import type { OpenTrouble } from "./troubles.ts";

export interface Status {
  readonly version: string;
  /** RFC 3339: when this was written. */
  readonly time: string;
  readonly identity: string;
  readonly role: string;
  readonly reason: string;
  readonly ready: boolean;
  readonly vip: {
    readonly address: string | null;
    readonly interfaceName: string | null;
    readonly state: string;
    readonly linkUp: boolean;
    /** Of the interface while that is up: by it the other replicas know a claim of ours. */
    readonly mac: string | null;
    /** What keeps this host silent past its deadline. */
    readonly fenceLevel: string | null;
  };
  readonly lease: {
    readonly name: string | null;
    readonly holderIdentity: string | null;
    readonly leaseTransitions: number | null;
    /** RFC 3339, by the holder's clock: since when it has this holder. */
    readonly acquireTime: string | null;
    readonly leaseDurationSeconds: number | null;
    /** What ends a hold: "lease", its duration alone, or "quorum", the promises of the holder's peers as well. */
    readonly mode: Snapshot["mode"];
    /** Why this holder does not use the quorum; null where it does, and on a replica that does not hold. */
    readonly modeReason: string | null;
    /** Since its present version was first seen here. */
    readonly ageMs: number | null;
  };
  /** Until this replica's own hold ends; null if it does not hold. */
  readonly deadlineInMs: number | null;
  /** Until its kernel is silent by itself, whatever becomes of the process; null if it is silent. */
  readonly kernelDeadlineInMs: number | null;
  /** Whether this replica can serve: what the others choose a successor by. */
  readonly health: HealthReport;
  readonly acknowledgedBy: Snapshot["acknowledgedBy"];
  readonly unacknowledgedBy: Snapshot["unacknowledgedBy"];
  readonly movesInWindow: number;
  /** At most 16, the newest first. */
  readonly moves: readonly Move[];
  /** The last error of each place (api, host, kernel, wire, http, neighbours) until it is known to work again. */
  readonly troubles: readonly OpenTrouble[];
  readonly problems: readonly (Omit<Problem, "position"> & { readonly position: Problem["position"] | null })[];
}

export interface StatusParts {
  readonly version: string;
  /** RFC 3339. */
  readonly time: string;
  readonly snapshot: Snapshot;
  readonly moves: readonly Move[];
  readonly troubles: readonly OpenTrouble[];
}

export function status({ version, time, snapshot, moves, troubles }: StatusParts): Status {
  const { identity, role, reason, ready, linkUp, health, movesInWindow, problems } = snapshot;
  return {
    version,
    time,
    identity,
    role,
    reason,
    ready,
    vip: {
      address: snapshot.vip ?? null,
      interfaceName: snapshot.interfaceName ?? null,
      state: snapshot.vipState,
      linkUp,
      mac: snapshot.mac ?? null,
      fenceLevel: snapshot.fenceLevel ?? null,
    },
    lease: {
      name: snapshot.leaseName ?? null,
      holderIdentity: snapshot.holderIdentity ?? null,
      leaseTransitions: snapshot.leaseTransitions ?? null,
      acquireTime: snapshot.acquireTime ?? null,
      leaseDurationSeconds: snapshot.leaseDurationSeconds ?? null,
      mode: snapshot.mode,
      modeReason: snapshot.modeReason ?? null,
      ageMs: snapshot.leaseAgeMs ?? null,
    },
    deadlineInMs: snapshot.deadlineInMs ?? null,
    kernelDeadlineInMs: snapshot.kernelDeadlineInMs ?? null,
    health,
    acknowledgedBy: snapshot.acknowledgedBy,
    unacknowledgedBy: snapshot.unacknowledgedBy,
    movesInWindow,
    moves,
    troubles,
    problems: problems.map((problem) => ({ ...problem, position: problem.position ?? null })),
  };
}

/** Indented, since people read it with curl; ends with a line feed. */
export function statusText(content: Status): string {
  const clean = (_key: string, value: unknown) => (typeof value === "string" ? shorten(redact(value)) : value);
  return `${JSON.stringify(content, clean, 2)}\n`;
}
