import { expect, test } from "vitest";
import { resolveNextHops } from "./next-hops.ts";
import { ip, MemoryKernel, MemorySockets, mac, prefix } from "./testing/index.ts";

const vip = ip("10.100.0.100");
const gateway = ip("10.100.0.1");
const worker = ip("10.100.0.50");
const far = ip("10.200.0.50");
const MAC = mac("02:00:00:00:00:99");

/** The VIP on net1 with its table: the subnet on the link, all else by the gateway. Everybody answers who is asked. */
async function holder(answering = new Map([gateway, worker].map((address) => [address, MAC]))) {
  const kernel = new MemoryKernel();
  const sockets = new MemorySockets(kernel);
  kernel.putLink({ index: 3, name: "net1", mac: MAC, up: true, carrier: true, mtuBytes: 1500, kind: "veth" });
  kernel.setSegment(answering);
  const address = { linkIndex: 3, address: vip, prefixLength: 32, validSeconds: 9, protocol: 77, label: undefined };
  await kernel.replaceAddress(address);
  const route = { family: 4, table: 1077, protocol: 77, type: "unicast", linkIndex: 3, metric: 0 } as const;
  const subnet = prefix("10.100.0.0/24");
  await kernel.replaceRoute({ ...route, destination: subnet, gateway: undefined, scope: "link" });
  await kernel.replaceRoute({ ...route, destination: undefined, gateway, scope: "global" });
  await kernel.addRule({ family: 4, priority: 1000, source: prefix(`${vip}/32`), table: 1077, protocol: 77 });
  const connect = (remoteAddress: typeof vip, remotePort: number) =>
    sockets.connect(vip, { localPort: 8443, remoteAddress, remotePort, state: "established" });
  return { kernel, sockets, connect, address };
}

test("every next hop is asked for once: neighbours themselves, and the gateway of those behind it", async () => {
  const { kernel, sockets, connect } = await holder();
  connect(worker, 40001);
  connect(worker, 40002);
  connect(far, 40003);
  connect(ip("10.200.0.51"), 40004);
  expect(await resolveNextHops(kernel, sockets, vip)).toEqual([worker, gateway]);
  expect(await resolveNextHops(kernel, sockets, vip)).toEqual([]);
  expect(await sockets.destroy(vip)).toBe(4);
  expect(sockets.hanging).toEqual([]);
});

test("who does not answer is told of each time, and its reset does not leave", async () => {
  const { kernel, sockets, connect } = await holder(new Map([[worker, MAC]]));
  connect(worker, 40001);
  connect(far, 40002);
  await resolveNextHops(kernel, sockets, vip);
  expect(await resolveNextHops(kernel, sockets, vip)).toEqual([gateway]);
  await sockets.destroy(vip);
  expect(sockets.reset).toMatchObject([{ remotePort: 40001 }]);
  expect(sockets.hanging).toMatchObject([{ remotePort: 40002 }]);
});

test("sockets destroyed after the address was deleted leave their peers hanging", async () => {
  const { kernel, sockets, connect, address } = await holder();
  connect(worker, 40001);
  await resolveNextHops(kernel, sockets, vip);
  await kernel.deleteAddress(address);
  await sockets.destroy(vip);
  expect(sockets.hanging).toMatchObject([{ remotePort: 40001 }]);
});

test("of very many peers the first 512 are asked for", async () => {
  const { kernel, sockets, connect } = await holder(new Map());
  for (let peer = 0; peer < 600; peer += 1) connect(ip(`10.100.${peer >> 8}.${peer & 255}`), 40001);
  // Those of 10.100.0.0/24 except the VIP itself, and the gateway of all others, which is one of them.
  expect(await resolveNextHops(kernel, sockets, vip)).toHaveLength(255);
});

test("without connections nobody is asked", async () => {
  const { kernel, sockets } = await holder();
  expect(await resolveNextHops(kernel, sockets, vip)).toEqual([]);
  expect(kernel.calls).not.toContain("resolve");
});
