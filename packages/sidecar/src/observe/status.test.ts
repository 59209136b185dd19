import { describe, expect, it } from "vitest";
import { Recent } from "./recent.ts";
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
      lease: { holderIdentity: "vcluster-0_uid_nonce", leaseTransitions: 3, ageMs: 1200 },
      deadlineInMs: 12_500,
      acknowledgedBy: [{ address: "10.100.0.7", afterMs: 0.4 }],
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

describe("the recent past", () => {
  it("keeps the last 16 moves, the newest first", () => {
    const recent = new Recent();
    for (let i = 1; i <= 20; i += 1) recent.record({ t: "took", transitions: i, wonToFirstFrameMs: 1 }, `time ${i}`);
    expect(recent.moves).toHaveLength(16);
    expect(recent.moves[0]).toEqual({ time: "time 20", what: "took", detail: "transition 20 of the Lease" });
  });

  it("tells a move between others as well", () => {
    const recent = new Recent();
    recent.record({ t: "holder-changed", from: "a", to: "b" }, "then");
    recent.record({ t: "silenced", tookMs: 1.26 }, "later");
    expect(recent.moves).toEqual([
      { time: "later", what: "silenced", detail: "within 1.3 ms" },
      { time: "then", what: "holder-changed", detail: "a -> b" },
    ]);
  });

  it("keeps the last error of each place until it works again", () => {
    const recent = new Recent();
    const error = (where: "api" | "wire", code: string) => ({ t: "trouble", where, code, message: code }) as const;
    recent.record(error("api", "A"), "1");
    recent.record(error("wire", "B"), "2");
    recent.record(error("api", "C"), "3");
    expect(recent.troubles.map(({ code, time }) => [code, time])).toEqual([
      ["C", "3"],
      ["B", "2"],
    ]);
    recent.record({ t: "recovered", where: "api" }, "4");
    expect(recent.troubles.map(({ code }) => code)).toEqual(["B"]);
  });
});
