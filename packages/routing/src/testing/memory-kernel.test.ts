import { expect, test } from "vitest";
import { heldState, ownerOf, type Placement } from "../desired-state.ts";
import type { KernelEvent, Link } from "../model.ts";
import { interfaceName, ip, MemoryKernel, mac, prefix } from "./index.ts";

const net1: Link = {
  index: 3,
  name: "net1",
  mac: mac("02:00:00:00:00:03"),
  up: true,
  carrier: true,
  mtuBytes: 1500,
  kind: "veth",
};
const ipv4: Placement = {
  vip: ip("10.100.0.100"),
  gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  linkName: interfaceName("net1"),
  linkIndex: 3,
  lease: "kube-system/vcluster-kube-vip",
  table: 1077,
  rulePriority: 1000,
  owner: ownerOf(77, interfaceName("net1")),
};
const ipv6: Placement = {
  ...ipv4,
  vip: ip("fd00:100::64"),
  gateway: { address: ip("fd00:100::1"), subnet: prefix("fd00:100::/64") },
};

/** A kernel that holds both VIPs, and the events from then on. */
async function holder(): Promise<{ kernel: MemoryKernel; events: KernelEvent["t"][] }> {
  const kernel = new MemoryKernel();
  kernel.putLink(net1);
  const states = [heldState(ipv4, "take"), heldState(ipv6, "take")];
  for (const { routes, rules, addresses } of states) {
    for (const route of routes) await kernel.replaceRoute(route);
    for (const rule of rules) await kernel.addRule(rule);
    for (const address of addresses) await kernel.replaceAddress(address);
  }
  const events: KernelEvent["t"][] = [];
  await kernel.subscribe((event) => events.push(event.t));
  return { kernel, events };
}

/** What is there, in short: addresses, devices of routes, number of rules. */
async function check(kernel: MemoryKernel, expected: readonly unknown[]): Promise<void> {
  const addresses = (await kernel.addresses()).items.map(({ address }) => address);
  const devices = async (family: 4 | 6) => (await kernel.routes(family)).items.map(({ linkIndex }) => linkIndex);
  const rules = (await kernel.rules(4)).items.length + (await kernel.rules(6)).items.length;
  expect([addresses, await devices(4), await devices(6), rules]).toEqual(expected);
}

test("a link that goes down keeps its IPv4 address and the rules, and loses the rest", async () => {
  const { kernel, events } = await holder();
  kernel.putLink({ ...net1, up: false });
  await check(kernel, [["10.100.0.100"], [undefined], [undefined], 2]);
  expect(events).toEqual(["link", "route-removed", "route-removed", "address-removed"]);
});

test("a link that comes up again does not bring its routes back", async () => {
  const { kernel } = await holder();
  kernel.putLink({ ...net1, up: false });
  kernel.putLink(net1);
  await check(kernel, [["10.100.0.100"], [undefined], [undefined], 2]);
});

test("a link without carrier keeps everything", async () => {
  const { kernel, events } = await holder();
  kernel.putLink({ ...net1, carrier: false });
  await check(kernel, [["10.100.0.100", "fd00:100::64"], [3, 3, undefined], [3, 3, undefined], 2]);
  expect(events).toEqual(["link"]);
});

test("a deleted link takes addresses and routes with it, but neither rules nor routes to nowhere", async () => {
  const { kernel } = await holder();
  kernel.removeLink(3);
  await check(kernel, [[], [undefined], [undefined], 2]);
});

test("with its last IPv4 address a link loses its IPv4 routes, without an event", async () => {
  const { kernel, events } = await holder();
  for (const address of heldState(ipv4, "take").addresses) await kernel.deleteAddress(address);
  await check(kernel, [["fd00:100::64"], [undefined], [3, 3, undefined], 2]);
  expect(events).toEqual(["address-removed"]);
});

test("with another IPv4 address on it a link keeps its routes", async () => {
  const { kernel } = await holder();
  const [vip] = heldState(ipv4, "take").addresses;
  if (vip === undefined) throw new TypeError("no VIP");
  await kernel.replaceAddress({ ...vip, address: ip("10.100.0.11") });
  await kernel.deleteAddress(vip);
  await check(kernel, [["fd00:100::64", "10.100.0.11"], [3, 3, undefined], [3, 3, undefined], 2]);
});

test("a gateway that no route leads to is refused", async () => {
  const kernel = new MemoryKernel();
  kernel.putLink(net1);
  const viaGateway = heldState(ipv4, "take").routes.filter(({ gateway }) => gateway !== undefined);
  for (const route of viaGateway) {
    await expect(kernel.replaceRoute(route)).rejects.toMatchObject({ code: "GATEWAY_UNREACHABLE" });
  }
});

test("a second identical rule exists already; one of another protocol is another rule", async () => {
  const { kernel } = await holder();
  const again = heldState(ipv4, "take").rules;
  const twins = again.map((rule) => ({ ...rule, protocol: 5 }));
  const outcomes = await Promise.all([...again, ...twins].map((rule) => kernel.addRule(rule)));
  expect(outcomes).toEqual(["exists", "done"]);
  expect(await Promise.all(again.map((rule) => kernel.deleteRule(rule)))).toEqual(["done"]);
  expect((await kernel.rules(4)).items).toEqual(twins);
});

test("a replace keeps the prefix length of an IPv6 address, by which alone it can be deleted", async () => {
  const { kernel } = await holder();
  const [vip] = heldState(ipv6, "take").addresses;
  if (vip === undefined) throw new TypeError("no VIP");
  expect(await kernel.replaceAddress({ ...vip, prefixLength: 64 })).toBe("done");
  expect(await kernel.deleteAddress({ ...vip, prefixLength: 64 })).toBe("missing");
  expect(await kernel.deleteAddress(vip)).toBe("done");
});

test("a link keeps what was set of its ARP, and tells of it", async () => {
  const { kernel, events } = await holder();
  expect(await kernel.setArp({ linkIndex: 3, arpIgnore: 8, alias: "muted" })).toBe("done");
  expect((await kernel.links()).items).toEqual([{ ...net1, arpIgnore: 8, alias: "muted" }]);
  expect(events).toEqual(["link"]);
  expect(await kernel.setArp({ linkIndex: 4, arpIgnore: 8, alias: undefined })).toBe("missing");
});

test("an interrupted dump is short and says so, once", async () => {
  const { kernel } = await holder();
  kernel.interrupt("addresses");
  expect(await kernel.addresses()).toMatchObject({ complete: false, items: [{ address: "10.100.0.100" }] });
  expect((await kernel.addresses()).complete).toBe(true);
});

test("after close every request is refused", async () => {
  const { kernel } = await holder();
  kernel.close();
  await expect(kernel.links()).rejects.toMatchObject({ code: "KERNEL_CLOSED" });
});
