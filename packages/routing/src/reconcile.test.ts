import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DesiredState,
  gateTargetOf,
  heldState,
  nothing,
  ownerOf,
  type Placement,
  preparedState,
} from "./desired-state.ts";
import type { Hold, Permit } from "./hold.ts";
import type { Address, Link, Route, Rule } from "./model.ts";
import { type Observation, observe } from "./observation.ts";
import { reconcile } from "./reconcile.ts";
import {
  interfaceName,
  ip,
  MemoryClock,
  MemoryGate,
  MemoryKernel,
  MemorySockets,
  mac,
  prefix,
} from "./testing/index.ts";
import { familyOf } from "./values/ip-address.ts";

const owner = ownerOf(77, interfaceName("net1"));
const ipv4: Placement = {
  vip: ip("10.100.0.100"),
  gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  linkName: interfaceName("net1"),
  linkIndex: 3,
  lease: "kube-system/vcluster-kube-vip",
  table: 1077,
  rulePriority: 1000,
  owner,
};
const ipv6: Placement = {
  ...ipv4,
  vip: ip("fd00:100::64"),
  gateway: { address: ip("fd00:100::1"), subnet: prefix("fd00:100::/64") },
};
const placements = [ipv4, ipv6, { ...ipv4, gateway: undefined }];

function link(index: number, name: string): Link {
  return { index, name, mac: mac(`02:00:00:00:00:0${index}`), up: true, carrier: true, mtuBytes: 1500, kind: "veth" };
}

/** A kernel with its gate, and a hold that lasts as long as no time passes. */
interface Host {
  readonly kernel: MemoryKernel;
  readonly gate: MemoryGate;
  readonly sockets: MemorySockets;
  readonly permit: Permit;
}

function host(): Host {
  const clock = new MemoryClock();
  const hold: Hold = {
    holderIdentity: "a",
    deadlineMs: clock.nowMs() + 4_750,
    exclusiveUntilMs: clock.nowMs() + 4_800,
  };
  const permit: Permit = { hold: () => hold, clock };
  const gate = new MemoryGate(clock, "kube-system/vcluster-kube-vip");
  return { kernel: new MemoryKernel(), gate, sockets: new MemorySockets(), permit };
}

/** Of 4.8 s. */
const VALID_SECONDS = 3;

/** Like ours, or nearly: what an earlier life with other settings leaves behind. */
const leftoverAddress: fc.Arbitrary<Address> = fc
  .record({
    linkIndex: fc.constantFrom(2, 3),
    address: fc.constantFrom(ip("10.100.0.100"), ip("10.100.0.101"), ip("fd00:100::64")),
    prefixLength: fc.constantFrom(24, 32, 128),
    validSeconds: fc.constantFrom(undefined, 5),
    protocol: fc.constant(77),
    label: fc.constant(undefined),
  })
  .filter(({ address, prefixLength }) => (familyOf(address) === 6) === (prefixLength === 128) || prefixLength === 24);

function route(protocol: number, tables: readonly number[], links: readonly number[]): fc.Arbitrary<Route> {
  return fc
    .record({
      family: fc.constantFrom(4, 6),
      table: fc.constantFrom(...tables),
      type: fc.constantFrom("unicast", "unreachable"),
      toSubnet: fc.boolean(),
      linkIndex: fc.constantFrom(...links),
      metric: fc.constantFrom(0, 1024, 4278198272),
    })
    .map(({ toSubnet, ...fields }): Route => {
      const subnet = fields.family === 4 ? prefix("10.100.0.0/24") : prefix("fd00:100::/64");
      const linkIndex = fields.type === "unicast" ? fields.linkIndex : undefined;
      const destination = toSubnet ? subnet : undefined;
      return { ...fields, linkIndex, destination, protocol, gateway: undefined, scope: "global" };
    });
}

