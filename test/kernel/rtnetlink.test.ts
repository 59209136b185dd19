/** The rtnetlink adapter on a real kernel, every verb and dump against `ip -j`. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Kernel } from "../../packages/routing/src/kernel.ts";
import type { Address, Family, KernelEvent, Route, Rule } from "../../packages/routing/src/model.ts";
import { openRtNetlink } from "../../packages/routing/src/rtnetlink/rtnetlink.ts";
import { ip, prefix } from "../../packages/routing/src/testing/index.ts";
import { attempt, run } from "../bed/command.ts";
import { waitFor } from "../bed/wait.ts";

const LINK = "rtn0";
const PEER = "rtn1";
const TABLE = 1077;
const PROTOCOL = 77;
const SOON = { withinMs: 2_000, everyMs: 2 } as const;

let kernel: Kernel;
let linkIndex: number;

beforeAll(async () => {
  await shell(`ip link add name ${LINK} type veth peer name ${PEER}`);
  linkIndex = (await json("ip -j link show dev rtn0"))[0].ifindex;
});

beforeEach(async () => {
  kernel = await openRtNetlink();
  await shell(`ip link set dev ${LINK} up; ip link set dev ${PEER} up`);
});

afterEach(async () => {
  kernel.close();
  await shell(`ip addr flush dev ${LINK} scope global; ip neigh flush dev ${LINK}`);
  for (const family of [4, 6]) {
    await shell(
      `ip -${family} rule flush protocol ${PROTOCOL}; ip -${family} route flush table all protocol ${PROTOCOL}`,
    );
  }
});

afterAll(() => shell(`ip link del dev ${LINK}`));

async function shell(commands: string): Promise<void> {
  await run(["sh", "-ec", commands]);
}

// biome-ignore lint/suspicious/noExplicitAny: what iproute2 prints has no type.
async function json(command: string): Promise<any[]> {
  return JSON.parse((await run(command.split(" "))) || "[]");
}

const vip4 = (): Address => ({
  linkIndex,
  address: ip("10.100.0.100"),
  prefixLength: 32,
  validSeconds: undefined,
  protocol: PROTOCOL,
  label: `${LINK}:vckv`,
});
const vip6 = (): Address => ({ ...vip4(), address: ip("fd00:100::64"), prefixLength: 128, label: undefined });

const subnetRoute = (family: Family): Route => ({
  family,
  table: TABLE,
  protocol: PROTOCOL,
  type: "unicast",
  destination: prefix(family === 4 ? "10.100.0.0/24" : "fd00:100::/64"),
  gateway: undefined,
  linkIndex,
  scope: family === 4 ? "link" : "global",
  metric: family === 4 ? 0 : 1024,
});
const defaultRoute = (family: Family): Route => ({
  ...subnetRoute(family),
  destination: undefined,
  gateway: ip(family === 4 ? "10.100.0.1" : "fd00:100::1"),
  scope: "global",
});
const unreachableRoute = (family: Family): Route => ({
  ...defaultRoute(family),
  type: "unreachable",
  gateway: undefined,
  linkIndex: undefined,
  metric: 4278198272,
});
const rule = (family: Family): Rule => ({
  family,
  priority: 1000,
  source: prefix(family === 4 ? "10.100.0.100/32" : "fd00:100::64/128"),
  table: TABLE,
  protocol: PROTOCOL,
});

async function ours<T extends { readonly protocol: number | undefined }>(
  dump: Promise<{ readonly complete: boolean; readonly items: readonly T[] }>,
): Promise<readonly T[]> {
  const { complete, items } = await dump;
  expect(complete).toBe(true);
  return items.filter(({ protocol }) => protocol === PROTOCOL);
}

test("the links are those of `ip link`", async () => {
  await shell(`ip link set dev ${PEER} down mtu 1400`);
  const expected = (await json("ip -j -d link show")).map((link) => ({
    index: link.ifindex,
    name: link.ifname,
    mac: link.address?.length === 17 ? link.address : undefined,
    up: link.flags.includes("UP"),
    carrier: link.flags.includes("LOWER_UP"),
    mtuBytes: link.mtu,
    kind: link.linkinfo?.info_kind,
    alias: link.ifalias,
    arpIgnore: Number(readFileSync(`/proc/sys/net/ipv4/conf/${link.ifname}/arp_ignore`, "utf8")),
  }));
  const { complete, items } = await kernel.links();
  expect(items).toEqual(expected);
  expect(complete).toBe(true);
});

test("the addresses are those of `ip addr`", async () => {
  await shell(
    `ip addr add 192.0.2.7/24 dev ${LINK} valid_lft 300 preferred_lft 300; ip -6 addr add 2001:db8::7/64 dev ${LINK}`,
  );
  await kernel.replaceAddress(vip4());
  const expected = (await json("ip -j addr show")).flatMap(({ ifindex, addr_info }) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    addr_info.map((one: any) => ({
      linkIndex: ifindex,
      address: one.local,
      prefixLength: one.prefixlen,
      isForEver: one.valid_life_time === 4294967295,
      label: one.label,
    })),
  );
  const { items } = await kernel.addresses();
  const seen = items.map(({ validSeconds, protocol: _, ...rest }) => ({
    ...rest,
    isForEver: validSeconds === undefined,
  }));
  expect(new Set(seen)).toEqual(new Set(expected));
});

test.each([
  ["IPv4", vip4, ["deprecated", "noprefixroute"]],
  ["IPv6", vip6, ["deprecated", "noprefixroute", "nodad"]],
])("an %s VIP is there at once, marked ours, never a source by itself and without a route", async (_, vip, flags) => {
  expect(await kernel.replaceAddress(vip())).toBe("done");
  const [shown] = (await json(`ip -j addr show dev ${LINK} to ${vip().address}`)).flatMap(({ addr_info }) => addr_info);
  expect(shown).toMatchObject({ local: vip().address, prefixlen: vip().prefixLength, scope: "global" });
  expect(flags.filter((flag) => shown[flag] !== true)).toEqual([]);
  expect(shown.tentative).toBeUndefined();
  expect(await ours(kernel.addresses())).toEqual([vip()]);
  expect(await json("ip -j route show table main")).toEqual([]);
  expect(await kernel.deleteAddress(vip())).toBe("done");
  expect(await kernel.deleteAddress(vip())).toBe("missing");
});

test("a VIP for a while runs out by itself, and a replace makes it last", async () => {
  expect(await kernel.replaceAddress({ ...vip4(), validSeconds: 60 })).toBe("done");
  expect(await kernel.replaceAddress({ ...vip6(), validSeconds: 1 })).toBe("done");
  expect((await ours(kernel.addresses())).map(({ validSeconds }) => validSeconds)).toEqual([60, 1]);
  expect(await kernel.replaceAddress(vip4())).toBe("done");
  // The kernel is up to 1.25 s late.
  await waitFor("the end of the IPv6 address", async () => (await ours(kernel.addresses())).length === 1 || undefined, {
    withinMs: 4_000,
    everyMs: 50,
  });
  expect(await ours(kernel.addresses())).toEqual([vip4()]);
});

test("a VIP on a link that is not there is missing", async () => {
  for (const vip of [vip4(), vip6()]) {
    expect(await kernel.replaceAddress({ ...vip, linkIndex: 4_000_000 })).toBe("missing");
    expect(await kernel.deleteAddress({ ...vip, linkIndex: 4_000_000 })).toBe("missing");
  }
});

/** In the words of `ip -j route show table T`. */
function asShown({ type, destination, gateway, linkIndex: index, metric }: Route): object {
  return {
    ...(type === "unreachable" ? { type } : {}),
    dst: destination ?? "default",
    ...(gateway === undefined ? {} : { gateway }),
    ...(index === linkIndex ? { dev: LINK } : {}),
    ...(metric === 0 ? {} : { metric }),
    protocol: String(PROTOCOL),
  };
}

