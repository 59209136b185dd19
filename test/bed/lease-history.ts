/**
 * What was done to a Lease, in the API servers' own words: their audit logs, merged. An observer that shares neither
 * code nor clock reading with the sidecar. Knows no rule of holding: what should have happened is the test's matter.
 */
import { existsSync, readFileSync } from "node:fs";

export interface LeaseWrite {
  readonly verb: "create" | "update" | "patch" | "delete";
  /** HTTP status of the answer. */
  readonly status: number;
  readonly userAgent: string;
  /**
   * CLOCK_REALTIME in ms: the request was read, and its answer written; or that of a later version, if that was sooner:
   * by then it was applied, however long its own answer was kept.
   */
  readonly receivedWallMs: number;
  readonly answeredWallMs: number;
  /** What the Lease became; undefined: refused, or deleted. */
  readonly lease: WrittenLease | undefined;
}

export interface WrittenLease {
  readonly resourceVersion: string;
  /** "" is vacant. */
  readonly holderIdentity: string;
  readonly leaseTransitions: number;
  readonly annotations: Readonly<Record<string, string>>;
}

interface AuditEvent {
  readonly verb: LeaseWrite["verb"];
  readonly userAgent?: string;
  readonly objectRef?: { readonly name?: string; readonly namespace?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly responseObject?: {
    readonly kind?: string;
    readonly metadata?: {
      readonly name?: string;
      readonly resourceVersion?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
  };
}

/** Every write of the Lease that an API server answered, in the order of its versions, and of the answers. */
export function leaseHistory(auditLogs: readonly string[], leaseName: string): readonly LeaseWrite[] {
  const texts = auditLogs.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
  return leaseWritesIn(texts, leaseName);
}

/** As `leaseHistory`, of pieces of audit logs: who follows them reads nothing twice. */
export function leaseWritesIn(texts: readonly string[], leaseName: string): readonly LeaseWrite[] {
  return inOrder(
    texts
      .flatMap(eventsIn)
      .filter((event) => nameOf(event) === leaseName)
      .map(leaseWrite),
  );
}

/** A version is etcd's own count: an answer that comes late does not make its write a later one. */
export function inOrder(writes: readonly LeaseWrite[]): readonly LeaseWrite[] {
  let soonestMs = Number.POSITIVE_INFINITY;
  const applied = writes
    .filter(({ lease }) => lease !== undefined)
    .sort((left, right) => versionOf(right) - versionOf(left));
  const dated = applied.map((write) => {
    soonestMs = Math.min(soonestMs, write.answeredWallMs);
    return { ...write, answeredWallMs: soonestMs };
  });
  const others = writes.filter(({ lease }) => lease === undefined);
  return [...dated.reverse(), ...others].sort((left, right) => left.answeredWallMs - right.answeredWallMs);
}

function versionOf({ lease }: LeaseWrite): number {
  return Number(lease?.resourceVersion);
}

/** The writes that named a holder, or took his name away: refusals and deletions left out. */
export function changesOfHolder(history: readonly LeaseWrite[]): readonly (LeaseWrite & { lease: WrittenLease })[] {
  const applied = history.filter((write): write is LeaseWrite & { lease: WrittenLease } => write.lease !== undefined);
  return applied.filter(
    (write, index) => write.lease.holderIdentity !== (applied[index - 1]?.lease.holderIdentity ?? ""),
  );
}

/** A server killed in the middle of a line left half of one. */
function eventsIn(log: string): readonly AuditEvent[] {
  return log.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as AuditEvent];
    } catch {
      return [];
    }
  });
}

/** A create names its object in the answer only. */
function nameOf({ objectRef, responseObject }: AuditEvent): string | undefined {
  return objectRef?.name ?? responseObject?.metadata?.name;
}

function leaseWrite(event: AuditEvent): LeaseWrite {
  const status = event.responseStatus?.code ?? 0;
  const { kind, metadata, spec } = event.responseObject ?? {};
  const lease =
    kind !== "Lease" || event.verb === "delete" || status >= 300
      ? undefined
      : {
          resourceVersion: metadata?.resourceVersion ?? "",
          holderIdentity: spec?.holderIdentity ?? "",
          leaseTransitions: spec?.leaseTransitions ?? 0,
          annotations: metadata?.annotations ?? {},
        };
  return {
    verb: event.verb,
    status,
    userAgent: event.userAgent ?? "",
    receivedWallMs: wallMs(event.requestReceivedTimestamp),
    answeredWallMs: wallMs(event.stageTimestamp),
    lease,
  };
}

/** RFC 3339 with microseconds, which Date would cut off. */
function wallMs(time: string): number {
  const [seconds = "", fraction = "0"] = time.replace("Z", "").split(".");
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
}
