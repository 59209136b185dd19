import { describe, expect, it } from "vitest";
import { RETRY_MS, stepVip, type VipEffect, type VipEvent, type VipState, vipWakeMs } from "./vip.ts";

const permission = { deadlineMs: 10_000, leaseDeadlineMs: 10_000, transitions: 3 };
const later = { deadlineMs: 12_000, leaseDeadlineMs: 12_000, transitions: 3 };
const absent: VipState = { t: "absent" };
const inherited: VipState = { t: "inherited" };
const configuring: VipState = { t: "configuring", permission, adopting: false, renewed: false };
const adopting: VipState = { ...configuring, adopting: true };
const held: VipState = { t: "held", permission, work: "none" };
const lapsed: VipState = { t: "lapsed" };
const muting: VipState = { t: "muting", permission };
const muted: VipState = { t: "muted" };
const withdrawing: VipState = { t: "withdrawing", next: undefined, retryAtMs: undefined };
const failed: VipState = { t: "failed", permission, retryAtMs: 1000 + RETRY_MS };

const holdNow = { t: "hold", permission, adopted: false } as const;
const renew = { t: "hold", permission: later, adopted: false } as const;
const SILENCING = ["transition", "stop-announcing", "withdraw"] as const;

type News = VipEvent extends infer E ? (E extends VipEvent ? Omit<E, "nowMs"> : never) : never;

function check(from: VipState, news: News, to: VipState, effects: readonly VipEffect["t"][]): void {
  const [state, made] = stepVip(from, { ...news, nowMs: 1000 } as VipEvent);
  expect(state).toEqual(to);
  expect(made.map((effect) => effect.t)).toEqual(effects);
}

