import { expect, test } from "vitest";
import { status } from "../observe/status.ts";
import { HOLDER, NEWCOMER } from "../observe/testing/samples.ts";
import { formatStatus } from "./table.ts";

const AT = "2026-01-02T03:04:05.000000Z";
const BASE = { version: "0.1.0", time: AT, moves: [], troubles: [] };

test("a holder's table says since when, until when, and who acknowledged", () => {
  const moves = [{ time: AT, what: "took", detail: "transition 3 of the Lease" }] as const;
  expect(formatStatus(status({ ...BASE, snapshot: HOLDER, moves })).split("\n")).toEqual([
    "replica       vcluster-0 (vcluster-0_uid_nonce)",
    "role          holding, ready",
    "VIP           10.100.0.100 on net1 (up), held here",
    `holder        this replica, since ${AT}, transition 3`,
    "Lease         kube-system/vcluster-kube-vip, this version seen for 1.2 s",
    "deadline      in 12.5 s",
    "fence         nft-egress",
    "acknowledged  by 10.100.0.7 (0.4 ms)",
    "moves         1 voluntary in the window that limits them",
    `              ${AT} took: transition 3 of the Lease`,
    "troubles      none",
    "problems      none",
    "",
  ]);
});

test("a standby's table names the holder, and no deadline of its own", () => {
  const snapshot = { ...HOLDER, role: "waiting", reason: "counting", holderIdentity: "vcluster-1_uid_nonce" };
  const table = formatStatus(status({ ...BASE, snapshot: { ...snapshot, deadlineInMs: undefined } }));
  expect(table).toContain("role          waiting, ready: counting\n");
  expect(table).toContain("holder        vcluster-1, transition 3\n");
  expect(table).toContain("deadline      none, it does not hold\n");
});

test("what is not known yet is said so, and every trouble and problem has a line", () => {
  const troubles = [{ time: AT, where: "api", code: "API_UNREACHABLE", message: "API_UNREACHABLE: refused." }] as const;
  const table = formatStatus(status({ ...BASE, snapshot: NEWCOMER, troubles }));
  expect(table).toContain("VIP           not known\n");
  expect(table).toContain("holder        nobody\n");
  expect(table).toContain(`troubles      ${AT} api: API_UNREACHABLE: refused.\n`);
  expect(table.match(/ENDPOINT_WITHOUT_PORT/g)).toHaveLength(2);
});