function rule(protocol: number, priorities: readonly number[]): fc.Arbitrary<Rule> {
  return fc.record({
    family: fc.constantFrom(4, 6),
    priority: fc.constantFrom(...priorities),
    source: fc.constantFrom(undefined, prefix("10.100.0.100/32"), prefix("fd00:100::64/128")),
    table: fc.constantFrom(1077, 500),
    protocol: fc.constant(protocol),
  });
}

const foreignAddress = {
  prefixLength: 24,
  validSeconds: undefined,
  protocol: undefined,
  label: "net1",
};

/** net1 has an address by IPAM, or none (then the kernel flushes foreign routes of net1 with our address, too). */
const world = fc.record({
  ipam: fc.boolean(),
  addresses: fc.array(leftoverAddress, { maxLength: 4 }),
  routes: fc.array(route(77, [1077, 500, 254], [2, 3]), { maxLength: 6 }),
  rules: fc.array(rule(77, [1000, 999]), { maxLength: 4 }),
  foreignRoutes: fc.array(route(3, [254, 600], [2]), { maxLength: 4 }),
  foreignRoutesOfNet1: fc.array(route(3, [700], [3]), { maxLength: 2 }),
  foreignRules: fc.array(rule(0, [500, 32766]), { maxLength: 3 }),
  right: fc.record({ routes: fc.nat({ max: 3 }), rules: fc.nat({ max: 1 }), addresses: fc.nat({ max: 1 }) }),
  gate: fc.constantFrom("absent", "closed", "open"),
  placement: fc.constantFrom(...placements),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const LEFT_OPEN = { holderIdentity: "b", untilWallMs: 1_800_000_003_000, timeoutMs: 3_000 };

async function build(given: World): Promise<{ here: Host; foreign: Observation }> {
  const here = host();
  const { kernel, gate } = here;
  kernel.putLink(link(2, "eth0"));
  kernel.putLink(link(3, "net1"));
  await kernel.replaceAddress({ ...foreignAddress, linkIndex: 2, address: ip("10.64.0.9") });
  if (given.ipam) {
    await kernel.replaceAddress({ ...foreignAddress, linkIndex: 3, address: ip("10.100.0.11") });
    for (const foreign of given.foreignRoutesOfNet1) await kernel.replaceRoute(foreign);
  }
  for (const foreign of given.foreignRoutes) await kernel.replaceRoute(foreign);
  for (const foreign of given.foreignRules) await kernel.addRule(foreign);
  const foreign = await observe(here, undefined);

  const taken = new Set(foreign.routes.items.map(routeKey));
  const leftovers = given.routes.filter((stale) => !taken.has(routeKey(stale)));
  for (const address of given.addresses) await kernel.replaceAddress(address);
  for (const stale of leftovers) await kernel.replaceRoute(stale);
  for (const stale of given.rules) await kernel.addRule(stale);
  const held = heldState(given.placement, "take");
  for (const wanted of held.routes.slice(0, given.right.routes)) await kernel.replaceRoute(wanted);
  for (const wanted of held.rules.slice(0, given.right.rules)) await kernel.addRule(wanted);
  for (const wanted of held.addresses.slice(0, given.right.addresses)) await kernel.replaceAddress(wanted);
  const target = gateTargetOf(given.placement);
  if (given.gate !== "absent") await gate.install(target, given.gate === "open" ? LEFT_OPEN : undefined);
  return { here, foreign };
}

function routeKey({ family, table, destination, metric }: Route): string {
  return JSON.stringify([family, table, destination, metric]);
}

/** Neither order matters nor the label, by which nothing is routed. */
function sorted({ addresses, routes, rules }: Observation): readonly string[] {
  return [...addresses.items, ...routes.items, ...rules.items]
    .map((item) => JSON.stringify(Object.entries({ ...item, label: undefined }).sort()))
    .sort();
}

async function checkReaches(given: World, desired: DesiredState): Promise<void> {
  const { here, foreign } = await build(given);
  expect(await reconcile(here, desired, here.permit)).toMatchObject({ applied: { t: "done" }, findings: [] });
  const expected = {
    addresses: { complete: true, items: [...foreign.addresses.items, ...desired.addresses.map(timed)] },
    routes: { complete: true, items: [...foreign.routes.items, ...desired.routes] },
    rules: { complete: true, items: [...foreign.rules.items, ...desired.rules] },
    gate: undefined,
  };
  expect(sorted(await observe(here, undefined))).toEqual(sorted(expected));
  const { gate } = await observe(here, gateTargetOf(given.placement));
  expect(gate?.t).toBe(desired.gate.t === "none" ? "absent" : desired.gate.t);
}

function timed(address: Address): Address {
  return { ...address, validSeconds: VALID_SECONDS };
}

test("from any leftovers one look reaches what is desired, and what is foreign stays", async () => {
  await fc.assert(
    fc.asyncProperty(world, (given) => checkReaches(given, heldState(given.placement, "take"))),
    { numRuns: 500 },
  );
});

test("from any leftovers a standby gets ready without the address", async () => {
  await fc.assert(fc.asyncProperty(world, (given) => checkReaches(given, preparedState(given.placement))));
});

test("from any state a sweep leaves exactly what is foreign", async () => {
  await fc.assert(
    fc.asyncProperty(world, (given) => checkReaches(given, nothing(owner, gateTargetOf(given.placement)))),
    { numRuns: 500 },
  );
});

test.each([
  ["IPv4", ipv4],
  ["IPv6", ipv6],
])("after its link went down and up, an %s VIP is whole again", async (_, placement) => {
  const here = host();
  const { kernel, permit } = here;
  kernel.putLink(link(3, "net1"));
  const held = heldState(placement, "take");
  await reconcile(here, held, permit);
  kernel.putLink({ ...link(3, "net1"), up: false });
  const whileDown = await reconcile(here, held, permit);
  expect(whileDown.applied).toMatchObject({ t: "failed", failures: [{ cause: { code: "LINK_DOWN" } }] });
  kernel.putLink(link(3, "net1"));
  await reconcile(here, held, permit);
  const { addresses, routes, rules } = await observe(here, undefined);
  expect([...addresses.items, ...rules.items]).toEqual([...held.addresses.map(timed), ...held.rules]);
  expect(new Set(routes.items)).toEqual(new Set(held.routes));
});

test("an interrupted dump is read again", async () => {
  const here = host();
  const { kernel, permit } = here;
  kernel.putLink(link(3, "net1"));
  kernel.interrupt("routes", 3);
  expect(await reconcile(here, heldState(ipv4, "take"), permit)).toMatchObject({
    applied: { t: "done" },
    findings: [],
  });
  expect((await kernel.addresses()).items).toEqual(heldState(ipv4, "take").addresses.map(timed));
});

test("a kernel that is never seen whole is given up after five looks, with nothing built", async () => {
  const here = host();
  const { kernel, permit } = here;
  kernel.putLink(link(3, "net1"));
  kernel.interrupt("addresses", 99);
  const { findings } = await reconcile(here, heldState(ipv4, "take"), permit);
  expect(findings).toEqual([{ t: "incomplete", dump: "addresses" }]);
  expect(kernel.calls).toEqual([]);
});

test("what was changed is told, of every look; of a kernel that is right, nothing", async () => {
  const here = host();
  const { kernel, permit } = here;
  kernel.putLink(link(3, "net1"));
  const [stale] = heldState({ ...ipv4, vip: ip("10.100.0.99") }, "take").addresses;
  if (stale === undefined) throw new TypeError("no address");
  await kernel.replaceAddress(stale);
  kernel.interrupt("rules", 1);
  const held = heldState({ ...ipv4, gateway: undefined }, "take");
  const { changes } = await reconcile(here, held, permit);
  expect(changes.map(({ t }) => t)).toEqual(["destroy-sockets", "delete-address", "install-open-gate", "put-address"]);
  const kept = heldState({ ...ipv4, gateway: undefined }, "keep");
  expect((await reconcile(here, kept, permit)).changes).toEqual([]);
});
