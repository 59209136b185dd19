/** What the kernel holds now, in both families: a leftover may be of the family that the VIP had before. */
import type { GateReading, GateTarget } from "./gate.ts";
import type { Dump } from "./kernel.ts";
import type { KernelPorts } from "./kernel-ports.ts";
import type { Address, Route, Rule } from "./model.ts";

export interface Observation {
  readonly addresses: Dump<Address>;
  readonly routes: Dump<Route>;
  readonly rules: Dump<Rule>;
  /** undefined: not looked at, since its link is missing. */
  readonly gate: GateReading | undefined;
}

/**
 * Equivalent to: ip addr; ip route show table all; ip rule; the last two again with -6; and the gate's `read`.
 * @throws RoutingError
 */
export async function observe({ kernel, gate }: KernelPorts, target: GateTarget | undefined): Promise<Observation> {
  const [addresses, routes4, routes6, rules4, rules6, reading] = await Promise.all([
    kernel.addresses(),
    kernel.routes(4),
    kernel.routes(6),
    kernel.rules(4),
    kernel.rules(6),
    target === undefined ? undefined : gate.read(target),
  ]);
  return { addresses, routes: both(routes4, routes6), rules: both(rules4, rules6), gate: reading };
}

function both<T>(one: Dump<T>, other: Dump<T>): Dump<T> {
  return { complete: one.complete && other.complete, items: [...one.items, ...other.items] };
}
