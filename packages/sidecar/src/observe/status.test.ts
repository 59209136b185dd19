import { describe, expect, it } from "vitest";
import { status, statusText } from "./status.ts";
import { HOLDER, NEWCOMER, PROBLEM } from "./testing/samples.ts";

const BASE = { version: "0.1.0", time: "2026-01-02T03:04:05.000000Z", moves: [], troubles: [] };

/** Names of all keys, with dots. */
function keysOf(value: unknown, prefix = ""): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, prefix === "" ? key : `${prefix}.${key}`));
}

describe("the status", () => {
  it("says who holds, until when, and who acknowledged", () => {
    expect(JSON.parse(statusText(status({ ...BASE, snapshot: HOLDER })))).toMatchObject({
      role: "holding",
      vip: { address: "10.100.0.100", interfaceName: "net1", state: "held", linkUp: true },
      lease: { holderIdentity: "vcluster-0_uid_nonce", leaseTransitions: 3, leaseDurationSeconds: 15, ageMs: 1200 },
      deadlineInMs: 12_500,
      kernelDeadlineInMs: 12_499,
      acknowledgedBy: [{ address: "10.100.0.7", afterMs: 0.4 }],
      unacknowledgedBy: ["10.100.0.9"],
    });
  });

  it("has every key even when nothing is known", () => {
    const known = JSON.parse(statusText(status({ ...BASE, snapshot: HOLDER }))) as unknown;
    const unknown = JSON.parse(statusText(status({ ...BASE, snapshot: NEWCOMER }))) as unknown;
    expect(keysOf(unknown)).toEqual(keysOf(known));
    expect(unknown).toMatchObject({ deadlineInMs: null, lease: { holderIdentity: null }, vip: { address: null } });
  });

  it("lists the problems with their place in the file", () => {
    const { problems } = status({ ...BASE, snapshot: NEWCOMER });
    expect(problems).toEqual([PROBLEM, { ...PROBLEM, severity: "warning", position: null }]);
  });
});
