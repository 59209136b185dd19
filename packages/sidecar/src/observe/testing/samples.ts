/** One Happening of each kind, and a holder's Snapshot, for tests. */
import type { Problem } from "../../config/config.ts";
import type { Happening, Snapshot } from "../happening.ts";

export const PROBLEM: Problem = {
  severity: "error",
  code: "ENDPOINT_WITHOUT_PORT",
  field: "controlPlane.endpoint",
  position: { file: "config.yaml", line: 12, column: 15 },
  message: "expected address:port",
};

export const EVERY_HAPPENING: readonly Happening[] = [
  { t: "transition", machine: "election", from: "holding", to: "suspended", reason: "lease-missing" },
  { t: "notice", notice: { t: "counting-vacant", waitMs: 15_000 } },
  { t: "notice", notice: { t: "duration-differs", recordSeconds: 30, ownSeconds: 15 } },
  { t: "notice", notice: { t: "segment-answered", by: ["02:00:00:00:00:07"] } },
  { t: "notice", notice: { t: "transfer-refused", reason: "no other replica is ready to take it" } },
  { t: "notice", notice: { t: "moves-alarm", moves: 3, windowMs: 180_000 } },
  { t: "notice", notice: { t: "write-failed", purpose: "renew", result: "unknown" } },
  { t: "problem", problem: PROBLEM },
  { t: "trouble", where: "api", code: "API_UNREACHABLE", message: "API_UNREACHABLE: 127.0.0.1:6443 refused." },
  { t: "recovered", where: "api" },
  { t: "lease-request", verb: "update", outcome: "ok", durationMs: 7, endpoint: "127.0.0.1:6443" },
  { t: "lease-write", purpose: "renew", result: "written", durationMs: 7 },
  { t: "holder-changed", from: undefined, to: "vcluster-0_uid_nonce" },
  { t: "took", transitions: 3, wonToFirstFrameMs: 2.25 },
  { t: "silenced", tookMs: 1.5 },
  { t: "frames-sent", form: "takeover", count: 4 },
  { t: "acknowledged", address: "10.100.0.7", afterMs: 0.4 },
  { t: "conflict", mac: "02:00:00:00:00:07" },
  { t: "restored", what: "put-route default table 847" },
  { t: "swept", what: "delete-address 10.100.0.100/32" },
];

export const HOLDER: Snapshot = {
  identity: "vcluster-0_uid_nonce",
  vip: "10.100.0.100",
  interfaceName: "net1",
  role: "holding",
  reason: "holding",
  holderIdentity: "vcluster-0_uid_nonce",
  leaseName: "kube-system/vcluster-kube-vip",
  leaseTransitions: 3,
  leaseAgeMs: 1200,
  deadlineInMs: 12_500,
  vipState: "held",
  linkUp: true,
  ready: true,
  problems: [],
  movesInWindow: 1,
  acknowledgedBy: [{ address: "10.100.0.7", afterMs: 0.4 }],
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
  leaseAgeMs: undefined,
  deadlineInMs: undefined,
  vipState: "absent",
  linkUp: false,
  ready: false,
  problems: [PROBLEM, { ...PROBLEM, severity: "warning", position: undefined }],
  movesInWindow: 0,
  acknowledgedBy: [],
};
