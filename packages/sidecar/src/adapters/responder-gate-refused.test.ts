/** Hosts on which the level responder cannot be had. */
import { RawSocketError } from "@vcluster-kube-vip/raw-socket";
import { type GateTarget, type Link, type Opening, ownerOf } from "@vcluster-kube-vip/routing";
import { interfaceName, ip, MemoryKernel, mac } from "@vcluster-kube-vip/routing/testing";
import { beforeEach, expect, test } from "vitest";
import { ResponderGate } from "./responder-gate.ts";

const net1: Link = {
  index: 3,
  name: "net1",
  mac: mac("02:00:00:00:00:03"),
  up: true,
  carrier: true,
  mtuBytes: 1500,
  kind: "veth",
  alias: undefined,
  arpIgnore: 0,
};
const target: GateTarget = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };
const opening: Opening = { holderIdentity: "pod-0_uid_1", untilWallMs: 1_001_000, timeoutMs: 1_000 };
const permission = new RawSocketError("RAW_SOCKET_PERMISSION", "cannot open a packet socket. Grant NET_RAW.", {});

let kernel: MemoryKernel;

beforeEach(() => {
  kernel = new MemoryKernel();
  kernel.putLink(net1);
});

/** A process of this namespace; `refusal` is what its packet sockets fail with. */
function life(refusal?: RawSocketError): ResponderGate {
  const openSocket = () => {
    if (refusal !== undefined) throw refusal;
    return { send: () => undefined, close: () => undefined };
  };
  const clock = { nowMs: () => 0, wallTimeMs: () => 1_000_000 };
  const owner = ownerOf(83, interfaceName("net1"));
  return new ResponderGate({ lease: "kube-system/vcluster-kube-vip", owner, kernel, clock, openSocket });
}

async function linkNow(): Promise<unknown> {
  return (await kernel.links()).items.find(({ index }) => index === 3);
}

test("without NET_RAW nothing is muted, and the sentence says so", async () => {
  await expect(life(permission).install(target, opening)).rejects.toMatchObject({
    code: "GATE_UNSUPPORTED",
    message: expect.stringMatching(/cannot answer ARP for 10.100.0.100 on net1 ourselves: .*Grant NET_RAW/),
  });
  expect(await linkNow()).toEqual(net1);
});

test("without NET_RAW a link that an earlier life left muted is restored", async () => {
  await life().install(target, undefined);
  await expect(life(permission).install(target, undefined)).rejects.toMatchObject({ code: "GATE_UNSUPPORTED" });
  expect(await linkNow()).toEqual(net1);
});

test("a socket that fails for another reason is a refusal for now", async () => {
  const missing = new RawSocketError("RAW_SOCKET_LINK_MISSING", "cannot open a packet socket.", {});
  await expect(life(missing).install(target, undefined)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
  expect(await linkNow()).toEqual(net1);
});

test("IPv6 has no such level", async () => {
  await expect(life().install({ ...target, vip: ip("fd00:100::64") }, undefined)).rejects.toMatchObject({
    code: "GATE_UNSUPPORTED",
  });
});
