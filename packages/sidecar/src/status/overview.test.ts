import { describe, expect, it } from "vitest";
import type { SidecarAnswer } from "../adapters/sidecar-page.ts";
import type { LeaseRecord } from "../election/lease-record.ts";
import type { Snapshot } from "../observe/happening.ts";
import { status } from "../observe/status.ts";
import { HOLDER, NEWCOMER } from "../observe/testing/samples.ts";
import { type Asked, type Overview, overviewOfLease, overviewOfReplicas } from "./overview.ts";

const TIME = "2026-01-02T03:04:05.000000Z";
const STANDBY: Snapshot = {
  ...HOLDER,
  identity: "vcluster-1_uid_nonce",
  role: "waiting",
  deadlineInMs: undefined,
  kernelDeadlineInMs: undefined,
  acknowledgedBy: [],
  unacknowledgedBy: [],
};

function answered(snapshot: Snapshot, where = "http://127.0.0.1:2112/status"): SidecarAnswer {
  return { t: "answered", where, status: status({ version: "0.1.0", time: TIME, snapshot, moves: [], troubles: [] }) };
}

const SILENT: SidecarAnswer = { t: "silent", where: "http://10.64.0.9:2112/status", reason: "ECONNREFUSED" };
const here = (answer: SidecarAnswer): Asked => ({ own: true, answer });
const peer = (answer: SidecarAnswer): Asked => ({ own: false, answer });

function check(asked: readonly Asked[], expected: Partial<Overview>): void {
  expect(overviewOfReplicas(asked, [], TIME)).toMatchObject(expected);
}

describe("the replicas together", () => {
  it("know from a standby's pod until when the holder is heard, and by whom", () => {
    check([here(answered(STANDBY)), peer(answered(HOLDER)), peer(SILENT)], {
      vip: "10.100.0.100",
      lease: {
        name: "kube-system/vcluster-kube-vip",
        holderIdentity: HOLDER.identity,
        acquireTime: HOLDER.acquireTime ?? null,
        renewTime: null,
        leaseDurationSeconds: 15,
        leaseTransitions: 3,
      },
      deadlineInMs: 12_500,
      kernelDeadlineInMs: 12_499,
      fenceLevel: "nft-egress",
      acknowledgedBy: HOLDER.acknowledgedBy,
      unacknowledgedBy: HOLDER.unacknowledgedBy,
    });
  });

  it("are listed by name, with why one does not answer", () => {
    const { replicas } = overviewOfReplicas([here(answered(STANDBY)), peer(SILENT), peer(answered(HOLDER))], [], TIME);
    expect(replicas?.map(({ own, silent, status: page }) => [page?.identity ?? null, own, silent])).toEqual([
      [HOLDER.identity, false, null],
      [STANDBY.identity, true, null],
      [null, false, "ECONNREFUSED"],
    ]);
  });

  it("are one each, and ours is known as such, where our own address is among the peers'", () => {
    const { replicas } = overviewOfReplicas(
      [here(answered(HOLDER)), peer(answered(HOLDER, "http://10.64.0.7:2112/status"))],
      [],
      TIME,
    );
    expect(replicas?.map(({ own }) => own)).toEqual([true]);
  });

  it("name the holder of the newer term where both were asked while the VIP moved", () => {
    const newer = { ...HOLDER, identity: "b_b_b", leaseTransitions: 4, deadlineInMs: 14_000 };
    check([here(answered(HOLDER)), peer(answered(newer))], { deadlineInMs: 14_000 });
  });

  it("say that nothing is known where none of them knows", () => {
    check([here(answered(NEWCOMER))], { vip: null, lease: null, deadlineInMs: null, acknowledgedBy: null });
  });
});

describe("the API alone", () => {
  const lease: LeaseRecord = {
    uid: "u",
    resourceVersion: "7",
    holderIdentity: HOLDER.identity,
    leaseDurationSeconds: 15,
    leaseTransitions: 3,
    acquireTime: TIME,
    renewTime: TIME,
    annotations: {},
    raw: undefined,
  };
  const name = "kube-system/vcluster-kube-vip";

  it("shows the Lease and the Events, and says what it does not show", () => {
    const overview = overviewOfLease({ name, lease }, [], [], TIME);
    expect(overview).toMatchObject({ lease: { name, holderIdentity: HOLDER.identity, renewTime: TIME }, events: [] });
    expect(overview).toMatchObject({ replicas: null, moves: null, deadlineInMs: null, acknowledgedBy: null });
    expect(overview.unknown.join()).toMatch(/not known which replicas are ready.*kubectl exec/);
  });

  it("says so where there is no Lease", () => {
    const { lease: view, unknown } = overviewOfLease({ name, lease: "missing" }, undefined, ["its Events"], TIME);
    expect(view).toBeNull();
    expect(unknown.slice(0, 2)).toEqual([expect.stringMatching(/^there is no Lease kube-system\//), "its Events"]);
  });

  it("has the same keys as the replicas'", () => {
    const both = [
      overviewOfLease({ name, lease }, [], [], TIME),
      overviewOfReplicas([here(answered(HOLDER))], [], TIME),
    ];
    const [ofLease, ofReplicas] = both.map((overview) => Object.keys(overview));
    expect(ofLease).toEqual(ofReplicas);
  });
});
