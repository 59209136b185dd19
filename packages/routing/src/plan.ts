/**
 * From what the kernel holds to what it should hold: the changes, in order. Pure; apply.ts makes them.
 * Everything of our owner that is not desired goes (leftovers of an earlier life: an address with another prefix length
 * or on another link, routes in another table); what is not ours is never touched, and reported where it is in the way.
 */
import type { DesiredState, Owner } from "./desired-state.ts";
import type { Address, Route, Rule } from "./model.ts";
import type { Observation } from "./observation.ts";

export type Change =
  | { readonly t: "delete-address"; readonly address: Address }
  | { readonly t: "delete-rule"; readonly rule: Rule }
  | { readonly t: "delete-route"; readonly route: Route }
  | { readonly t: "put-route"; readonly route: Route }
  | { readonly t: "add-rule"; readonly rule: Rule }
  | { readonly t: "put-address"; readonly address: Address };

/** Why nothing is built up, although it is desired. */
export type Finding =
  /** The kernel changed while it was read: what was not seen is unknown, not absent. Read again. */
  | { readonly t: "incomplete"; readonly dump: keyof Observation }
  /** The VIP is an address of this namespace already, and not by us. */
  | { readonly t: "foreign-address"; readonly address: Address }
  /** Somebody's route sits where ours would, and a replace would destroy it. */
  | { readonly t: "foreign-route"; readonly route: Route };

export interface Plan {
  /** Deletions first. With findings, deletions only. */
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
}

export function plan(desired: DesiredState, observed: Observation): Plan {
  const findings = [...incompleteDumps(observed), ...foreignInTheWay(desired, observed)];
  const deletions = deletionsOf(desired, observed);
  if (findings.length > 0) return { changes: deletions, findings };
  return { changes: [...deletions, ...additionsOf(desired, observed, deletions)], findings };
}

/** Order down: the address first, so that nothing is ever answered from the VIP by another way than its own. */
function deletionsOf(desired: DesiredState, observed: Observation): readonly Change[] {
  const { owner } = desired;
  const addresses = observed.addresses.items.filter(
    (seen) => isOurAddress(seen, owner) && !desired.addresses.some((wanted) => isSameAddress(wanted, seen)),
  );
  const rules = observed.rules.items.filter(
    (seen) => seen.protocol === owner.protocol && !desired.rules.some((wanted) => isSameRule(wanted, seen)),
  );
  const routes = observed.routes.items.filter(
    (seen) => seen.protocol === owner.protocol && !desired.routes.some((wanted) => isSameRoute(wanted, seen)),
  );
  return [
    // The hold gate closes here, and the sockets on the VIP are destroyed, once there is a gate.
    ...addresses.map((address): Change => ({ t: "delete-address", address })),
    ...rules.map((rule): Change => ({ t: "delete-rule", rule })),
    ...routes.map((route): Change => ({ t: "delete-route", route })),
  ];
}

/** Order up: routes and rule before the address, so that the first answer already leaves by the right link. */
function additionsOf(desired: DesiredState, observed: Observation, deletions: readonly Change[]): readonly Change[] {
  // With its last IPv4 address a link loses its routes, in all tables: after such a deletion none of them is there.
  const flushed = deletions.some((change) => change.t === "delete-address");
  const routes = desired.routes.filter(
    (wanted) => flushed || !observed.routes.items.some((seen) => isSameRoute(wanted, seen)),
  );
  const rules = desired.rules.filter((wanted) => !observed.rules.items.some((seen) => isSameRule(wanted, seen)));
  const addresses = desired.addresses.filter(
    (wanted) => !observed.addresses.items.some((seen) => isSameAddress(wanted, seen) && lastsAsLong(wanted, seen)),
  );
  return [
    ...routes.map((route): Change => ({ t: "put-route", route })),
    ...rules.map((rule): Change => ({ t: "add-rule", rule })),
    // The hold gate opens here, once there is one: after the routes, before the address.
    ...addresses.map((address): Change => ({ t: "put-address", address })),
  ];
}

function incompleteDumps(observed: Observation): readonly Finding[] {
  const dumps = ["addresses", "routes", "rules"] as const;
  return dumps.filter((dump) => !observed[dump].complete).map((dump) => ({ t: "incomplete", dump }));
}

function foreignInTheWay(desired: DesiredState, observed: Observation): readonly Finding[] {
  const addresses = observed.addresses.items.filter(
    (seen) => !isOurAddress(seen, desired.owner) && desired.addresses.some((wanted) => wanted.address === seen.address),
  );
  const routes = observed.routes.items.filter(
    (seen) =>
      seen.protocol !== desired.owner.protocol &&
      desired.routes.some((wanted) => hasSameKey(wanted, seen) && !isSameRoute(wanted, seen)),
  );
  return [
    ...addresses.map((address): Finding => ({ t: "foreign-address", address })),
    ...routes.map((route): Finding => ({ t: "foreign-route", route })),
  ];
}

function isOurAddress(address: Address, owner: Owner): boolean {
  if (address.protocol !== undefined) return address.protocol === owner.protocol;
  return owner.addressLabel !== undefined && address.label === owner.addressLabel;
}

function isSameAddress(one: Address, other: Address): boolean {
  return one.linkIndex === other.linkIndex && one.address === other.address && one.prefixLength === other.prefixLength;
}

/** Seconds run down by themselves: only "for ever" and "for a while" differ. */
function lastsAsLong(one: Address, other: Address): boolean {
  return (one.validSeconds === undefined) === (other.validSeconds === undefined);
}

/** The protocol is part of a rule's identity: the kernel keeps another's twin beside ours, and deletes only the one. */
function isSameRule(one: Rule, other: Rule): boolean {
  return (
    one.family === other.family &&
    one.priority === other.priority &&
    one.source === other.source &&
    one.table === other.table &&
    one.protocol === other.protocol
  );
}

/** What a replace goes by: a route with the same key is the one that it overwrites. */
function hasSameKey(one: Route, other: Route): boolean {
  return (
    one.family === other.family &&
    one.table === other.table &&
    one.destination === other.destination &&
    one.metric === other.metric
  );
}

/** Does the same, whoever made it: a replace would only take it from its maker. */
function isSameRoute(one: Route, other: Route): boolean {
  if (!hasSameKey(one, other) || one.type !== other.type) return false;
  // The kernel hangs IPv6 routes to nowhere on the loopback link, whatever was asked for.
  if (one.type === "unreachable") return true;
  return one.gateway === other.gateway && one.linkIndex === other.linkIndex && one.scope === other.scope;
}
