/** A VIP's driver by itself, on a kernel and a gate in memory, in virtual time. */
import { type FenceLevel, ownerOf } from "@vcluster-kube-vip/routing";
import {
  interfaceName,
  ip,
  MemoryGate,
  MemoryKernel,
  MemorySockets,
  mac,
  prefix,
} from "@vcluster-kube-vip/routing/testing";
import type { Happening } from "../observe/happening.ts";
import { Loop } from "../supervisor/loop.ts";
import { VipDriver } from "../supervisor/vip-driver.ts";
import { VipKernel } from "../vip/kernel.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const permissionUntil = (deadlineMs: number) => ({ deadlineMs, leaseDeadlineMs: deadlineMs, transitions: 1 });

/** `earlier`: another life in the same network namespace. */
export function drive(
  level: FenceLevel = "nft-egress",
  earlier?: { readonly clock: VirtualClock; readonly kernel: MemoryKernel; readonly gate: MemoryGate },
) {
  const clock = earlier?.clock ?? new VirtualClock();
  const kernel = earlier?.kernel ?? new MemoryKernel();
  const owner = ownerOf(83, interfaceName("net1"));
  const address = mac("02:00:00:00:00:01");
  kernel.putLink({ index: 7, name: "net1", mac: address, up: true, carrier: true, mtuBytes: 1500, kind: "veth" });
  const silenced: number[] = [];
  const tightened: number[] = [];
  const told: Happening[] = [];
  const loop = new Loop({
    clock,
    nextWakeMs: () => driver.wakeMs,
    onTick: () => driver.tick(),
    onOverflow: () => undefined,
  });
  const gate = earlier?.gate ?? new MemoryGate(clock, "ns/lease", level);
  const sockets = new MemorySockets();
  const wire: string[] = [];
  const heard = { count: 1, total: 1 };
  const frames = {
    reach: { t: "unknown" as const },
    follow: () => undefined,
    open: () => undefined,
    announce: () => void wire.push("announce"),
    resume: () => void wire.push("resume"),
    extend: () => void wire.push("extend"),
    stop: () => void wire.push("stop"),
  };
  const driver: VipDriver = new VipDriver({
    identity: "a_uid_1",
    clock,
    loop,
    vipKernel: new VipKernel({ kernel, gate, sockets }, owner),
    segment: {
      ...frames,
      beginAsking: () => undefined,
      ask: async () => [],
      acknowledged: async () => heard,
      acknowledgedBy: () => [],
      unacknowledgedBy: () => [],
      close: () => undefined,
    },
    tell: (happening) => told.push(happening),
    placement: () => ({
      vip: ip("10.100.0.100"),
      gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
      linkName: interfaceName("net1"),
      linkIndex: 7,
      lease: "ns/lease",
      table: 847,
      rulePriority: 847,
      owner,
    }),
    isFit: () => true,
    onChanged: () => undefined,
    onGateRemoved: () => undefined,
    onTightened: (term) => tightened.push(term),
    isLinkUp: () => true,
    onSilenced: () => silenced.push(clock.nowMs()),
    onAcknowledged: () => undefined,
    onRefused: () => undefined,
  });
  const hold = (forMs: number) => loop.push(() => driver.hold(permissionUntil(clock.nowMs() + forMs), false));
  const adopt = (forMs: number) =>
    loop.push(() => {
      driver.inherit();
      driver.hold(permissionUntil(clock.nowMs() + forMs), true);
    });
  const disinherit = () =>
    loop.push(() => {
      driver.inherit();
      driver.disinherit();
    });
  const silence = () => loop.push(() => driver.silence());
  const acts = { hold, adopt, disinherit, silence };
  return { clock, kernel, gate, sockets, loop, wire, driver, silenced, tightened, told, ...acts };
}
