import { describe, expect, it } from "vitest";
import { RETRY_MS, stepVip, type VipEffect, type VipEvent, type VipState, vipWakeMs } from "./vip.ts";

const permission = { deadlineMs: 10_000, transitions: 3 };
const later = { deadlineMs: 12_000, transitions: 3 };
const absent: VipState = { t: "absent" };
const configuring: VipState = { t: "configuring", permission };
const held: VipState = { t: "held", permission, work: "none" };
const withdrawing: VipState = { t: "withdrawing", next: undefined, retryAtMs: undefined };

type News = VipEvent extends infer E ? (E extends VipEvent ? Omit<E, "nowMs"> : never) : never;

function check(from: VipState, news: News, to: VipState, effects: readonly VipEffect["t"][]): void {
  const [state, made] = stepVip(from, { ...news, nowMs: 1000 } as VipEvent);
  expect(state).toEqual(to);
  expect(made.map((effect) => effect.t)).toEqual(effects);
}

describe("the VIP on a replica", () => {
  it("is configured when the lease is held, and announced only when the address is there", () => {
    check(absent, { t: "hold", permission }, configuring, ["transition", "configure"]);
    check(configuring, { t: "configured", outcome: "done" }, held, ["transition", "announce"]);
  });

  it("is held longer by a renewal without another kernel change", () => {
    check(held, { t: "hold", permission: later }, { ...held, permission: later }, []);
    check(configuring, { t: "hold", permission: later }, { ...configuring, permission: later }, []);
  });

  it("stops announcing before the address is taken away, and is silent only after it is gone", () => {
    check(held, { t: "silence" }, withdrawing, ["transition", "stop-announcing", "withdraw"]);
    check(withdrawing, { t: "withdrawn", outcome: "done" }, absent, ["transition", "silenced"]);
  });

  it("is silent at once where nothing was held", () => {
    check(absent, { t: "silence" }, absent, ["silenced"]);
  });

  it("is withdrawn after a silence that came while it was being configured", () => {
    check(configuring, { t: "silence" }, withdrawing, ["transition", "stop-announcing", "withdraw"]);
    check(withdrawing, { t: "configured", outcome: "done" }, withdrawing, []);
  });

  it("is configured again when the lease came back while it was being withdrawn", () => {
    const again: VipState = { ...withdrawing, next: later };
    check(withdrawing, { t: "hold", permission: later }, again, []);
    const configuringAgain: VipState = { t: "configuring", permission: later };
    check(again, { t: "withdrawn", outcome: "done" }, configuringAgain, ["transition", "silenced", "configure"]);
    check(again, { t: "silence" }, withdrawing, []);
  });

  it("is withdrawn where the deadline passed during the kernel change", () => {
    check(configuring, { t: "configured", outcome: "not-allowed" }, withdrawing, [
      "transition",
      "stop-announcing",
      "withdraw",
    ]);
    check({ ...held, work: "restoring" }, { t: "configured", outcome: "not-allowed" }, withdrawing, [
      "transition",
      "stop-announcing",
      "withdraw",
    ]);
  });

  it("is put right when the kernel changed, and announced again only if something was missing", () => {
    const restoring: VipState = { ...held, work: "restoring" };
    check(held, { t: "kernel-changed" }, restoring, ["restore"]);
    check(restoring, { t: "configured", outcome: "done" }, held, []);
    check(restoring, { t: "configured", outcome: "restored" }, held, ["announce-again"]);
  });

  it("is looked at once more when the kernel changed while it was being put right", () => {
    const again: VipState = { ...held, work: "restoring-again" };
    check({ ...held, work: "restoring" }, { t: "kernel-changed" }, again, []);
    check(again, { t: "configured", outcome: "restored" }, { ...held, work: "restoring" }, [
      "announce-again",
      "restore",
    ]);
  });

  it("is tried again after a pause where the kernel refused it", () => {
    const failed: VipState = { t: "failed", permission, retryAtMs: 1000 + RETRY_MS };
    check(configuring, { t: "configured", outcome: "failed" }, failed, ["transition", "stop-announcing"]);
    expect(vipWakeMs(failed)).toBe(1000 + RETRY_MS);
    check(failed, { t: "tick" }, failed, []);
    check({ ...failed, retryAtMs: 900 }, { t: "tick" }, configuring, ["transition", "configure"]);
  });

  it("is not called silent while the kernel refuses to take the address away, and tries again", () => {
    const refused: VipState = { ...withdrawing, retryAtMs: 1000 + RETRY_MS };
    check(withdrawing, { t: "withdrawn", outcome: "failed" }, refused, []);
    check({ ...refused, retryAtMs: 900 }, { t: "tick" }, withdrawing, ["withdraw"]);
  });

  it("has nothing to put right while it is not held", () => {
    for (const state of [absent, configuring, withdrawing]) check(state, { t: "kernel-changed" }, state, []);
  });
});
