import { describe, expect, test } from "vitest";

import { type Applied, apply } from "./apply.ts";
import { gateTargetOf, heldState, nothing } from "./desired-state.ts";
import type { Opening } from "./gate.ts";
import { NO_PERMIT } from "./hold.ts";
import { observe } from "./observation.ts";
import { type Change, plan, shorteningOf } from "./plan.ts";
import { RoutingError } from "./routing-error.ts";
import { HOLD_MS, MARGIN_MS, MemoryHost, placement, taking } from "./testing/memory-host.ts";

const [address] = taking.addresses;
const refusal = new RoutingError("KERNEL_REFUSED", "cannot do it: EBUSY. Try again.");

function failedChanges(applied: Applied): readonly Change["t"][] {
  return "failures" in applied ? applied.failures.map(({ change }) => change.t) : [];
}

async function openedBy(host: MemoryHost): Promise<Opening> {
  const { opened } = await host.take();
  if (opened === undefined) throw new TypeError("nothing was opened");
  host.gate.calls.length = 0;
  host.kernel.calls.length = 0;
  return opened;
}

test("an allowed holder has the gate open, the address for as long, and what its answers need", async () => {
  const host = new MemoryHost();
  const opened = { holderIdentity: "a", untilWallMs: host.clock.wallTimeMs() + HOLD_MS, timeoutMs: HOLD_MS };
  expect(await host.reach(taking)).toEqual({ t: "done", opened });
  expect(host.gate.opening).toEqual(opened);
  expect(await host.addresses()).toEqual(["10.100.0.100/32 for 3 s"]);
  const observed = await observe(host, gateTargetOf(placement));
  expect(plan(heldState(placement, "keep"), observed).changes).toEqual([]);
});

test("a prepared holder takes in two requests, and renews in two", async () => {
  const host = await new MemoryHost().prepare();
  const from = await openedBy(host);
  host.clock.pass(1_000);
  host.hold = host.holdFor(HOLD_MS);
  const opened = { holderIdentity: "a", untilWallMs: host.clock.wallTimeMs() + HOLD_MS, timeoutMs: HOLD_MS };
  expect(await host.renew(from)).toEqual({ t: "done", opened });
  expect(host.verbs).toEqual(["refresh", "replaceAddress"]);
});

test.each([
  [2, "10.100.0.100/32 for 2 s"],
  [9, "10.100.0.100/32 for 3 s"],
])("an address that is to last %d s at most lasts no longer than the hold allows, either", async (most, lasts) => {
  const host = await new MemoryHost().prepare();
  await host.take();
  expect(await apply(host, shorteningOf(taking, most), host.permit)).toEqual({ t: "done" });
  expect(await host.addresses()).toEqual([lasts]);
});

describe("check, act, check", () => {
  const verbs = ["open", "replaceAddress"] as const;

  test("past the deadline nothing is opened and no address added, though routes and rule may be", async () => {
    const host = new MemoryHost();
    host.hold = undefined;
    expect(await host.reach(taking)).toEqual({ t: "not-allowed", failures: [] });
    expect(host.gate.calls).toEqual([]);
    expect(host.kernel.calls).not.toContain("replaceAddress");
    expect((await host.kernel.rules(4)).items).toEqual(taking.rules);
  });

  test.each(verbs)("a process stopped before the kernel's %s until past its deadline takes it back", async (verb) => {
    const host = await new MemoryHost().prepare();
    host.freeze(HOLD_MS, "before", verb);
    expect(await host.take()).toMatchObject({ t: "not-allowed", failures: [] });
    expect(host.verbs.at(-1)).toBe(verb === "open" ? "close" : "deleteAddress");
    expect(host.gate.silences).toBe(true);
    expect(await host.addresses()).toEqual([]);
  });

  test.each(verbs)("a process stopped after the kernel's %s until past its deadline takes it back", async (verb) => {
    const host = await new MemoryHost().prepare();
    host.freeze(HOLD_MS, "after", verb);
    expect(await host.take()).toMatchObject({ t: "not-allowed", failures: [] });
    expect(host.verbs.at(-1)).toBe(verb === "open" ? "close" : "deleteAddress");
    expect(await host.addresses()).toEqual([]);
  });

  test("a hold that is taken back during the write is undone as one that ran out", async () => {
    const host = await new MemoryHost().prepare();
    host.gate.afterVerb = () => {
      host.hold = undefined;
    };
    expect(await host.take()).toMatchObject({ t: "not-allowed", failures: [] });
    expect(host.gate.opening).toBeUndefined();
    expect(host.verbs).toEqual(["open", "close"]);
  });

  test("a gate made open past the deadline is closed at once", async () => {
    const host = new MemoryHost();
    host.freeze(HOLD_MS, "before", "install");
    expect(await host.reach(taking)).toMatchObject({ t: "not-allowed", failures: [] });
    expect(host.gate.calls).toEqual(["install", "close"]);
    expect(host.gate.opening).toBeUndefined();
  });

  test("a refresh past the deadline is closed at once", async () => {
    const host = await new MemoryHost().prepare();
    const from = await openedBy(host);
    host.freeze(HOLD_MS, "after", "refresh");
    expect(await host.renew(from)).toMatchObject({ t: "not-allowed", failures: [] });
    expect(host.gate.calls).toEqual(["refresh", "close"]);
    expect(host.gate.opening).toBeUndefined();
  });

  test.each(verbs)("a %s whose answer was lost while the deadline passed is taken back, too", async (verb) => {
    const host = await new MemoryHost().prepare();
    if (verb === "open") host.gate.loseNextAnswer(verb);
    else host.kernel.loseNextAnswer(verb);
    host.freeze(HOLD_MS, "before", verb);
    expect(await host.take()).toMatchObject({ t: "not-allowed", failures: [] });
    expect(host.gate.opening).toBeUndefined();
    expect(await host.addresses()).toEqual([]);
  });

  test("what cannot be taken back is said to be there", async () => {
    const host = await new MemoryHost().prepare();
    host.kernel.failNext("deleteAddress", refusal);
    host.freeze(HOLD_MS, "before", "replaceAddress");
    expect(await host.take()).toMatchObject({
      t: "not-allowed",
      failures: [{ change: { t: "delete-address", address }, cause: refusal }],
    });
    expect(await host.addresses()).toHaveLength(1);
  });
});

