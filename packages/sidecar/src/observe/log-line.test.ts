import { describe, expect, it } from "vitest";
import type { Happening } from "./happening.ts";
import { isRoutine, logLine } from "./log-line.ts";
import { EVERY_HAPPENING, PROBLEM } from "./testing/samples.ts";

function check(happening: Happening, level: string, fields: Readonly<Record<string, unknown>>, message: RegExp): void {
  const line = logLine(happening);
  expect(line.level).toBe(level);
  expect(line.fields).toEqual(fields);
  expect(line.message).toMatch(message);
}

describe("a log line", () => {
  it("names event, machine, from, to and reason of a transition", () => {
    check(
      { t: "transition", machine: "vip", from: "held", to: "withdrawing", reason: "silence asked for" },
      "info",
      { event: "transition", machine: "vip", from: "held", to: "withdrawing", reason: "silence asked for" },
      /^vip: held -> withdrawing: silence asked for$/,
    );
  });

  it("says where a problem is, as compilers do", () => {
    const { code, field, position } = PROBLEM;
    check(
      { t: "problem", problem: PROBLEM },
      "error",
      { event: "problem", code, field, ...position },
      /^config\.yaml:12:15: error ENDPOINT_WITHOUT_PORT: controlPlane\.endpoint: /,
    );
    check(
      { t: "problem", problem: { ...PROBLEM, severity: "warning", position: undefined } },
      "warn",
      { event: "problem", code, field },
      /^warning ENDPOINT_WITHOUT_PORT/,
    );
  });

  it("has a notice's own name as its event", () => {
    check(
      { t: "notice", notice: { t: "counting-vacant", waitMs: 15_000 } },
      "info",
      { event: "counting-vacant", waitMs: 15_000 },
      /held for 15\.0 s$/,
    );
    check(
      { t: "notice", notice: { t: "segment-answered", by: ["02:00:00:00:00:01", "02:00:00:00:00:02"] } },
      "warn",
      { event: "segment-answered", by: "02:00:00:00:00:01 02:00:00:00:00:02" },
      /02:00:00:00:00:01, 02:00:00:00:00:02/,
    );
  });

  it("says of an absurd Lease what counts instead", () => {
    check(
      {
        t: "notice",
        notice: { t: "duration-differs", recordSeconds: 315_360_000, ownSeconds: 15, countedSeconds: 60 },
      },
      "warn",
      { event: "duration-differs", recordSeconds: 315_360_000, ownSeconds: 15, countedSeconds: 60 },
      /says 315360000 s of duration, this replica 15 s: 60 s count;/,
    );
    check(
      { t: "notice", notice: { t: "transitions-edited", from: undefined, to: -7 } },
      "warn",
      { event: "transitions-edited", from: undefined, to: -7 },
      /leaseTransitions -7 after none known: edited by hand/,
    );
    check(
      { t: "notice", notice: { t: "lease-oversized", what: "holderIdentity", characters: 10_000 } },
      "warn",
      { event: "lease-oversized", what: "holderIdentity", characters: 10_000 },
      /holderIdentity has 10000 characters/,
    );
  });

  it("says nobody where the Lease has no holder", () => {
    check(
      { t: "holder-changed", from: "a_b_c", to: undefined, cause: "deleted", transitions: undefined, knownForMs: 3 },
      "info",
      {
        event: "holder-changed",
        from: "a_b_c",
        to: undefined,
        cause: "deleted",
        transitions: undefined,
        knownForMs: 3,
      },
      /holder is nobody, and was a_b_c/,
    );
  });

  it("is at debug for what comes with every tick, and only for that", () => {
    const quiet = EVERY_HAPPENING.filter((happening) => logLine(happening).level === "debug");
    expect(quiet.map(({ t }) => t)).toEqual(["lease-request", "lease-write", "frames-sent", "acknowledged"]);
    expect(EVERY_HAPPENING.filter(isRoutine)).toEqual(quiet);
  });

  it("carries plain values only, so that a line stays flat", () => {
    const nested = EVERY_HAPPENING.flatMap((happening) => Object.entries(logLine(happening).fields)).filter(
      ([, value]) => typeof value === "object",
    );
    expect(nested).toEqual([]);
  });
});
