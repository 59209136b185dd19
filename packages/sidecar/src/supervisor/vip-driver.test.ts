import { RoutingError } from "@vcluster-kube-vip/routing";
import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import { describe, expect, it } from "vitest";
import { drive, permissionUntil } from "../testing/vip-drive.ts";

describe("the VIP's driver", () => {
  it("answers a silence once, when the address is gone", async () => {
    const { clock, kernel, silenced, hold, silence } = drive();
    hold(5_000);
    await clock.advance(10);
    silence();
    await clock.advance(10);
    expect(silenced).toHaveLength(1);
    expect((await kernel.addresses()).items).toEqual([]);
  });

  it("answers a silence where nothing was held", async () => {
    const { clock, silenced, silence } = drive();
    silence();
    await clock.advance(10);
    expect(silenced).toHaveLength(1);
  });

  it("answers no silence that was not asked for: a withdrawal of its own is not the election's", async () => {
    const { clock, kernel, driver, silenced, hold } = drive();
    // The process is frozen past its deadline, between the look and the change.
    kernel.beforeVerb = (verb) => {
      if (verb === "replaceAddress") clock.freeze(4_000);
    };
    hold(3_000);
    await clock.advance(200);
    expect(driver.state.t).toBe("absent");
    expect(silenced).toEqual([]);
  });

  it("prepares again what another hand removed while it was being prepared", async () => {
    const { clock, kernel, driver } = drive();
    let removed = false;
    kernel.afterVerb = (verb) => {
      if (verb !== "addRule" || removed) return;
      removed = true;
      driver.kernelChanged();
      void kernel.rules(4).then(({ items }) => Promise.all(items.map((rule) => kernel.deleteRule(rule))));
    };
    driver.prepare();
    await clock.advance(10);
    expect(removed).toBe(true);
    expect((await kernel.rules(4)).items).toHaveLength(1);
  });

  it("relies for a takeover on nothing that changed while it was being prepared", async () => {
    const { clock, kernel, driver, hold } = drive();
    let removed = false;
    kernel.afterVerb = (verb) => {
      if (verb !== "addRule" || removed) return;
      removed = true;
      driver.kernelChanged();
      void kernel.rules(4).then(({ items }) => Promise.all(items.map((rule) => kernel.deleteRule(rule))));
      hold(5_000);
    };
    driver.prepare();
    await clock.advance(10);
    expect(kernel.calls.lastIndexOf("addRule")).toBeGreaterThan(kernel.calls.indexOf("deleteRule"));
    expect(kernel.calls.lastIndexOf("addRule")).toBeLessThan(kernel.calls.indexOf("replaceAddress"));
  });

  it("says how long a takeover took from the moment the Lease was won", async () => {
    const { clock, told, hold } = drive();
    hold(5_000);
    await clock.advance(10);
    expect(told).toContainEqual({ t: "took", transitions: 1, wonToFirstFrameMs: 0 });
  });

  it("renews a hold with two requests to the kernel and no look at it", async () => {
    const { clock, kernel, gate, hold, wire } = drive();
    hold(5_000);
    await clock.advance(1_000);
    const before = { reads: gate.reads, verbs: gate.calls.length, changes: kernel.calls.length };
    hold(5_000);
    await clock.advance(1_000);
    hold(5_000);
    await clock.advance(10);
    expect(gate.calls.slice(before.verbs)).toEqual(["refresh", "refresh"]);
    expect(kernel.calls.slice(before.changes)).toEqual(["replaceAddress", "replaceAddress"]);
    expect(gate.reads).toBe(before.reads);
    expect(wire).toEqual(["announce", "extend", "extend"]);
  });

  it("says until when the kernel may be heard: what it was told last, and nothing once it is silent", async () => {
    const { clock, driver, hold, silence } = drive();
    expect(driver.kernelDeadlineMs).toBeUndefined();
    hold(5_000);
    await clock.advance(1_000);
    expect(driver.kernelDeadlineMs).toBe(5_000);
    hold(5_000);
    // The renewal is confirmed, and not in the kernel yet.
    expect(driver.kernelDeadlineMs).toBe(5_000);
    await clock.advance(10);
    expect(driver.kernelDeadlineMs).toBe(6_000);
    silence();
    await clock.advance(10);
    expect(driver.kernelDeadlineMs).toBeUndefined();
  });

  it("puts back the routes that went with an address which ran out while it was adopted", async () => {
    const earlier = drive();
    const { clock, kernel } = earlier;
    earlier.hold(5_000);
    await clock.advance(1_000);
    const [addresses, routes] = [(await kernel.addresses()).items, (await kernel.routes(4)).items];
    const { driver, wire, adopt } = drive("nft-egress", earlier);
    let ranOut = false;
    kernel.beforeVerb = (verb) => {
      if (verb !== "replaceAddress" || ranOut) return;
      ranOut = true;
      for (const address of addresses) void kernel.deleteAddress(address);
      driver.kernelChanged();
    };
    adopt(5_000);
    await clock.advance(100);
    expect(driver.state).toMatchObject({ t: "held", work: "none" });
    expect((await kernel.routes(4)).items).toEqual(expect.arrayContaining([...routes]));
    expect(wire).toEqual(["resume", "announce"]);
  });

  it("answers for its silence only when what is not adopted is silent, too", async () => {
    const earlier = drive();
    earlier.hold(5_000);
    await earlier.clock.advance(1_000);
    const { clock, kernel, gate, driver, silenced, told, disinherit, silence } = drive("nft-egress", earlier);
    const atSilence: boolean[] = [];
    kernel.beforeVerb = (verb) => void (verb === "deleteAddress" && atSilence.push(silenced.length === 0));
    expect(gate.silences).toBe(false);
    disinherit();
    silence();
    await clock.advance(100);
    expect(atSilence).toEqual([true]);
    expect(silenced).toHaveLength(1);
    expect(gate.silences).toBe(true);
    expect(driver.state).toEqual({ t: "absent" });
    expect(told.filter(({ t }) => t === "silenced")).toEqual([]);
  });

  it("is silent after a renewal that came when the gate had lapsed, and is heard again with the next one", async () => {
    const { clock, gate, hold, wire, driver } = drive();
    hold(3_000);
    await clock.advance(10);
    clock.freeze(3_000);
    hold(5_000);
    await clock.advance(500);
    expect([gate.silences, driver.state.t, wire]).toEqual([true, "lapsed", ["announce", "stop"]]);
    hold(5_000);
    await clock.advance(10);
    expect([gate.silences, driver.state.t, wire]).toEqual([false, "held", ["announce", "stop", "announce"]]);
  });

  it("puts a gate back that another hand flushed between two renewals, and stays heard", async () => {
    const { clock, kernel, gate, hold, driver } = drive();
    hold(5_000);
    await clock.advance(1_000);
    const until = gate.opening?.untilWallMs;
    gate.flushRuleset();
    driver.kernelChanged();
    await clock.advance(10);
    expect(gate.opening?.untilWallMs).toBe(until);
    expect(driver.state.t).toBe("held");
    gate.flushRuleset();
    hold(5_000);
    await clock.advance(10);
    expect([gate.silences, driver.state.t]).toEqual([false, "held"]);
    expect((await kernel.addresses()).items).toHaveLength(1);
  });

  it("lets a gate that another hand closed stay closed until the next renewal", async () => {
    const { clock, gate, hold, driver } = drive();
    hold(5_000);
    await clock.advance(1_000);
    gate.flushSet();
    driver.kernelChanged();
    await clock.advance(10);
    expect([gate.silences, driver.state.t]).toEqual([true, "lapsed"]);
    hold(5_000);
    await clock.advance(10);
    expect([gate.silences, driver.state.t]).toEqual([false, "held"]);
  });
});

