import { expect, test } from "vitest";
import type { Snapshot } from "../observe/happening.ts";
import type { Move } from "../observe/moves.ts";
import { status } from "../observe/status.ts";
import { HOLDER, NEWCOMER } from "../observe/testing/samples.ts";
import type { OpenTrouble } from "../observe/troubles.ts";
import { type Asked, overviewOfLease, overviewOfReplicas } from "./overview.ts";
import { formatOverview } from "./table.ts";

const AT = "2026-01-02T03:04:05.000000Z";
const STANDBY: Snapshot = {
  ...HOLDER,
  identity: "vcluster-1_uid_nonce",
  role: "waiting",
  reason: "another holds the Lease",
  deadlineInMs: undefined,
};
const MOVE: Move = {
  time: "2026-01-02T03:00:00.000000Z",
  from: "vcluster-1_uid_nonce",
  to: HOLDER.identity,
  cause: "handed-over",
  reason: "stop asked for",
  transitions: 3,
  unservedMs: 2.4,
};

function page(snapshot: Snapshot, moves: readonly Move[] = [], troubles: readonly OpenTrouble[] = []): Asked {
  const answer = {
    t: "answered",
    where: "",
    status: status({ version: "", time: AT, snapshot, moves, troubles }),
  } as const;
  return { own: snapshot === HOLDER, answer };
}

test("three replicas, of which one does not answer, at a glance", () => {
  const silent = { t: "silent", where: "http://10.64.0.9:2112/status", reason: "ECONNREFUSED" } as const;
  const asked = [page(HOLDER, [MOVE]), page(STANDBY), { own: false, answer: silent }];
  expect(formatOverview(overviewOfReplicas(asked, [], AT)).split("\n")).toEqual([
    "VIP           10.100.0.100",
    "holder        vcluster-0 since 2026-01-02T03:00:00Z, 4 min ago (vcluster-0_uid_nonce)",
    "Lease         kube-system/vcluster-kube-vip, transition 3, 15 s",
    "deadlines     Lease in 12.5 s, kernel in 12.5 s (nft-egress)",
    "acknowledged  by 10.100.0.7 (0.4 ms); not by 10.100.0.9",
    "",
    "REPLICA                       ROLE     READY  WHY",
    "vcluster-0 (here)             holding  yes",
    "vcluster-1                    waiting  yes    another holds the Lease",
    "http://10.64.0.9:2112/status  -        -      no answer: ECONNREFUSED",
    "",
    "MOVED                 FROM        TO          NOT SERVED  WHY",
    "2026-01-02T03:00:00Z  vcluster-1  vcluster-0  3 ms        handed over: stop asked for",
    "",
  ]);
});

test("what is wrong with a replica has a line, and what is not known a sentence", () => {
  const trouble = { time: AT, where: "api", code: "API_UNREACHABLE", message: "API_UNREACHABLE: refused." } as const;
  const table = formatOverview(overviewOfReplicas([page(NEWCOMER, [], [trouble])], ["who the others are"], AT));
  expect(table).toContain("VIP        not known from here\nholder     nobody\nLease      not known\n");
  expect(table).toContain("deadlines  none: nobody who answered holds the VIP\n");
  expect(table).toContain("no move was seen\n");
  expect(table).toContain(`vcluster-0  trouble since 2026-01-02T03:04:05Z  api: API_UNREACHABLE: refused.\n`);
  expect(table.match(/ENDPOINT_WITHOUT_PORT/g)).toHaveLength(2);
  expect(table).toMatch(/\nnot known: who the others are\n$/);
});

test("from the API alone: the Lease, when it was renewed, and the Events", () => {
  const lease = {
    uid: "u",
    resourceVersion: "7",
    holderIdentity: HOLDER.identity,
    leaseDurationSeconds: 15,
    leaseTransitions: 3,
    acquireTime: "2026-01-01T00:00:00Z",
    renewTime: "2026-01-02T03:04:03.000000Z",
    annotations: {},
    raw: undefined,
  };
  const event = {
    time: AT,
    count: 3,
    type: "Warning",
    reason: "VipConflict",
    note: "02::07, too",
    instance: "vcluster-0",
  };
  const name = "kube-system/vcluster-kube-vip";
  expect(
    formatOverview(overviewOfLease({ name, lease }, [event], [], AT))
      .split("\n")
      .slice(0, 6),
  ).toEqual([
    "VIP     not known from here",
    "holder  vcluster-0 since 2026-01-01T00:00:00Z, 27 h ago (vcluster-0_uid_nonce)",
    "Lease   kube-system/vcluster-kube-vip, transition 3, 15 s, renewed 2 s ago",
    "",
    "EVENT                 REASON       TIMES  BY          WHAT",
    "2026-01-02T03:04:05Z  VipConflict  3      vcluster-0  02::07, too",
  ]);
});
