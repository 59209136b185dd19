import { type PacketSocketOptions, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import { type Address, type GateTarget, type Link, type Opening, ownerOf } from "@vcluster-kube-vip/routing";
import { interfaceName, ip, MemoryKernel, mac } from "@vcluster-kube-vip/routing/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { decodeArp, encodeArp } from "../announce/arp.ts";
import { WORKERS_REQUEST } from "../announce/testing/frames.ts";
import { ResponderGate } from "./responder-gate.ts";

const LEASE = "kube-system/vcluster-kube-vip";
const MARK = `[vcluster-kube-vip ${LEASE} answers ARP here; arp_ignore was 0]`;
const vip = ip("10.100.0.100");
const own = ip("10.100.0.11");
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
const target: GateTarget = { vip, linkName: "net1", linkIndex: 3 };
const owner = ownerOf(83, interfaceName("net1"));

let kernel: MemoryKernel;
let nowMs: number;
let wallMs: number;
let sockets: { readonly options: PacketSocketOptions; isOpen: boolean }[];
let sent: Uint8Array[];
let changes: number;
let gate: ResponderGate;

beforeEach(async () => {
  kernel = new MemoryKernel();
  kernel.putLink(net1);
  await kernel.replaceAddress(address(own));
  await kernel.replaceAddress({ ...address(vip), protocol: owner.protocol });
  [nowMs, wallMs, sockets, sent, changes] = [50_000, 1_700_000_000_000, [], [], 0];
  gate = life();
  await gate.subscribe(() => {
    changes += 1;
  });
});

/** A process of this namespace. */
function life(lease = LEASE): ResponderGate {
  const clock = { nowMs: () => nowMs, wallTimeMs: () => wallMs };
  const openSocket = (options: PacketSocketOptions) => {
    const socket = { options, isOpen: true };
    sockets.push(socket);
    return {
      send: (frame: Uint8Array) => void sent.push(frame),
      close: () => {
        socket.isOpen = false;
      },
    };
  };
  return new ResponderGate({ lease, owner, kernel, clock, openSocket });
}

function address(of: Address["address"]): Address {
  const common = { linkIndex: 3, prefixLength: 32, validSeconds: undefined, label: undefined };
  return { ...common, address: of, protocol: undefined };
}

function opening(forMs: number): Opening {
  return { holderIdentity: "pod-0_uid_1", untilWallMs: wallMs + forMs, timeoutMs: forMs };
}

/** The addresses that are answered for when a worker asks for them now. */
function answered(...asked: readonly Address["address"][]): readonly string[] {
  sent = [];
  for (const targetAddress of asked) {
    const frame = encodeArp({ ...WORKERS_REQUEST, targetAddress });
    for (const { options, isOpen } of sockets) if (isOpen) options.onMessage(frame);
  }
  return sent.map(decodeArp).map((reply) => (typeof reply === "string" ? reply : reply.senderAddress));
}

async function linkNow(): Promise<unknown> {
  return (await kernel.links()).items.find(({ index }) => index === 3);
}

/** Until what was begun by an event is through. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

describe("who is answered for", () => {
  test("closed: the link's other addresses, not the VIP", async () => {
    await gate.install(target, undefined);
    expect(answered(vip, own)).toEqual([own]);
  });

  test("open: the VIP too, until the deadline by the monotonic clock and not a moment longer", async () => {
    await gate.install(target, opening(1_000));
    nowMs += 999.9;
    expect(answered(vip, own)).toEqual([vip, own]);
    nowMs += 0.1;
    expect(answered(vip, own)).toEqual([own]);
  });

  test("a wall clock that is set forward past the deadline ends it, too", async () => {
    await gate.install(target, opening(1_000));
    wallMs += 1_000;
    expect(answered(vip)).toEqual([]);
  });

  test("a wall clock that is set back an hour lengthens nothing", async () => {
    await gate.install(target, opening(1_000));
    wallMs -= 3_600_000;
    nowMs += 1_000;
    expect(answered(vip)).toEqual([]);
  });

  test("closed again: silent at once, before the promise is kept", async () => {
    await gate.install(target, opening(1_000));
    const closed = gate.close(target);
    expect(answered(vip)).toEqual([]);
    expect(await closed).toBe("done");
  });

  test("the VIP only while the link has it, as the kernel would", async () => {
    await gate.install(target, opening(1_000));
    await kernel.deleteAddress({ ...address(vip), protocol: owner.protocol });
    await settled();
    expect(answered(vip, own)).toEqual([own]);
  });

  test("an address that comes later, without a moment in which the old ones are not", async () => {
    await gate.install(target, undefined);
    const late = ip("10.100.0.12");
    await kernel.replaceAddress(address(late));
    await settled();
    expect(answered(own, late)).toEqual([own, late]);
    expect(sockets.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  });

  test("the VIP that comes and goes needs no other socket", async () => {
    await kernel.deleteAddress({ ...address(vip), protocol: owner.protocol });
    await gate.install(target, opening(1_000));
    await kernel.replaceAddress({ ...address(vip), protocol: owner.protocol });
    await settled();
    expect(answered(vip)).toEqual([vip]);
    expect(sockets.length).toBe(1);
  });

  test("not another VIP of this project, for which its own sidecar answers", async () => {
    const other = ip("10.100.0.101");
    await kernel.replaceAddress({ ...address(other), protocol: owner.protocol });
    await gate.install(target, opening(1_000));
    expect(answered(other, own)).toEqual([own]);
  });

  test("its IPv6 addresses are none of the filter's", async () => {
    await gate.install(target, undefined);
    await kernel.replaceAddress({ ...address(ip("fe80::3")), prefixLength: 64 });
    await settled();
    expect(sockets.length).toBe(1);
  });

  test("with the link's MAC address, also after it has changed", async () => {
    await gate.install(target, opening(1_000));
    kernel.putLink({ ...net1, arpIgnore: 8, alias: MARK, mac: mac("02:00:00:00:00:33") });
    await settled();
    answered(vip);
    expect(sent.map(decodeArp)).toMatchObject([{ from: "02:00:00:00:00:33", senderMac: "02:00:00:00:00:33" }]);
  });

  test("of a storm no more than the limit", async () => {
    await gate.install(target, opening(1_000));
    expect(answered(...Array<typeof vip>(10_000).fill(vip)).length).toBe(500);
  });
});

describe("the opening", () => {
  test("is counted from when it was asked for, not from when the kernel was looked at", async () => {
    await gate.install(target, undefined);
    const opened = gate.open(target, opening(1_000));
    nowMs += 1_000;
    expect(await opened).toBe("done");
    expect(answered(vip)).toEqual([]);
  });

  test("is refreshed while it lasts", async () => {
    const first = opening(1_000);
    await gate.install(target, first);
    nowMs += 900;
    wallMs += 900;
    expect(await gate.refresh(target, first, opening(1_000))).toBe("done");
    nowMs += 900;
    expect(answered(vip)).toEqual([vip]);
  });

  test("that has lapsed is not refreshed, and stays closed until it is opened afresh", async () => {
    const first = opening(1_000);
    await gate.install(target, first);
    nowMs += 1_000;
    expect(await gate.refresh(target, first, opening(1_000))).toBe("missing");
    expect(answered(vip)).toEqual([]);
    expect(await gate.open(target, opening(1_000))).toBe("done");
    expect(answered(vip)).toEqual([vip]);
  });

  test("is not refreshed from another than the one in force", async () => {
    await gate.install(target, opening(1_000));
    expect(await gate.refresh(target, opening(999), opening(2_000))).toBe("missing");
  });

  test("is neither opened nor refreshed where the kernel answers again by another hand", async () => {
    const first = opening(1_000);
    await gate.install(target, first);
    await kernel.setArp({ linkIndex: 3, arpIgnore: 0, alias: MARK });
    expect(await gate.refresh(target, first, opening(2_000))).toBe("missing");
    expect(await gate.open(target, opening(2_000))).toBe("missing");
  });

  test("that is on its way when the gate is closed comes to nothing, whichever verb brings it", async () => {
    const first = opening(1_000);
    await gate.install(target, first);
    const verbs = [
      () => gate.refresh(target, first, opening(2_000)),
      () => gate.open(target, opening(2_000)),
      () => gate.install(target, opening(2_000)),
    ];
    for (const verb of verbs) {
      const underWay = verb();
      await gate.close(target);
      await underWay;
      expect(answered(vip)).toEqual([]);
      await gate.open(target, first);
    }
  });

  test("is neither opened nor refreshed before an installation", async () => {
    expect(await gate.open(target, opening(1_000))).toBe("missing");
    expect(await gate.refresh(target, opening(1_000), opening(1_000))).toBe("missing");
    expect(await gate.close(target)).toBe("missing");
  });
});

describe("what is read", () => {
  async function check(expected: object): Promise<void> {
    expect(await gate.read(target)).toMatchObject(expected);
  }

  test("nothing, on a link as the CNI plugin made it or muted by somebody else", async () => {
    await check({ t: "absent" });
    kernel.putLink({ ...net1, arpIgnore: 8 });
    await check({ t: "absent" });
  });

  test("closed, then open with what is left, then closed by itself", async () => {
    await gate.install(target, undefined);
    await check({ t: "closed", lease: LEASE });
    await gate.open(target, opening(1_000));
    nowMs += 400;
    await check({ t: "open", lease: LEASE, opening: { holderIdentity: "pod-0_uid_1", timeoutMs: 600 } });
    nowMs += 600;
    await check({ t: "closed" });
  });

  test.each<[string, Partial<Link>, string]>([
    ["another arp_ignore", { arpIgnore: 1, alias: MARK }, "arp_ignore of net1 is 1, no longer 8"],
    ["no mark", { arpIgnore: 8 }, "the alias of net1 no longer says that it is muted"],
  ])("damaged by another hand: %s; and it is told", async (_, change, what) => {
    await gate.install(target, undefined);
    await settled();
    expect(changes).toBe(0);
    kernel.putLink({ ...net1, ...change });
    await settled();
    expect(changes).toBe(1);
    await check({ t: "damaged", what });
  });

  test("damaged, and told, when the socket hears nothing any more; a link that is down passes", async () => {
    await gate.install(target, undefined);
    sockets[0]?.options.onError(new RawSocketError("RAW_SOCKET_LINK_DOWN", "down", {}));
    await check({ t: "closed" });
    sockets[0]?.options.onError(new RawSocketError("RAW_SOCKET_FAILED", "broken", {}));
    expect(changes).toBe(1);
    await check({ t: "damaged", what: "nobody listens for ARP on net1" });
    await gate.install(target, undefined);
    expect(answered(own)).toEqual([own]);
  });

  test("damaged for another VIP, and absent where the link was made again", async () => {
    await gate.install(target, undefined);
    expect(await gate.read({ ...target, vip: ip("10.100.0.101") })).toMatchObject({ t: "damaged" });
    kernel.removeLink(3);
    kernel.putLink({ ...net1, index: 4 });
    expect(await gate.read({ ...target, linkIndex: 4 })).toEqual({ t: "absent" });
  });

  test("an error, never an absence, where the links cannot be read whole", async () => {
    await gate.install(target, undefined);
    kernel.interrupt("links");
    await expect(gate.read(target)).rejects.toMatchObject({ code: "KERNEL_TIMEOUT" });
    kernel.interrupt("links");
    await expect(gate.remove()).rejects.toMatchObject({ code: "KERNEL_TIMEOUT" });
    expect(await linkNow()).toMatchObject({ arpIgnore: 8 });
  });
});

describe("the link", () => {
  test("is muted, says why, and is afterwards as it was", async () => {
    const before = { ...net1, arpIgnore: 1, alias: "uplink" };
    kernel.putLink(before);
    await gate.install(target, opening(1_000));
    const alias = `uplink ${MARK.replace("was 0", "was 1")}`;
    expect(await linkNow()).toEqual({ ...before, arpIgnore: 8, alias });
    expect(await gate.remove()).toBe("done");
    expect(await linkNow()).toEqual(before);
    expect(sockets.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(await gate.remove()).toBe("missing");
  });

  test("is repaired as often as it is damaged, and what it was is not forgotten", async () => {
    await gate.install(target, undefined);
    kernel.putLink({ ...net1, arpIgnore: 8 });
    await gate.install(target, opening(1_000));
    expect(await linkNow()).toMatchObject({ arpIgnore: 8, alias: MARK });
    await gate.remove();
    expect(await linkNow()).toEqual(net1);
  });

  test("keeps what another hand has set meanwhile", async () => {
    await gate.install(target, undefined);
    kernel.putLink({ ...net1, arpIgnore: 2, alias: `theirs ${MARK}` });
    await gate.remove();
    expect(await linkNow()).toMatchObject({ arpIgnore: 2, alias: "theirs" });
  });

  test("left muted by a killed process is restored by the next life, which adopts nothing", async () => {
    await gate.install(target, opening(10_000));
    const next = life();
    expect(await next.read(target)).toEqual({
      t: "damaged",
      what: "net1 was muted by an earlier life, and nobody answers there",
    });
    expect(await next.open(target, opening(1_000))).toBe("missing");
    expect(await next.remove()).toBe("done");
    expect(await linkNow()).toEqual(net1);
  });

  test("left muted by a killed process is taken over by an installation, with what it was", async () => {
    await gate.install(target, opening(10_000));
    gate.end();
    const next = life();
    await next.install(target, undefined);
    expect(await next.read(target)).toMatchObject({ t: "closed" });
    await next.remove();
    expect(await linkNow()).toEqual(net1);
  });

  test("another link that an earlier life muted is restored by an installation", async () => {
    await gate.install(target, undefined);
    kernel.putLink({ ...net1, index: 4, name: "net2" });
    await life().install({ ...target, linkName: "net2", linkIndex: 4 }, undefined);
    expect(await linkNow()).toEqual(net1);
  });

  test("muted for another Lease is left alone", async () => {
    await gate.install(target, undefined);
    const other = life("kube-system/other");
    expect(await other.read(target)).toMatchObject({ t: "damaged", what: expect.stringContaining(LEASE) });
    await expect(other.install(target, undefined)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
    expect(await other.remove()).toBe("missing");
    expect(await linkNow()).toMatchObject({ arpIgnore: 8, alias: MARK });
  });

  test("muted by somebody else without a mark is muted again when we are gone", async () => {
    kernel.putLink({ ...net1, arpIgnore: 8 });
    await gate.install(target, undefined);
    await gate.remove();
    expect(await linkNow()).toEqual({ ...net1, arpIgnore: 8 });
  });

  test("that is not there is not muted", async () => {
    await expect(gate.install({ ...target, linkIndex: 9 }, undefined)).rejects.toMatchObject({
      code: "KERNEL_REFUSED",
    });
  });
});

test("after the end nothing is answered, nothing told, and the kernel stays as it is", async () => {
  await gate.install(target, opening(1_000));
  gate.end();
  kernel.putLink({ ...net1, arpIgnore: 8, alias: MARK, mac: mac("02:00:00:00:00:33") });
  await settled();
  expect([answered(vip, own), changes]).toEqual([[], 0]);
  expect(await linkNow()).toMatchObject({ arpIgnore: 8, alias: MARK });
});