describe("a slow write", () => {
  test("of the gate is written again, so that the kernel's own count ends in time", async () => {
    const host = await new MemoryHost().prepare();
    const deadlineMs = host.hold?.deadlineMs ?? 0;
    host.freeze(51, "before", "open");
    expect(await host.take()).toMatchObject({ t: "done", opened: { timeoutMs: HOLD_MS - 51 } });
    expect(host.gate.calls).toEqual(["open", "refresh"]);
    // Even where the wall clock was set back meanwhile.
    host.clock.setWall(-3_600_000);
    host.clock.pass(deadlineMs - host.clock.nowMs());
    expect(host.gate.silences).toBe(true);
  });

  test("of 50 ms is what the margin is for", async () => {
    const host = await new MemoryHost().prepare();
    host.freeze(50, "before", "open");
    expect(await host.take()).toMatchObject({ t: "done" });
    expect(host.gate.calls).toEqual(["open"]);
  });

  test("of the address is written again with the lifetime that is left", async () => {
    const host = await new MemoryHost().prepare();
    host.freeze(600, "before", "replaceAddress");
    expect(await host.take()).toMatchObject({ t: "done" });
    expect(host.kernel.calls).toEqual(["replaceAddress", "replaceAddress"]);
    expect(await host.addresses()).toEqual(["10.100.0.100/32 for 2 s"]);
  });

  test("that is slow each time is given up and taken back", async () => {
    const host = await new MemoryHost().prepare();
    host.gate.beforeVerb = () => host.clock.pass(100);
    expect(await host.take()).toEqual({ t: "not-allowed", failures: [] });
    expect(host.gate.calls).toEqual(["open", "refresh", "refresh", "close"]);
    expect(host.gate.opening).toBeUndefined();
  });

  test("whose opening lapsed meanwhile is not opened a second time", async () => {
    const host = await new MemoryHost().prepare();
    host.gate.afterVerb = (verb) => {
      if (verb !== "open") return;
      host.gate.flushSet();
      host.clock.pass(51);
    };
    expect(await host.take()).toMatchObject({ t: "lapsed" });
    expect(host.gate.silences).toBe(true);
  });
});