test.each<Family>([4, 6])("IPv%i routes are made, seen by `ip route`, read back and deleted", async (family) => {
  const routes = [subnetRoute(family), defaultRoute(family), unreachableRoute(family)];
  for (const route of routes) expect(await kernel.replaceRoute(route)).toBe("done");
  for (const route of routes) expect(await kernel.replaceRoute(route)).toBe("done");
  const shown = await json(`ip -j -${family} route show table ${TABLE}`);
  expect(shown).toHaveLength(3);
  for (const route of routes) expect(shown).toContainEqual(expect.objectContaining(asShown(route)));
  const read = await ours(kernel.routes(family));
  // The kernel hangs IPv6 routes to nowhere on the loopback link.
  const asRead = routes.map((route) =>
    family === 6 && route.type === "unreachable" ? { ...route, linkIndex: 1 } : route,
  );
  expect(new Set(read)).toEqual(new Set(asRead));
  for (const route of read) expect(await kernel.deleteRoute(route)).toBe("done");
  for (const route of read) expect(await kernel.deleteRoute(route)).toBe("missing");
  expect(await ours(kernel.routes(family))).toEqual([]);
});

test.each<Family>([4, 6])("IPv%i routes of all tables are those of `ip route`", async (family) => {
  await kernel.replaceAddress(family === 4 ? vip4() : vip6());
  for (const route of [subnetRoute(family), { ...subnetRoute(family), table: 7 }]) await kernel.replaceRoute(route);
  const shown = (await json(`ip -j -d -${family} route show table all`))
    .filter(({ type }) => type === "unicast" || type === "unreachable")
    .map(({ dst, table, dev, protocol }) => [dst, table ?? "main", dev, protocol].join(" "));
  const names = new Map((await kernel.links()).items.map(({ index, name }) => [index, name]));
  const tables = new Map([
    [254, "main"],
    [255, "local"],
  ]);
  const protocols = new Map([[2, "kernel"]]);
  const read = (await kernel.routes(family)).items.map((route) =>
    [
      route.destination ?? "default",
      tables.get(route.table) ?? route.table,
      names.get(route.linkIndex ?? 0),
      protocols.get(route.protocol) ?? route.protocol,
    ].join(" "),
  );
  expect(read.sort()).toEqual(shown.sort());
});

