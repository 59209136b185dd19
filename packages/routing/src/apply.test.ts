import { expect, test } from "vitest";
import { type Applied, apply } from "./apply.ts";
import { heldState, nothing, ownerOf, type Placement } from "./desired-state.ts";
import type { Link } from "./model.ts";
import { observe } from "./observation.ts";
import { type Change, plan } from "./plan.ts";
import { RoutingError } from "./routing-error.ts";
import { interfaceName, ip, MemoryKernel, mac, prefix } from "./testing/index.ts";

const placement: Placement = {
  vip: ip("10.100.0.100"),
  gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  linkIndex: 3,
  table: 1077,
  rulePriority: 1000,
  owner: ownerOf(77, interfaceName("net1")),
};
const held = heldState(placement);
const net1: Link = {
  index: 3,
  name: "net1",
  mac: mac("02:00:00:00:00:03"),
  up: true,
  carrier: true,
  mtuBytes: 1500,
  kind: "veth",
};
const refusal = new RoutingError("KERNEL_REFUSED", "cannot do it: EBUSY. Try again.");

function kernelWithNet1(): MemoryKernel {
  const kernel = new MemoryKernel();
  kernel.putLink(net1);
  return kernel;
}

async function hold(kernel: MemoryKernel, stillAllowed: () => boolean): Promise<Applied> {
  return apply(kernel, plan(held, await observe(kernel)).changes, stillAllowed);
}

async function release(kernel: MemoryKernel): Promise<Applied> {
  return apply(kernel, plan(nothing(placement.owner), await observe(kernel)).changes, () => false);
}

async function addresses(kernel: MemoryKernel): Promise<readonly string[]> {
  return (await kernel.addresses()).items.map(({ address, prefixLength }) => `${address}/${prefixLength}`);
}

function failedChanges(applied: Applied): readonly Change["t"][] {
  return applied.t === "done" ? [] : applied.failures.map(({ change }) => change.t);
}

test("an allowed holder has the address and what its answers need", async () => {
  const kernel = kernelWithNet1();
  expect(await hold(kernel, () => true)).toEqual({ t: "done" });
  expect(plan(held, await observe(kernel)).changes).toEqual([]);
});

test("past the deadline no address is added, though routes and rule may be", async () => {
  const kernel = kernelWithNet1();
  expect(await hold(kernel, () => false)).toEqual({ t: "not-allowed", failures: [] });
  expect(kernel.calls).not.toContain("replaceAddress");
  expect((await kernel.rules(4)).items).toEqual(held.rules);
});

test("an address added while the deadline passed is taken back at once", async () => {
  const kernel = kernelWithNet1();
  let late = false;
  kernel.beforeVerb = (verb) => {
    if (verb === "replaceAddress") late = true;
  };
  expect(await hold(kernel, () => !late)).toEqual({ t: "not-allowed", failures: [] });
  expect(kernel.calls.slice(-2)).toEqual(["replaceAddress", "deleteAddress"]);
  expect(await addresses(kernel)).toEqual([]);
});

test("an address whose answer was lost while the deadline passed is taken back, too", async () => {
  const kernel = kernelWithNet1();
  let late = false;
  kernel.loseNextAnswer("replaceAddress");
  kernel.beforeVerb = (verb) => {
    if (verb === "replaceAddress") late = true;
  };
  expect(await hold(kernel, () => !late)).toEqual({ t: "not-allowed", failures: [] });
  expect(await addresses(kernel)).toEqual([]);
});

test("an address that cannot be taken back is said to be there", async () => {
  const kernel = kernelWithNet1();
  let late = false;
  kernel.failNext("deleteAddress", refusal);
  kernel.beforeVerb = (verb) => {
    if (verb === "replaceAddress") late = true;
  };
  const [address] = held.addresses;
  expect(await hold(kernel, () => !late)).toEqual({
    t: "not-allowed",
    failures: [{ change: { t: "delete-address", address }, cause: refusal }],
  });
  expect(await addresses(kernel)).toEqual(["10.100.0.100/32"]);
});

test("without the rule the address is not added: its answers would leave by another link", async () => {
  const kernel = kernelWithNet1();
  kernel.failNext("addRule", refusal);
  expect(failedChanges(await hold(kernel, () => true))).toEqual(["add-rule"]);
  expect(await addresses(kernel)).toEqual([]);
});

test("on a link that vanished, the first thing that builds on it fails as missing", async () => {
  const kernel = kernelWithNet1();
  const { changes } = plan(held, await observe(kernel));
  kernel.removeLink(3);
  expect(await apply(kernel, changes, () => true)).toEqual({
    t: "failed",
    failures: [{ change: { t: "put-route", route: held.routes[0] }, cause: "missing" }],
  });
});

test("a rule that is already there is no failure", async () => {
  const kernel = kernelWithNet1();
  const { changes } = plan(held, await observe(kernel));
  for (const rule of held.rules) await kernel.addRule(rule);
  expect(await apply(kernel, changes, () => true)).toEqual({ t: "done" });
});

test("a release needs no permission and goes on past what fails", async () => {
  const kernel = kernelWithNet1();
  await hold(kernel, () => true);
  kernel.failNext("deleteAddress", refusal);
  expect(failedChanges(await release(kernel))).toEqual(["delete-address"]);
  expect((await kernel.rules(4)).items).toEqual([]);
  expect((await kernel.routes(4)).items).toEqual([]);
  expect(await release(kernel)).toEqual({ t: "done" });
  expect(await addresses(kernel)).toEqual([]);
});

test("what is gone already when it is to be deleted is no failure", async () => {
  const kernel = kernelWithNet1();
  await hold(kernel, () => true);
  const { changes } = plan(nothing(placement.owner), await observe(kernel));
  kernel.removeLink(3);
  expect(await apply(kernel, changes, () => true)).toEqual({ t: "done" });
});

test("a mistake of ours is not taken for a refusal of the kernel's", async () => {
  const kernel = kernelWithNet1();
  kernel.beforeVerb = () => {
    throw new TypeError("a bug");
  };
  await expect(hold(kernel, () => true)).rejects.toThrow("a bug");
});
