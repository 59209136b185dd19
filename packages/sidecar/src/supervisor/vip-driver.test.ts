import { ownerOf } from "@vcluster-kube-vip/routing";
import { interfaceName, ip, MemoryKernel, mac } from "@vcluster-kube-vip/routing/testing";
import { describe, expect, it } from "vitest";
import type { Happening } from "../observe/happening.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { VipKernel } from "../vip/kernel.ts";
import { Loop } from "./loop.ts";
import { VipDriver } from "./vip-driver.ts";

function drive() {
  const clock = new VirtualClock();
  const kernel = new MemoryKernel();
  const owner = ownerOf(83, interfaceName("net1"));
  const address = mac("02:00:00:00:00:01");
  kernel.putLink({ index: 7, name: "net1", mac: address, up: true, carrier: true, mtuBytes: 1500, kind: "veth" });
  const silenced: number[] = [];
  const told: Happening[] = [];
  const loop = new Loop({
    clock,
    nextWakeMs: () => driver.wakeMs,
    onTick: () => driver.tick(),
    onOverflow: () => undefined,
  });
  const quiet = { open: () => undefined, announce: () => undefined, extend: () => undefined, stop: () => undefined };
  const driver: VipDriver = new VipDriver({
    clock,
    loop,
    vipKernel: new VipKernel(kernel, owner),
    segment: { ...quiet, ask: async () => [], acknowledgedBy: () => [], close: () => undefined },
    tell: (happening) => told.push(happening),
    placement: () => ({
      vip: ip("10.100.0.100"),
      gateway: undefined,
      linkIndex: 7,
      table: 847,
      rulePriority: 847,
      owner,
    }),
    isFit: () => true,
    onSilenced: () => silenced.push(clock.nowMs()),
    onRefused: () => undefined,
  });
  const hold = (forMs: number) => loop.push(() => driver.hold({ deadlineMs: clock.nowMs() + forMs, transitions: 1 }));
  const silence = () => loop.push(() => driver.silence());
  return { clock, kernel, driver, silenced, told, hold, silence };
}

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
      if (verb === "replaceAddress") clock.freeze(100);
    };
    hold(50);
    await clock.advance(200);
    expect(driver.state.t).toBe("absent");
    expect(silenced).toEqual([]);
  });

  it("says how long a takeover took from the moment the Lease was won", async () => {
    const { clock, told, hold } = drive();
    hold(5_000);
    await clock.advance(10);
    expect(told).toContainEqual({ t: "took", transitions: 1, wonToFirstFrameMs: 0 });
  });
});