test("a route that the kernel refuses is an error in the kernel's words, with what to do", async () => {
  await expect(kernel.replaceRoute(defaultRoute(4))).rejects.toMatchObject({
    code: "GATEWAY_UNREACHABLE",
    message: expect.stringContaining("via 10.100.0.1 on link"),
  });
  await expect(kernel.replaceRoute(defaultRoute(4))).rejects.toThrow("Nexthop has invalid gateway");
  await shell(`ip link set dev ${LINK} down`);
  await expect(kernel.replaceRoute(subnetRoute(4))).rejects.toMatchObject({ code: "LINK_DOWN" });
  await expect(kernel.replaceRoute(subnetRoute(6))).rejects.toMatchObject({ code: "LINK_DOWN" });
});

test.each<Family>([4, 6])("an IPv%i rule is made once, seen by `ip rule`, read back and deleted", async (family) => {
  expect(await kernel.addRule(rule(family))).toBe("done");
  expect(await kernel.addRule(rule(family))).toBe("exists");
  const shown = (await json(`ip -j -d -${family} rule show`)).filter(({ priority }) => priority === 1000);
  expect(shown).toEqual([
    expect.objectContaining({ src: rule(family).source?.split("/")[0], table: String(TABLE), protocol: "77" }),
  ]);
  expect(await ours(kernel.rules(family))).toEqual([rule(family)]);
  expect(await kernel.deleteRule(rule(family))).toBe("done");
  expect(await kernel.deleteRule(rule(family))).toBe("missing");
});

test("rules are those of `ip rule`, but for the ones that select by more than a source", async () => {
  await shell(`
    ip rule add pref 1001 iif ${LINK} lookup 7 protocol ${PROTOCOL}
    ip rule add pref 1002 not from 10.0.0.1 lookup 7 protocol ${PROTOCOL}
    ip rule add pref 1003 fwmark 5 lookup 7 protocol ${PROTOCOL}
    ip rule add pref 1004 blackhole protocol ${PROTOCOL}
    ip rule add pref 1005 lookup 7 suppress_prefixlength 0 protocol ${PROTOCOL}
    ip rule add pref 1006 from 10.0.0.0/8 lookup 7 protocol ${PROTOCOL}
  `);
  const priorities = (await kernel.rules(4)).items.map(({ priority }) => priority);
  expect(priorities).toEqual([0, 1006, 32766, 32767]);
});

test("every change is told, by whomever", async () => {
  const events: KernelEvent[] = [];
  await kernel.subscribe((event) => events.push(event));
  await kernel.replaceAddress(vip4());
  await kernel.replaceRoute(subnetRoute(4));
  await kernel.addRule(rule(4));
  await shell(`
    ip rule del pref 1000
    ip route del 10.100.0.0/24 table ${TABLE}
    ip addr del 10.100.0.100/32 dev ${LINK}
    ip link set dev ${PEER} down
    ip link add name rtn9 type veth peer name rtn8
    ip link del dev rtn9
  `);
  const expected: KernelEvent[] = [
    { t: "address", address: vip4() },
    { t: "route-changed", route: subnetRoute(4) },
    { t: "rule-changed", rule: rule(4) },
    { t: "rule-removed", rule: rule(4) },
    { t: "route-removed", route: subnetRoute(4) },
    { t: "address-removed", address: vip4() },
  ];
  await waitFor(
    "the end of rtn9",
    () => events.find((event) => event.t === "link-removed" && event.name === "rtn9"),
    SOON,
  );
  expect(events.filter(({ t }) => !t.startsWith("link"))).toEqual(expect.arrayContaining(expected));
  // The kernel tells of a carrier at its leisure, at most once a second (linkwatch).
  const isLost = (event: KernelEvent) => event.t === "link" && event.link.index === linkIndex && !event.link.carrier;
  await waitFor("the loss of the carrier", () => events.find(isLost), SOON);
});