describe("the VIP on a replica", () => {
  it("is configured when the lease is held, and announced only when the address is there", () => {
    check(absent, holdNow, configuring, ["transition", "configure"]);
    check(configuring, { t: "configured", outcome: "done" }, held, ["transition", "announce"]);
  });

  it("is refreshed in the kernel by each renewal, and announced for longer only when that is done", () => {
    check(held, renew, { ...held, permission: later }, ["refresh"]);
    check(held, { t: "refreshed", outcome: "done" }, held, ["extend-announcing"]);
  });

  it("is refreshed once more where a renewal was confirmed while it was being configured", () => {
    const renewed: VipState = { ...configuring, permission: later, renewed: true };
    check(configuring, renew, renewed, []);
    check(renewed, { t: "configured", outcome: "done" }, { ...held, permission: later }, [
      "transition",
      "announce",
      "refresh",
    ]);
  });

  it("is left as it is in the kernel when it is adopted: no burst, the steady frames go on", () => {
    check(absent, { t: "inherit" }, inherited, ["transition"]);
    check(inherited, { t: "hold", permission, adopted: true }, adopting, ["transition", "refresh"]);
    check(adopting, { t: "refreshed", outcome: "done" }, held, ["transition", "resume-announcing"]);
  });

  it("is taken away when there is nothing to adopt: the kernel may be heard for longer than it seemed", () => {
    check(inherited, { t: "disinherit" }, withdrawing, ["transition", "withdraw"]);
  });

  it("is really silenced where it was only inherited", () => {
    check(inherited, { t: "silence" }, withdrawing, SILENCING);
  });

  it("is taken afresh where the hold does not continue what was inherited", () => {
    check(inherited, holdNow, configuring, ["transition", "configure"]);
  });

  it("is silent by the kernel when its opening has lapsed, and opened and announced afresh by the next hold", () => {
    check(held, { t: "refreshed", outcome: "lapsed" }, lapsed, ["transition", "stop-announcing"]);
    check({ ...held, work: "restoring" }, { t: "restored", outcome: "lapsed" }, lapsed, [
      "transition",
      "stop-announcing",
    ]);
    check(configuring, { t: "configured", outcome: "lapsed" }, lapsed, ["transition", "stop-announcing"]);
    check(adopting, { t: "refreshed", outcome: "lapsed" }, lapsed, ["transition", "stop-announcing"]);
    check(lapsed, renew, { ...configuring, permission: later }, ["transition", "configure"]);
    check(lapsed, { t: "silence" }, withdrawing, SILENCING);
  });

  it("stops announcing before the address is taken away, and is silent only after it is gone", () => {
    check(held, { t: "silence" }, withdrawing, SILENCING);
    check(withdrawing, { t: "withdrawn", outcome: "done" }, absent, ["transition", "silenced"]);
  });

  it("is muted before a planned move: announcing ends, the gate is closed, and that is said", () => {
    check(held, { t: "mute" }, muting, ["transition", "stop-announcing", "mute"]);
    check(muting, { t: "mute" }, muting, []);
    check(muting, { t: "muted", outcome: "done" }, muted, ["transition", "silenced"]);
    check(muted, { t: "mute" }, muted, ["silenced"]);
  });

  it("is withdrawn from there when the next holder has it", () => {
    check(muted, { t: "silence" }, withdrawing, SILENCING);
    check(muting, { t: "silence" }, withdrawing, SILENCING);
    check(withdrawing, { t: "muted", outcome: "done" }, withdrawing, []);
  });

  it("is withdrawn, and silent only then, where its gate could not be closed by itself", () => {
    check(muting, { t: "muted", outcome: "failed" }, withdrawing, SILENCING);
  });

  it("is withdrawn at once when the kernel changes while it is muted: without its gate it would be answered for", () => {
    check(muted, { t: "kernel-changed" }, withdrawing, SILENCING);
  });

  it("is opened and announced afresh where nobody took it", () => {
    check(muted, renew, { ...configuring, permission: later }, ["transition", "configure"]);
  });

  it("has no connections to keep where it is not held: to be muted is to be silenced", () => {
    for (const state of [configuring, inherited, lapsed, failed]) check(state, { t: "mute" }, withdrawing, SILENCING);
    check(absent, { t: "mute" }, absent, ["silenced"]);
    check({ ...withdrawing, next: later }, { t: "mute" }, withdrawing, []);
  });

  it("is silent at once where nothing was held", () => {
    check(absent, { t: "silence" }, absent, ["silenced"]);
  });

  it("is withdrawn after a silence that came while it was being configured", () => {
    check(configuring, { t: "silence" }, withdrawing, SILENCING);
    check(withdrawing, { t: "configured", outcome: "done" }, withdrawing, []);
  });

  it("is configured again when the lease came back while it was being withdrawn", () => {
    const again: VipState = { ...withdrawing, next: later };
    check(withdrawing, renew, again, []);
    const configuringAgain: VipState = { ...configuring, permission: later };
    check(again, { t: "withdrawn", outcome: "done" }, configuringAgain, ["silenced", "transition", "configure"]);
    check(again, { t: "silence" }, withdrawing, []);
  });

  it("is withdrawn where the deadline passed during the kernel change", () => {
    check(configuring, { t: "configured", outcome: "not-allowed" }, withdrawing, SILENCING);
    check({ ...held, work: "restoring" }, { t: "restored", outcome: "not-allowed" }, withdrawing, SILENCING);
    check(held, { t: "refreshed", outcome: "not-allowed" }, withdrawing, SILENCING);
  });

  it("is put right when the kernel changed, and announced again only if something was missing", () => {
    const restoring: VipState = { ...held, work: "restoring" };
    check(held, { t: "kernel-changed" }, restoring, ["restore"]);
    check(restoring, { t: "restored", outcome: "done" }, held, []);
    check(restoring, { t: "restored", outcome: "changed" }, held, ["announce-again"]);
  });

  it("is looked at once more when the kernel changed while it was being put right", () => {
    const again: VipState = { ...held, work: "restoring-again" };
    check({ ...held, work: "restoring" }, { t: "kernel-changed" }, again, []);
    check(again, { t: "restored", outcome: "changed" }, { ...held, work: "restoring" }, ["announce-again", "restore"]);
  });

  it("is tried again after a pause where the kernel refused it", () => {
    check(configuring, { t: "configured", outcome: "failed" }, failed, ["transition", "stop-announcing"]);
    check(held, { t: "refreshed", outcome: "failed" }, failed, ["transition", "stop-announcing"]);
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
    const states = [absent, inherited, configuring, adopting, lapsed, withdrawing];
    for (const state of states) check(state, { t: "kernel-changed" }, state, []);
  });

  it("makes nothing of the end of a change that belongs to a state before", () => {
    for (const state of [absent, configuring, lapsed, withdrawing, failed]) {
      check(state, { t: "refreshed", outcome: "not-allowed" }, state, []);
      check(state, { t: "restored", outcome: "not-allowed" }, state, []);
    }
    for (const state of [absent, adopting, held, lapsed]) {
      check(state, { t: "configured", outcome: "not-allowed" }, state, []);
    }
  });
});
