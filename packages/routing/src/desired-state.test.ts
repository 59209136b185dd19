import { expect, test } from "vitest";
import { heldState, nothing, ownerOf, type Placement, preparedState } from "./desired-state.ts";
import type { Address, Route, Rule } from "./model.ts";
import { interfaceName, ip, prefix } from "./testing/index.ts";

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

/** As iproute2 prints it. */
function text(object: Route | Rule | Address): string {
  if ("address" in object) {
    const label = object.label === undefined ? "" : ` label ${object.label}`;
    return `addr ${object.address}/${object.prefixLength} dev ${object.linkIndex} proto ${object.protocol}${label}`;
  }
  if ("priority" in object) {
    return `-${object.family} rule ${object.priority}: from ${object.source} lookup ${object.table} proto ${object.protocol}`;
  }
  const type = object.type === "unicast" ? "" : `${object.type} `;
  const via = object.gateway === undefined ? "" : ` via ${object.gateway}`;
  const dev = object.linkIndex === undefined ? "" : ` dev ${object.linkIndex}`;
  const table = `table ${object.table} proto ${object.protocol} scope ${object.scope} metric ${object.metric}`;
  return `-${object.family} route ${type}${object.destination ?? "default"}${via}${dev} ${table}`;
}

test("an IPv4 VIP with a gateway needs two routes, one to nowhere behind them, a rule and the address", () => {
  const { routes, rules, addresses } = heldState(ipv4, "take");
  expect([...routes, ...rules, ...addresses].map(text)).toEqual([
    "-4 route 10.100.0.0/24 dev 3 table 1077 proto 77 scope link metric 0",
    "-4 route default via 10.100.0.1 dev 3 table 1077 proto 77 scope global metric 0",
    "-4 route unreachable default table 1077 proto 77 scope global metric 4278198272",
    "-4 rule 1000: from 10.100.0.100/32 lookup 1077 proto 77",
    "addr 10.100.0.100/32 dev 3 proto 77 label net1:vckv",
  ]);
});

test("an IPv6 VIP needs the same, with the metric and the scope that the kernel will report", () => {
  const { routes, rules, addresses } = heldState(ipv6, "take");
  expect([...routes, ...rules, ...addresses].map(text)).toEqual([
    "-6 route fd00:100::/64 dev 3 table 1077 proto 77 scope global metric 1024",
    "-6 route default via fd00:100::1 dev 3 table 1077 proto 77 scope global metric 1024",
    "-6 route unreachable default table 1077 proto 77 scope global metric 4278198272",
    "-6 rule 1000: from fd00:100::64/128 lookup 1077 proto 77",
    "addr fd00:100::64/128 dev 3 proto 77",
  ]);
});

test("without a gateway there is only the address", () => {
  const { routes, rules, addresses } = heldState({ ...ipv4, gateway: undefined }, "take");
  expect([...routes, ...rules, ...addresses].map(text)).toEqual([
    "addr 10.100.0.100/32 dev 3 proto 77 label net1:vckv",
  ]);
});

const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };
const lease = "kube-system/vcluster-kube-vip";

test("a prepared replica has all but the address, and its gate closed", () => {
  const gate = { t: "closed", target, lease };
  expect(preparedState(ipv4)).toEqual({ ...heldState(ipv4, "take"), gate, addresses: [] });
});

test("without a gateway a prepared replica still has its gate", () => {
  const { gate, routes, rules } = preparedState({ ...ipv4, gateway: undefined });
  expect([gate, routes, rules]).toEqual([{ t: "closed", target, lease }, [], []]);
});

test.each(["take", "keep"] as const)("a holder's gate is open, to %s", (to) => {
  expect(heldState(ipv4, to).gate).toEqual({ t: "open", target, lease, to });
});

test("nothing is nothing", () => {
  const gate = { t: "none", target };
  expect(nothing(owner, target)).toEqual({ owner, routes: [], rules: [], gate, addresses: [] });
});

test.each([
  ["net1", "net1:vckv"],
  ["ten-letter", "ten-letter:vckv"],
  ["eleven-lett", undefined],
])("the label on %s is %s: at most 15 bytes", (name, label) => {
  expect(ownerOf(77, interfaceName(name)).addressLabel).toBe(label);
});