describe("what has lapsed", () => {
  test("is not opened by a refresh, and the address is not put up", async () => {
    const host = await new MemoryHost().prepare();
    const from = await openedBy(host);
    host.clock.pass(HOLD_MS);
    host.hold = host.holdFor(HOLD_MS);
    expect(await host.renew(from)).toEqual({ t: "lapsed" });
    expect(host.verbs).toEqual(["refresh"]);
    expect(host.gate.silences).toBe(true);
  });

  test("is nothing that a restoration opens", async () => {
    const host = await new MemoryHost().prepare();
    await openedBy(host);
    host.gate.flushSet();
    await host.reach(heldState(placement, "keep"));
    expect(host.gate.silences).toBe(true);
  });

  test("is an address for which less than a whole second is left", async () => {
    const host = await new MemoryHost().prepare();
    host.hold = host.holdFor(2_250 - MARGIN_MS - 1);
    expect(await host.take()).toMatchObject({ t: "lapsed" });
    expect(host.kernel.calls).toEqual([]);
  });

  test("a gate removed by another hand is made again in one step with the deadline that it had", async () => {
    const host = await new MemoryHost().prepare();
    const { untilWallMs } = await openedBy(host);
    host.clock.pass(500);
    host.gate.flushRuleset();
    const restored = await host.reach(heldState(placement, "keep"));
    expect(restored).toMatchObject({ t: "done", opened: { untilWallMs, timeoutMs: HOLD_MS - 500 } });
    expect(host.verbs).toEqual(["install"]);
  });
});

describe("what fails", () => {
  test("without the rule nothing is loosened: answers would leave by another link", async () => {
    const host = new MemoryHost();
    host.kernel.failNext("addRule", refusal);
    expect(failedChanges(await host.reach(taking))).toEqual(["add-rule"]);
    expect(await host.addresses()).toEqual([]);
    expect(host.gate.calls).toEqual([]);
  });

  test("without the gate the address is not added: nothing would end its hold", async () => {
    const host = await new MemoryHost().prepare();
    host.gate.failNext("open", refusal);
    expect(failedChanges(await host.take())).toEqual(["open-gate"]);
    expect(await host.addresses()).toEqual([]);
  });

  test("a gate that vanished since it was prepared is missing", async () => {
    const host = await new MemoryHost().prepare();
    host.gate.flushRuleset();
    expect(await host.take()).toMatchObject({ t: "failed", failures: [{ cause: "missing" }] });
  });

  test("on a link that vanished, the first thing that builds on it fails as missing", async () => {
    const host = new MemoryHost();
    const { changes } = plan(taking, await observe(host, gateTargetOf(placement)));
    host.kernel.removeLink(3);
    expect(await apply(host, changes, host.permit)).toEqual({
      t: "failed",
      failures: [{ change: { t: "put-route", route: taking.routes[0] }, cause: "missing" }],
    });
  });

  test("a rule that is already there is no failure", async () => {
    const host = new MemoryHost();
    const { changes } = plan(taking, await observe(host, gateTargetOf(placement)));
    for (const rule of taking.rules) await host.kernel.addRule(rule);
    expect(await apply(host, changes, host.permit)).toMatchObject({ t: "done" });
  });

  test("a release needs no permission and goes on past what fails", async () => {
    const host = new MemoryHost();
    await host.reach(taking);
    host.gate.failNext("close", refusal);
    host.kernel.failNext("deleteAddress", refusal);
    expect(failedChanges(await host.release())).toEqual(["close-gate", "delete-address"]);
    expect((await host.kernel.rules(4)).items).toEqual([]);
    expect((await host.kernel.routes(4)).items).toEqual([]);
    expect(await host.release()).toEqual({ t: "done" });
    expect(await host.addresses()).toEqual([]);
  });

  test("a release leaves no address behind where sockets cannot be destroyed, and says so", async () => {
    const host = new MemoryHost();
    await host.reach(taking);
    host.sockets.failNext(refusal);
    expect(failedChanges(await host.release())).toEqual(["destroy-sockets"]);
    expect(await host.addresses()).toEqual([]);
  });

  test("a release closes the gate first, and ends connections while their resets have an address", async () => {
    const host = new MemoryHost();
    await host.reach(taking);
    const order: string[] = [];
    host.gate.beforeVerb = (verb) => order.push(verb);
    host.kernel.beforeVerb = (verb) => order.push(verb);
    host.sockets.beforeVerb = (verb) => order.push(verb);
    await host.release();
    expect(order).toEqual([
      "close",
      "destroy",
      "deleteAddress",
      "deleteRule",
      "deleteRoute",
      "deleteRoute",
      "deleteRoute",
      "remove",
    ]);
  });

  test("what is gone already when it is to be deleted is no failure", async () => {
    const host = new MemoryHost();
    await host.reach(taking);
    const target = gateTargetOf(placement);
    const { changes } = plan(nothing(placement.owner, target), await observe(host, target));
    host.kernel.removeLink(3);
    host.gate.flushRuleset();
    expect(await apply(host, changes, NO_PERMIT)).toEqual({ t: "done" });
  });

  test("a mistake of ours is not taken for a refusal of the kernel's", async () => {
    const host = new MemoryHost();
    host.kernel.beforeVerb = () => {
      throw new TypeError("a bug");
    };
    await expect(host.reach(taking)).rejects.toThrow("a bug");
  });
});
