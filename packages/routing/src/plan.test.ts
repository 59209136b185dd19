import { describe, expect, test } from "vitest";
import { type DesiredState, heldState, nothing, ownerOf, type Placement } from "./desired-state.ts";
import type { Address, Route, Rule } from "./model.ts";
import type { Observation } from "./observation.ts";
import { type Change, type Finding, plan } from "./plan.ts";
import { interfaceName, ip, prefix } from "./testing/index.ts";

const owner = ownerOf(77, interfaceName("net1"));
const placement: Placement = {
  vip: ip("10.100.0.100"),
  gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  linkIndex: 3,
  table: 1077,
  rulePriority: 1000,
  owner,
};
const held = heldState(placement);
const [subnetRoute, defaultRoute, unreachableRoute] = held.routes as readonly [Route, Route, Route];
const [rule] = held.rules as readonly [Rule];
const [address] = held.addresses as readonly [Address];

interface Seen {
  readonly addresses?: readonly Address[];
  readonly routes?: readonly Route[];
  readonly rules?: readonly Rule[];
  readonly incomplete?: keyof Observation;
}

function observation({ addresses = [], routes = [], rules = [], incomplete }: Seen): Observation {
  return {
    addresses: { complete: incomplete !== "addresses", items: addresses },
    routes: { complete: incomplete !== "routes", items: routes },
    rules: { complete: incomplete !== "rules", items: rules },
  };
}

function check(desired: DesiredState, seen: Seen, changes: readonly Change[], findings: readonly Finding[] = []): void {
  expect(plan(desired, observation(seen))).toEqual({ changes, findings });
}

const everything = { addresses: held.addresses, routes: held.routes, rules: held.rules };

test("on an empty host the routes come first, then the rule, and the address last", () => {
  check(held, {}, [
    { t: "put-route", route: subnetRoute },
    { t: "put-route", route: defaultRoute },
    { t: "put-route", route: unreachableRoute },
    { t: "add-rule", rule },
    { t: "put-address", address },
  ]);
});

test("where everything is right, nothing changes", () => {
  check(held, everything, []);
});

test("a stop takes the address first, then the rule, then the routes", () => {
  check(nothing(owner), everything, [
    { t: "delete-address", address },
    { t: "delete-rule", rule },
    { t: "delete-route", route: subnetRoute },
    { t: "delete-route", route: defaultRoute },
    { t: "delete-route", route: unreachableRoute },
  ]);
});

test("routes that a link lost by going down are put back", () => {
  check(held, { ...everything, routes: [unreachableRoute] }, [
    { t: "put-route", route: subnetRoute },
    { t: "put-route", route: defaultRoute },
  ]);
});

test("an address that would run out is made to stay", () => {
  check(held, { ...everything, addresses: [{ ...address, validSeconds: 12 }] }, [{ t: "put-address", address }]);
});

test("the IPv6 route to nowhere counts as there although the kernel shows it on the loopback link", () => {
  const held6 = heldState({
    ...placement,
    vip: ip("fd00::64"),
    gateway: { address: ip("fd00::1"), subnet: prefix("fd00::/64") },
  });
  const routes = held6.routes.map((route) => (route.type === "unreachable" ? { ...route, linkIndex: 1 } : route));
  check(held6, { addresses: held6.addresses, routes, rules: held6.rules }, []);
});

describe("leftovers of an earlier life", () => {
  test.each<[string, Address]>([
    ["with another prefix length", { ...address, prefixLength: 24 }],
    ["on another link", { ...address, linkIndex: 9 }],
    ["of another VIP", { ...address, address: ip("10.100.0.101") }],
    ["known by its label alone (before Linux 5.18)", { ...address, linkIndex: 9, protocol: undefined }],
  ])("an address %s goes, and routes are put again, since its going may have flushed them", (_, stale) => {
    check(held, { ...everything, addresses: [stale] }, [
      { t: "delete-address", address: stale },
      { t: "put-route", route: subnetRoute },
      { t: "put-route", route: defaultRoute },
      { t: "put-route", route: unreachableRoute },
      { t: "put-address", address },
    ]);
  });

  test.each<[string, Partial<Route>]>([
    ["via another gateway", { gateway: ip("10.100.0.2") }],
    ["on another link", { linkIndex: 9 }],
    ["of another scope", { scope: "link" }],
    ["to nowhere", { type: "unreachable", linkIndex: undefined, gateway: undefined }],
  ])("a default route %s goes before the right one comes", (_, difference) => {
    const stale = { ...defaultRoute, ...difference };
    check(held, { ...everything, routes: [subnetRoute, unreachableRoute, stale] }, [
      { t: "delete-route", route: stale },
      { t: "put-route", route: defaultRoute },
    ]);
  });

  test("a route in another table and a rule with another priority go", () => {
    const staleRoute = { ...defaultRoute, table: 500 };
    const staleRule = { ...rule, priority: 999 };
    check(held, { ...everything, routes: [...held.routes, staleRoute], rules: [rule, staleRule] }, [
      { t: "delete-rule", rule: staleRule },
      { t: "delete-route", route: staleRoute },
    ]);
  });
});

describe("what is not ours", () => {
  const foreignAddress = { ...address, address: ip("10.100.0.11"), protocol: undefined, label: "net1" };
  const foreign = {
    addresses: [
      foreignAddress,
      { ...foreignAddress, address: ip("10.100.0.12"), protocol: 5, label: owner.addressLabel },
    ],
    routes: [{ ...defaultRoute, protocol: 3, table: 254 }],
    rules: [{ ...rule, protocol: 0, priority: 32766, table: 254 }],
  };

  test("stays at a stop", () => {
    check(nothing(owner), foreign, []);
  });

  test("is left in place where a route does the same as ours", () => {
    check(held, { ...everything, routes: held.routes.map((route) => ({ ...route, protocol: 3 })) }, []);
  });

  test("is no replacement for our rule: the kernel keeps both", () => {
    check(held, { ...everything, rules: [{ ...rule, protocol: 0 }] }, [{ t: "add-rule", rule }]);
  });

  test.each([undefined, 5])("the VIP as an address of protocol %s forbids holding, and stays", (protocol) => {
    const squatter = { ...address, linkIndex: 2, prefixLength: 24, protocol, label: "eth0" };
    check(held, { addresses: [squatter] }, [], [{ t: "foreign-address", address: squatter }]);
  });

  test("a route where ours would be forbids holding: a replace would destroy it", () => {
    const squatter = { ...defaultRoute, gateway: ip("10.100.0.2"), protocol: 3 };
    check(held, { routes: [squatter] }, [], [{ t: "foreign-route", route: squatter }]);
  });
});

describe("an interrupted dump", () => {
  test.each(["addresses", "routes", "rules"] as const)("of %s builds nothing up", (dump) => {
    check(held, { incomplete: dump }, [], [{ t: "incomplete", dump }]);
  });

  test.each(["addresses", "routes", "rules"] as const)("of %s takes nothing down that is right", (dump) => {
    check(held, { ...everything, incomplete: dump }, [], [{ t: "incomplete", dump }]);
  });

  test("still shows what is certainly a leftover", () => {
    const stale = { ...address, linkIndex: 9 };
    const changes: readonly Change[] = [{ t: "delete-address", address: stale }];
    check(held, { addresses: [stale], incomplete: "addresses" }, changes, [{ t: "incomplete", dump: "addresses" }]);
  });
});
