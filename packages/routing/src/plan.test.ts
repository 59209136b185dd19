import { describe, expect, test } from "vitest";
import {
  type DesiredState,
  gateTargetOf,
  heldState,
  nothing,
  ownerOf,
  type Placement,
  preparedState,
} from "./desired-state.ts";
import type { GateReading } from "./gate.ts";
import type { Address, Route, Rule } from "./model.ts";
import type { Observation } from "./observation.ts";
import {
  type Change,
  type Finding,
  mutingOf,
  plan,
  renewalOf,
  shorteningOf,
  takeoverOf,
  withdrawalOf,
} from "./plan.ts";
import { interfaceName, ip, prefix } from "./testing/index.ts";

const owner = ownerOf(77, interfaceName("net1"));
const placement: Placement = {
  vip: ip("10.100.0.100"),
  gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  linkName: interfaceName("net1"),
  linkIndex: 3,
  lease: "kube-system/vcluster-kube-vip",
  table: 1077,
  rulePriority: 1000,
  owner,
};
const target = gateTargetOf(placement);
const { lease } = placement;
const taking = heldState(placement, "take");
/** What a holder's kernel is held to while nothing was confirmed anew. */
const held = heldState(placement, "keep");
const [subnetRoute, defaultRoute, unreachableRoute] = held.routes as readonly [Route, Route, Route];
const [rule] = held.rules as readonly [Rule];
const [address] = held.addresses as readonly [Address];
/** As the kernel reports it, some seconds later. */
const seenAddress: Address = { ...address, validSeconds: 12 };

const opening = { holderIdentity: "a", untilWallMs: 1_800_000_000_000, timeoutMs: 4_000 };
const OPEN: GateReading = { t: "open", lease, opening };
const CLOSED: GateReading = { t: "closed", lease };
const ABSENT: GateReading = { t: "absent" };
const DAMAGED: GateReading = { t: "damaged", what: "its link was made again" };

interface Seen {
  readonly addresses?: readonly Address[];
  readonly routes?: readonly Route[];
  readonly rules?: readonly Rule[];
  readonly gate?: GateReading;
  readonly incomplete?: "addresses" | "routes" | "rules";
}

function observation({ addresses = [], routes = [], rules = [], gate = OPEN, incomplete }: Seen): Observation {
  return {
    addresses: { complete: incomplete !== "addresses", items: addresses },
    routes: { complete: incomplete !== "routes", items: routes },
    rules: { complete: incomplete !== "rules", items: rules },
    gate,
  };
}

function check(desired: DesiredState, seen: Seen, changes: readonly Change[], findings: readonly Finding[] = []): void {
  expect(plan(desired, observation(seen))).toEqual({ changes, findings });
}

const everything = { addresses: [seenAddress], routes: held.routes, rules: held.rules };

test("order up: routes, rule, gate, address", () => {
  check(taking, { gate: CLOSED }, [
    { t: "put-route", route: subnetRoute },
    { t: "put-route", route: defaultRoute },
    { t: "put-route", route: unreachableRoute },
    { t: "add-rule", rule },
    { t: "open-gate", target },
    { t: "put-address", address },
  ]);
});

test("where everything is right, nothing changes", () => {
  check(held, everything, []);
});

test("order down: gate, sockets, address, rule, routes, and the gate's removal when nothing is left to be silenced", () => {
  check(nothing(owner, target), everything, [
    { t: "close-gate", target },
    { t: "destroy-sockets", vip: address.address },
    { t: "delete-address", address: seenAddress },
    { t: "delete-rule", rule },
    { t: "delete-route", route: subnetRoute },
    { t: "delete-route", route: defaultRoute },
    { t: "delete-route", route: unreachableRoute },
    { t: "remove-gate" },
  ]);
});

