/** What the kernel holds now, in both families: a leftover may be of the family that the VIP had before. */
import type { Dump, Kernel } from "./kernel.ts";
import type { Address, Route, Rule } from "./model.ts";

export interface Observation {
  readonly addresses: Dump<Address>;
  readonly routes: Dump<Route>;
  readonly rules: Dump<Rule>;
}

/** Equivalent to: ip addr; ip route show table all; ip rule; and the last two again with -6. @throws RoutingError */
export async function observe(kernel: Kernel): Promise<Observation> {
  const [addresses, routes4, routes6, rules4, rules6] = await Promise.all([
    kernel.addresses(),
    kernel.routes(4),
    kernel.routes(6),
    kernel.rules(4),
    kernel.rules(6),
  ]);
  return { addresses, routes: both(routes4, routes6), rules: both(rules4, rules6) };
}

function both<T>(one: Dump<T>, other: Dump<T>): Dump<T> {
  return { complete: one.complete && other.complete, items: [...one.items, ...other.items] };
}
