/**
 * What the sidecar tells about itself: one closed union, from which log lines, metrics and the status page are derived.
 * Emitted by the supervisor and the adapters; nothing here is secret, and nothing secret may be put here.
 */
import type { FenceLevel } from "@vcluster-kube-vip/routing";
import type { Problem } from "../config/config.ts";
import type { Notice, WritePurpose } from "../election/election.ts";
import type { HolderChange } from "../election/holder-change.ts";
import type { HealthReport } from "../health/report.ts";

type Machine = "election" | "vip" | "link" | "health" | "detour" | "mode" | "config";

/** Whose error it is: "host" is the host cluster's API. */
type Where = "api" | "host" | "kernel" | "wire" | "http" | "neighbours" | "transfer" | "quorum";

export type Happening =
  /** A state machine changed its state: one log line each. */
  | {
      readonly t: "transition";
      readonly machine: Machine;
      readonly from: string;
      readonly to: string;
      readonly reason: string;
    }
  | { readonly t: "notice"; readonly notice: Notice }
  | { readonly t: "problem"; readonly problem: Problem }
  /** The API or the kernel answered with an error, or recovered; `code` is the error's stable code. */
  | {
      readonly t: "trouble";
      readonly where: Where;
      readonly code: string;
      readonly message: string;
    }
  | { readonly t: "recovered"; readonly where: Where }
  /** One request to the Kubernetes API for the Lease. */
  | {
      readonly t: "lease-request";
      readonly verb: "get" | "list" | "watch" | "create" | "update";
      readonly outcome: "ok" | "conflict" | "missing" | "refused" | "unknown";
      readonly durationMs: number;
      readonly endpoint: string;
    }
  | { readonly t: "lease-write"; readonly purpose: WritePurpose; readonly result: string; readonly durationMs: number }
  /** The Lease names another holder than before, as this replica sees it; undefined is nobody, or no Lease. */
  | ({ readonly t: "holder-changed" } & HolderChange)
  /** The VIP is answered here from now on, until the deadline unless renewed. */
  | { readonly t: "took"; readonly transitions: number; readonly wonToFirstFrameMs: number }
  | { readonly t: "silenced"; readonly tookMs: number }
  | { readonly t: "frames-sent"; readonly form: string; readonly count: number }
  | { readonly t: "acknowledged"; readonly address: string; readonly afterMs: number }
  /** Another MAC address than ours claims the VIP. */
  | { readonly t: "conflict"; readonly mac: string }
  /** Something of ours was missing in the kernel and was put back. */
  | { readonly t: "restored"; readonly what: string }
  | { readonly t: "swept"; readonly what: string }
  /** What became of a Kubernetes Event; "forbidden" is said once, for no more are written then. */
  | { readonly t: "event"; readonly outcome: "recorded" | "lost" | "over-budget" | "forbidden" }
  /** The fence level in force, once; and why it is not the one aimed at. */
  | {
      readonly t: "fence";
      readonly fenceLevel: FenceLevel;
      readonly aim: FenceLevel;
      readonly reason: string | undefined;
    };

/** The moment's picture for /status, /readyz and the gauges. Every field is known at any time. */
export interface Snapshot {
  readonly identity: string;
  readonly vip: string | undefined;
  readonly interfaceName: string | undefined;
  /** Election's role, or "passive" while the configuration or another owner forbids taking part. */
  readonly role: string;
  readonly reason: string;
  readonly holderIdentity: string | undefined;
  readonly leaseName: string | undefined;
  readonly leaseTransitions: number | undefined;
  /** What ends the hold that the Lease shows: its duration alone, or the promises of the holder's peers as well. */
  readonly mode: "lease" | "quorum";
  /** Why a holder does not use the quorum; undefined where it does, and on a replica that does not hold. */
  readonly modeReason: string | undefined;
  /** Since the version that is known was first seen. */
  readonly leaseAgeMs: number | undefined;
  /** In the Lease: since when it has its holder, RFC 3339 by the holder's clock. */
  readonly acquireTime: string | undefined;
  readonly leaseDurationSeconds: number | undefined;
  /** Until this replica's own hold ends; undefined if it does not hold. */
  readonly deadlineInMs: number | undefined;
  /** Until the kernel is silent for the VIP by itself, as far as it was told; undefined where it is silent. */
  readonly kernelDeadlineInMs: number | undefined;
  readonly vipState: string;
  /** What keeps this host silent past its deadline; undefined while that is not known. */
  readonly fenceLevel: FenceLevel | undefined;
  readonly linkUp: boolean;
  /** Of the VIP's interface while that is up. */
  readonly mac: string | undefined;
  readonly health: HealthReport;
  readonly ready: boolean;
  readonly problems: readonly Problem[];
  /** Voluntary moves seen or made within the window of rule 10. */
  readonly movesInWindow: number;
  readonly acknowledgedBy: readonly { readonly address: string; readonly afterMs: number }[];
  /** Neighbours that this holder asked and that have not answered since. */
  readonly unacknowledgedBy: readonly string[];
}