describe("the gate", () => {
  const made = { routes: held.routes, rules: held.rules };
  const install: Change = { t: "install-gate", target };
  const installOpen: Change = { t: "install-open-gate", target };
  const open: Change = { t: "open-gate", target };
  const close: Change = { t: "close-gate", target };
  const put: Change = { t: "put-address", address };
  const remove: Change = { t: "remove-gate" };
  const prepared = preparedState(placement);
  const none = nothing(owner, target);

  test.each<[string, DesiredState, GateReading, readonly Change[]]>([
    ["of a standby is made closed", prepared, ABSENT, [install]],
    ["of a standby is made anew where it is damaged", prepared, DAMAGED, [close, install]],
    ["of a standby stays closed", prepared, CLOSED, []],
    ["of a standby is closed where it is open", prepared, OPEN, [close]],
    ["that another Lease left closed is replaced", prepared, { t: "closed", lease: "ns/other" }, [install]],
    ["is made open for a taker in one step", taking, ABSENT, [installOpen, put]],
    ["is made anew and open for a taker where it is damaged", taking, DAMAGED, [installOpen, put]],
    ["is opened afresh for a taker, whatever opening is left in it", taking, OPEN, [open, put]],
    ["is gone after a stop", none, CLOSED, [remove]],
    ["that is damaged is closed, then removed", none, DAMAGED, [close, remove]],
    ["that is not there is not removed", none, ABSENT, []],
  ])("%s", (_, desired, gate, changes) => {
    check(desired, { ...(desired === none ? {} : made), gate }, changes);
  });

  test("is closed before a leftover address is taken, though a standby keeps it", () => {
    const changes: readonly Change[] = [
      close,
      { t: "destroy-sockets", vip: address.address },
      { t: "delete-address", address: seenAddress },
    ];
    const routes = held.routes.map((route): Change => ({ t: "put-route", route }));
    check(prepared, everything, [...changes, ...routes]);
  });

  test.each([ABSENT, DAMAGED])(
    "of a holder is made again with an opening where another hand removed it (%o)",
    (gate) => {
      check(held, { ...everything, gate }, [installOpen]);
    },
  );

  test("of a holder that lapsed is not opened by a restoration, and nothing else is built", () => {
    check(held, { gate: CLOSED }, [], [{ t: "gate-closed" }]);
  });

  test("that another Lease's holder is heard by is left alone", () => {
    const gate: GateReading = { t: "open", lease: "ns/other", opening };
    const findings: readonly Finding[] = [{ t: "gate-of-another-lease", lease: "ns/other" }];
    for (const desired of [prepared, held, taking]) check(desired, { ...made, gate }, [], findings);
  });

  test("of somebody else is left alone, and forbids holding", () => {
    const gate: GateReading = { t: "foreign", what: "table arp t" };
    for (const desired of [prepared, held, taking])
      check(desired, { ...made, gate }, [], [{ ...gate, t: "foreign-gate" }]);
    check(none, { gate }, []);
  });

  test("that could not be looked at is removed at a stop all the same", () => {
    const unseen = { ...observation({}), gate: undefined };
    expect(plan(nothing(owner, undefined), unseen).changes).toEqual([remove]);
  });
});

describe("a hold", () => {
  test("is taken in two steps where all is prepared: gate, address", () => {
    expect(takeoverOf(taking)).toEqual([
      { t: "open-gate", target },
      { t: "put-address", address },
    ]);
  });

  test("is renewed in two steps: gate, address", () => {
    expect(renewalOf(held, opening)).toEqual([
      { t: "refresh-gate", target, from: opening },
      { t: "put-address", address },
    ]);
  });

  test("begins to end with the gate, and the address stays", () => {
    expect(mutingOf(held)).toEqual([{ t: "close-gate", target }]);
    expect(shorteningOf(held, 3)).toEqual([{ t: "put-address", address, validSecondsMax: 3 }]);
  });

  test("ends in three steps: gate, sockets, address", () => {
    expect(withdrawalOf(held)).toEqual([
      { t: "close-gate", target },
      { t: "destroy-sockets", vip: address.address },
      { t: "delete-address", address },
    ]);
  });

  test("taken with its address still there gives it another lifetime", () => {
    check(taking, everything, [
      { t: "open-gate", target },
      { t: "put-address", address },
    ]);
  });
});

test("routes that a link lost by going down are put back", () => {
  check(held, { ...everything, routes: [unreachableRoute] }, [
    { t: "put-route", route: subnetRoute },
    { t: "put-route", route: defaultRoute },
  ]);
});

test("an address that somebody made to stay for ever is made to run out again", () => {
  check(held, { ...everything, addresses: [address] }, [{ t: "put-address", address }]);
});

test("the IPv6 route to nowhere counts as there although the kernel shows it on the loopback link", () => {
  const ipv6 = { vip: ip("fd00::64"), gateway: { address: ip("fd00::1"), subnet: prefix("fd00::/64") } };
  const held6 = heldState({ ...placement, ...ipv6 }, "keep");
  const routes = held6.routes.map((route) => (route.type === "unreachable" ? { ...route, linkIndex: 1 } : route));
  check(
    held6,
    { addresses: held6.addresses.map((its) => ({ ...its, validSeconds: 12 })), routes, rules: held6.rules },
    [],
  );
});

describe("leftovers of an earlier life", () => {
  test.each<[string, Address]>([
    ["with another prefix length", { ...address, prefixLength: 24 }],
    ["on another link", { ...address, linkIndex: 9 }],
    ["of another VIP", { ...address, address: ip("10.100.0.101") }],
    ["known by its label alone (before Linux 5.18)", { ...address, linkIndex: 9, protocol: undefined }],
  ])("an address %s goes, and routes are put again, since its going may have flushed them", (_, stale) => {
    // Connections of the VIP itself go on: it is put right, not given up.
    const isOther = stale.address !== address.address;
    check(held, { ...everything, addresses: [stale] }, [
      ...(isOther ? [{ t: "destroy-sockets", vip: stale.address } as const] : []),
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
    check(nothing(owner, target), { ...foreign, gate: ABSENT }, []);
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