test("events that were lost are said to be, and the next ones come", async () => {
  const events: KernelEvent[] = [];
  await kernel.subscribe((event) => events.push(event));
  const churn = "addr add 192.0.2.9/32 dev rtn0\naddr del 192.0.2.9/32 dev rtn0\n".repeat(3_000);
  // Blocks this process, as a freezer would, while the kernel goes on telling.
  execFileSync("ip", ["-batch", "-"], { input: churn });
  await waitFor("the overrun", () => events.find(({ t }) => t === "overrun"), SOON);
  expect((await kernel.addresses()).items.some(({ address }) => address === "192.0.2.9")).toBe(false);
  await kernel.replaceAddress(vip4());
  await waitFor(
    "the next event",
    () => events.find((event) => event.t === "address" && event.address.protocol === PROTOCOL),
    SOON,
  );
});

test("a hundred requests at once are answered, each with its own answer", async () => {
  const rules = Array.from({ length: 50 }, (_, index): Rule => ({ ...rule(4), priority: 2000 + index }));
  const added = rules.map((one) => kernel.addRule(one));
  const again = rules.map((one) => kernel.addRule(one));
  const [done, exists, dump] = await Promise.all([Promise.all(added), Promise.all(again), kernel.rules(4)]);
  expect(new Set(done)).toEqual(new Set(["done"]));
  expect(new Set(exists)).toEqual(new Set(["exists"]));
  expect(dump.items.filter(({ protocol }) => protocol === PROTOCOL)).toEqual(rules);
});

test("a table of ten thousand routes is read whole", async () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, index) =>
      `route add 172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) * 16}/28 dev ${LINK} table 99 proto ${PROTOCOL}`,
  );
  await run(["ip", "-batch", "-"], { input: lines.join("\n") });
  const read = await ours(kernel.routes(4));
  expect(new Set(read.map(({ destination }) => destination)).size).toBe(10_000);
});

test("a dump of a table that changes all the while is whole, or says that it is not", async () => {
  const churn = `addr add 192.0.2.9/32 dev ${LINK}\naddr del 192.0.2.9/32 dev ${LINK}\n`.repeat(4_000);
  const fixed = Array.from(
    { length: 300 },
    (_, index) => `addr add 198.18.${index >> 8}.${index & 255}/32 dev ${LINK}`,
  );
  await run(["ip", "-batch", "-"], { input: fixed.join("\n") });
  let busy = true;
  const churning = run(["ip", "-batch", "-"], { input: churn }).finally(() => {
    busy = false;
  });
  let dumps = 0;
  while (busy) {
    const { complete, items } = await kernel.addresses();
    // The answer came without a turn of the event loop, on which the end of the churning waits.
    await turn();
    dumps += 1;
    if (complete) expect(items.filter(({ address }) => address.startsWith("198.18.")).length).toBe(300);
  }
  await churning;
  expect(dumps).toBeGreaterThan(10);
});

test("after close, requests end and no event comes", async () => {
  const events: KernelEvent[] = [];
  await kernel.subscribe((event) => events.push(event));
  const answeredAtOnce = kernel.replaceAddress(vip4());
  kernel.close();
  expect(await answeredAtOnce).toBe("done");
  await expect(kernel.links()).rejects.toMatchObject({ code: "KERNEL_CLOSED" });
  await shell(`ip addr add 192.0.2.8/32 dev ${LINK}`);
  expect(events).toEqual([]);
});

test("without NET_ADMIN reading works, and the error says what to grant", async () => {
  const source = `
    const { openRtNetlink } = await import(${JSON.stringify(new URL("../../packages/routing/src/rtnetlink/rtnetlink.ts", import.meta.url))});
    const kernel = await openRtNetlink();
    console.log((await kernel.links()).items.length > 0);
    await kernel.replaceAddress(${JSON.stringify(vip4())}).catch(({ message }) => console.log(message));
  `;
  const node = [process.execPath, "--input-type=module", "-e", source];
  const { stdout } = await attempt(["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", ...node]);
  expect(stdout).toBe(
    `true\nKERNEL_PERMISSION: cannot add 10.100.0.100/32 to link ${linkIndex}: EPERM. Grant NET_ADMIN to the container.\n`,
  );
});