describe("a VIP that was handed over", () => {
  const giver = mac("02:00:00:00:00:02");

  it("is relayed for once: a second try at taking it is too late for who was connecting", async () => {
    const { clock, kernel, gate, loop, driver } = drive();
    driver.prepare();
    await clock.advance(10);
    kernel.failNext("replaceAddress", new RoutingError("KERNEL_REFUSED", "not now"));
    loop.push(() => driver.hold(permissionUntil(5_000), false, giver));
    await clock.advance(10);
    expect(driver.state.t).toBe("failed");
    await clock.advance(1_000);
    expect([driver.state.t, gate.givers]).toEqual(["held", [giver]]);
  });

  it("is not relayed for at a level that has no relay", async () => {
    const { clock, gate, loop, driver } = drive("nft-arp");
    loop.push(() => driver.hold(permissionUntil(5_000), false, giver));
    await clock.advance(10);
    expect([driver.state.t, gate.givers]).toEqual(["held", []]);
  });
});

describe("a muted VIP", () => {
  it("keeps its address and its connections behind a closed gate, and is told silent", async () => {
    const { clock, kernel, gate, sockets, wire, silenced, hold, driver, loop } = drive();
    hold(15_000);
    await clock.advance(10);
    loop.push(() => driver.mute());
    await clock.advance(10);
    expect([driver.state.t, gate.silences, silenced.length, wire.at(-1)]).toEqual(["muted", true, 1, "stop"]);
    // For as long as a move may last (2 s), and not until the end of the hold.
    expect((await kernel.addresses()).items).toMatchObject([{ validSeconds: 3 }]);
    expect(sockets.calls).toEqual([]);
  });

  it.each([
    { isExpected: false, mutedAfterMs: 20 },
    { isExpected: true, mutedAfterMs: 0 },
  ])("waits for a dead client's neighbour entry, unless that was begun: %o", async ({ isExpected, mutedAfterMs }) => {
    const { clock, sockets, silenced, hold, driver, loop } = drive();
    hold(15_000);
    await clock.advance(10);
    const client = { localPort: 8443, remoteAddress: ip("10.100.0.50"), remotePort: 40_000 };
    sockets.connect(ip("10.100.0.100"), { ...client, state: "established" });
    if (isExpected) driver.expectMute();
    await clock.advance(25);
    const askedAtMs = clock.nowMs();
    loop.push(() => driver.mute());
    for (let passedMs = 0; passedMs < 50; passedMs += 1) await clock.advance(1);
    expect((silenced[0] ?? Number.NaN) - askedAtMs).toBeCloseTo(mutedAfterMs, 0);
  });

  it("has its connections destroyed before its address goes", async () => {
    const { clock, kernel, sockets, hold, silence, driver, loop } = drive();
    hold(5_000);
    await clock.advance(10);
    loop.push(() => driver.mute());
    await clock.advance(10);
    const order: string[] = [];
    kernel.beforeVerb = (verb) => order.push(verb);
    sockets.beforeVerb = (verb) => order.push(verb);
    silence();
    await clock.advance(10);
    expect(order.slice(0, 2)).toEqual(["destroy", "deleteAddress"]);
  });

  it("is not muted by a gate that another hand has taken away: then its address goes, and it is silent after that", async () => {
    const { clock, kernel, gate, silenced, hold, driver, loop } = drive();
    hold(5_000);
    await clock.advance(10);
    gate.flushRuleset();
    loop.push(() => driver.mute());
    await clock.advance(10);
    expect((await kernel.addresses()).items).toEqual([]);
    expect([driver.state.t, silenced.length]).toEqual(["absent", 1]);
  });

  it("is silenced altogether where the fence does not stop the kernel's own questions", async () => {
    for (const level of ["responder", "valid-lft"] as const) {
      const { clock, kernel, silenced, hold, driver, loop } = drive(level);
      hold(5_000);
      await clock.advance(10);
      loop.push(() => driver.mute());
      await clock.advance(10);
      expect([driver.state.t, silenced.length]).toEqual(["absent", 1]);
      expect((await kernel.addresses()).items).toEqual([]);
    }
  });

  it("answers a silence that follows a mute at once, once, and when the address is gone", async () => {
    const { clock, kernel, silenced, hold, driver, loop } = drive();
    hold(5_000);
    await clock.advance(10);
    loop.push(() => {
      driver.mute();
      driver.silence();
    });
    await clock.advance(10);
    expect(silenced).toHaveLength(1);
    expect((await kernel.addresses()).items).toEqual([]);
  });
});
