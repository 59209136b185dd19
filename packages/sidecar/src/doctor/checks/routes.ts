/** The policy routing that sends the VIP's answers back by its own link: what the sidecar would make, and what is there. */
import {
  type Link,
  ownerOf,
  type Placement,
  plan,
  preparedState,
  type Route,
  type Rule,
} from "@vcluster-kube-vip/routing";
import type { Config } from "../../config/config.ts";
import { check, notLookedAt } from "../check.ts";
import { type Fault, fault, ok, unknown } from "../finding.ts";
import type { Looks, Network } from "../looks.ts";

export interface MissingRouting {
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  /** Somebody else's, where ours would be. */
  readonly foreign: readonly Route[];
  /** They changed while they were read: what is missing may be there. */
  readonly isUnsure: boolean;
}

/** By the sidecar's own plan, as if the addresses were in order. */
export function missingRouting(config: Config, link: Link, network: Network): MissingRouting {
  const { vip, routing, lease } = config;
  const placement: Placement = {
    vip: vip.address,
    gateway: vip.gateway,
    linkName: vip.interfaceName,
    linkIndex: link.index,
    lease: `${lease.namespace}/${lease.name}`,
    table: routing.table,
    rulePriority: routing.rulePriority,
    owner: ownerOf(routing.protocol, vip.interfaceName),
  };
  const addresses = { complete: true, items: [] };
  const { rules, routes } = network;
  const { changes, findings } = plan(preparedState(placement), { addresses, rules, routes, gate: undefined });
  return {
    rules: changes.flatMap((change) => (change.t === "add-rule" ? [change.rule] : [])),
    routes: changes.flatMap((change) => (change.t === "put-route" ? [change.route] : [])),
    foreign: findings.flatMap((finding) => (finding.t === "foreign-route" ? [finding.route] : [])),
    isUnsure: findings.some(({ t }) => t === "incomplete"),
  };
}

export interface RoutesFacts {
  readonly config: Config;
  readonly missing: MissingRouting;
}

export const routes = check<Looks, RoutesFacts>({
  name: "routes",
  look: async (looks) => {
    const { config } = looks;
    const link = await looks.link();
    if (link === undefined) return notLookedAt(`${config.vip.interfaceName} is not there`);
    return { config, missing: missingRouting(config, link, await looks.network()) };
  },
  judge: ({ config: { vip, routing }, missing }) => {
    if (vip.gateway === undefined) return [ok("no gateway is set, so there is no policy routing")];
    if (missing.isUnsure) return [unknown("the kernel's routes and rules changed each time while they were read")];
    const faults: readonly Fault[] = [
      ...missing.foreign.map((route) =>
        fault("ROUTE_NOT_OURS", `table ${route.table} has somebody else's route to ${textOf(route)}`),
      ),
      ...missing.rules.map(({ source, table, priority }) =>
        fault(
          "RULE_MISSING",
          `the rule "from ${source} lookup ${table}" of priority ${priority} is missing: answers from the VIP leave by the pod network`,
        ),
      ),
      ...missing.routes.map((route) =>
        fault(
          "ROUTE_MISSING",
          `the route ${route.type === "unreachable" ? "unreachable " : ""}${textOf(route)} of table ${route.table} is missing`,
        ),
      ),
    ];
    if (faults.length > 0) return faults;
    return [
      ok(
        `rule ${routing.rulePriority} sends answers from ${vip.address} to table ${routing.table}: ${vip.gateway.subnet} and the gateway ${vip.gateway.address} by ${vip.interfaceName}`,
      ),
    ];
  },
});

function textOf({ destination, gateway }: Route): string {
  const via = gateway === undefined ? "" : ` via ${gateway}`;
  return `${destination ?? "default"}${via}`;
}
