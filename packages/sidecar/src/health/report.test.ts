/** A replica's health over the wire: what it says is what the other reads, and garbage is nobody. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HealthEvent, INITIAL, step } from "./health.ts";
import { healthReport, parsePeerStatus } from "./report.ts";

const ASKED = { askedAtMs: 50_000, answeredAtMs: 50_020 };

const EVENTS: readonly HealthEvent[] = [
  { t: "link", nowMs: 0, unusable: undefined },
  { t: "probe", nowMs: 1000, askedAtMs: 1000, result: { t: "ready" } },
  { t: "probe", nowMs: 9500, askedAtMs: 9500, result: { t: "ready" } },
  { t: "reach", nowMs: 9900, reach: { t: "answers", answeredAtMs: 9900 } },
];

function page(overrides: object = {}, health: object = {}): string {
  const state = EVENTS.reduce((before, event) => step(before, event)[0], INITIAL);
  return JSON.stringify({
    identity: "my-vcluster-1_uid_1234",
    ready: true,
    vip: { mac: "02:00:00:00:00:02", fenceLevel: "nft-egress" },
    health: { ...healthReport(state, 10_000, "rev-2"), ...health },
    ...overrides,
  });
}

describe("a peer's page", () => {
  it("is read as it was meant, with its moments on our clock at their least favourable", () => {
    expect(parsePeerStatus(page(), ASKED)).toEqual({
      identity: "my-vcluster-1_uid_1234",
      mac: "02:00:00:00:00:02",
      ready: true,
      reason: "able",
      fenceLevel: "nft-egress",
      revision: "rev-2",
      verdict: "able",
      hasFault: false,
      // Ready for 9 s at the latest moment, and last 0.5 s before the earliest.
      server: { sinceMs: 50_020 - 9000, lastMs: 50_000 - 500 },
      segment: "answers",
      segmentAnsweredAtMs: 50_000 - 100,
    });
  });

  it.each([
    ["no JSON", "<html>"],
    ["a list", "[]"],
    ["cut short", page().slice(0, -20)],
    ["without health, as of an older version", page({ health: null })],
    ["with a verdict that there is not", page({}, { verdict: "fine" })],
    ["with a word for its segment that there is not", page({}, { segment: 1 })],
    ["without an identity", page({ identity: "" })],
    ["with an identity without end", page({ identity: "x".repeat(600) })],
    ["ready in words", page({ ready: "true" })],
  ])("that is %s is nobody's", (_name, text) => {
    expect(parsePeerStatus(text, ASKED)).toBeUndefined();
  });

  it.each([
    ["in the future", { serverReadyAgoMs: -1 }],
    ["older than its run", { serverReadyAgoMs: 10_000 }],
    ["no number", { serverReadyForMs: "9000" }],
  ])("whose last good answer is %s has none", (_name, health) => {
    expect(parsePeerStatus(page({}, health), ASKED)?.server).toBeUndefined();
  });

  it("that is silent about its faults has one", () => {
    expect(parsePeerStatus(page({}, { fault: undefined }), ASKED)?.hasFault).toBe(true);
  });

  it("may be any text without harm", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parsePeerStatus(text, ASKED) === undefined));
  });
});
