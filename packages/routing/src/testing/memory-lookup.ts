/** The kernel's choice of a route, for MemoryKernel: rules by priority, the main table last, the longest prefix first. */
import type { NextHop, Route, Rule } from "../model.ts";
import { familyOf, type IpAddress } from "../values/ip-address.ts";
import { prefixContains, prefixLength } from "../values/ip-prefix.ts";

const MAIN_TABLE = 254;

export function nextHopOf(
  rules: readonly Rule[],
  routes: readonly Route[],
  { destination, source }: { readonly destination: IpAddress; readonly source: IpAddress },
): NextHop | undefined {
  const family = familyOf(destination);
  const tables = rules
    .filter((rule) => rule.family === family && (rule.source === undefined || prefixContains(rule.source, source)))
    .toSorted((one, other) => one.priority - other.priority)
    .map(({ table }) => table);
  for (const table of [...tables, MAIN_TABLE]) {
    const [best] = routes
      .filter((route) => route.family === family && route.table === table)
      .filter((route) => route.destination === undefined || prefixContains(route.destination, destination))
      .toSorted((one, other) => bits(other) - bits(one) || one.metric - other.metric);
    if (best === undefined) continue;
    const { linkIndex } = best;
    return linkIndex === undefined ? undefined : { linkIndex, address: best.gateway ?? destination };
  }
  return undefined;
}

function bits({ destination }: Route): number {
  return destination === undefined ? 0 : prefixLength(destination);
}
