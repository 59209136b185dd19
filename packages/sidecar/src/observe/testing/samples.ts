/** One Happening of each kind, and a holder's Snapshot, for tests. */
import type { Problem } from "../../config/config.ts";
import type { Notice } from "../../election/election.ts";
import type { Happening, Snapshot } from "../happening.ts";

export const PROBLEM: Problem = {
  severity: "error",
  code: "ENDPOINT_WITHOUT_PORT",
  field: "controlPlane.endpoint",
  position: { file: "config.yaml", line: 12, column: 15 },
  message: "expected address:port",
};

/** By kind, so that the compiler asks for what is missing here. */
const NOTICES: { readonly [T in Notice["t"]]: Extract<Notice, { readonly t: T }> } = {
  "counting-vacant": { t: "counting-vacant", waitMs: 15_000 },
  "duration-differs": { t: "duration-differs", recordSeconds: 30, ownSeconds: 15, countedSeconds: 30 },
  "transitions-edited": { t: "transitions-edited", from: 7, to: 2 },
  "lease-oversized": { t: "lease-oversized", what: "annotations", characters: 200_000 },
  "segment-answered": { t: "segment-answered", by: ["02:00:00:00:00:07"] },
  "transfer-refused": { t: "transfer-refused", reason: "no other replica is ready to take it" },
  "moves-alarm": { t: "moves-alarm", moves: 3, windowMs: 180_000 },
  "write-failed": { t: "write-failed", purpose: "renew", result: "unknown" },
};

const OTHERS: { readonly [T in Exclude<Happening["t"], "notice">]: Extract<Happening, { readonly t: T }> } = {
  transition: { t: "transition", machine: "election", from: "holding", to: "suspended", reason: "lease-missing" },
  problem: { t: "problem", problem: PROBLEM },
  trouble: { t: "trouble", where: "api", code: "API_UNREACHABLE", message: "API_UNREACHABLE: 127.0.0.1 refused." },
  recovered: { t: "recovered", where: "api" },
  "lease-request": { t: "lease-request", verb: "update", outcome: "ok", durationMs: 7, endpoint: "127.0.0.1:6443" },
  "lease-write": { t: "lease-write", purpose: "renew", result: "written", durationMs: 7 },
  "holder-changed": {
    t: "holder-changed",
    from: undefined,
    to: "vcluster-0_uid_nonce",
    cause: "vacant",
    transitions: 3,
    knownForMs: 15_000,
  },
  took: { t: "took", transitions: 3, wonToFirstFrameMs: 2.25 },
  silenced: { t: "silenced", tookMs: 1.5 },
  "frames-sent": { t: "frames-sent", form: "takeover", count: 4 },
  acknowledged: { t: "acknowledged", address: "10.100.0.7", afterMs: 0.4 },
  conflict: { t: "conflict", mac: "02:00:00:00:00:07" },
  restored: { t: "restored", what: "put-route default table 847" },
  swept: { t: "swept", what: "delete-address 10.100.0.100/32" },
  event: { t: "event", outcome: "forbidden" },
  fence: { t: "fence", fenceLevel: "nft-arp", aim: "nft-egress", reason: "GATE_UNSUPPORTED: no netdev egress hook" },
};

export const EVERY_HAPPENING: readonly Happening[] = [
  ...Object.values(OTHERS),
  ...Object.values(NOTICES).map((notice): Happening => ({ t: "notice", notice })),
];

export const HOLDER: Snapshot = {
  identity: "vcluster-0_uid_nonce",
  vip: "10.100.0.100",
  interfaceName: "net1",
  role: "holding",
  reason: "holding",
  holderIdentity: "vcluster-0_uid_nonce",
  leaseName: "kube-system/vcluster-kube-vip",
  mode: "lease",
  modeReason: "too-few-replicas",
  leaseTransitions: 3,
  acquireTime: "2026-01-02T03:00:00.000000Z",
  leaseDurationSeconds: 15,
  leaseAgeMs: 1200,
  deadlineInMs: 12_500,
  kernelDeadlineInMs: 12_499,
  vipState: "held",
  fenceLevel: "nft-egress",
  linkUp: true,
  mac: "02:00:00:00:00:01",
  health: {
    verdict: "able",
    reason: "able",
    fault: null,
    serverReadyForMs: 90_000,
    serverReadyAgoMs: 200,
    segment: "answers",
    segmentAnsweredAgoMs: 100,
    revision: "my-vcluster-7c5b9f6d4",
  },
  ready: true,
  problems: [],
  movesInWindow: 1,
  acknowledgedBy: [{ address: "10.100.0.7", afterMs: 0.4 }],
  unacknowledgedBy: ["10.100.0.9"],
};

/** A replica that has learnt nothing yet. */
export const NEWCOMER: Snapshot = {
  ...HOLDER,
  vip: undefined,
  interfaceName: undefined,
  role: "passive",
  reason: "the configuration has errors; see problems",
  holderIdentity: undefined,
  leaseName: undefined,
  leaseTransitions: undefined,
  acquireTime: undefined,
  leaseDurationSeconds: undefined,
  leaseAgeMs: undefined,
  deadlineInMs: undefined,
  kernelDeadlineInMs: undefined,
  vipState: "absent",
  fenceLevel: undefined,
  linkUp: false,
  mac: undefined,
  health: {
    verdict: "not-yet",
    reason: "starting",
    fault: null,
    serverReadyForMs: null,
    serverReadyAgoMs: null,
    segment: "unknown",
    segmentAnsweredAgoMs: null,
    revision: null,
  },
  ready: false,
  problems: [PROBLEM, { ...PROBLEM, severity: "warning", position: undefined }],
  movesInWindow: 0,
  acknowledgedBy: [],
  unacknowledgedBy: [],
};
