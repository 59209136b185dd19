/**
 * From what the kernel holds to what it should hold: the changes, in order. Pure; apply.ts makes them. The order up and
 * the order down of the hold (rule 6) are here and nowhere else.
 * Everything of our owner that is not desired goes (leftovers of an earlier life: an address with another prefix length
 * or on another link, routes in another table); what is not ours is never touched, and reported where it is in the way.
 */
import type { DesiredState, GateAim, Owner } from "./desired-state.ts";
import type { GateReading, GateTarget, Opening } from "./gate.ts";
import type { Address, Route, Rule } from "./model.ts";
import type { Observation } from "./observation.ts";
import type { IpAddress } from "./values/ip-address.ts";

export type Change =
  // Tightening, in the order down.
  | { readonly t: "close-gate"; readonly target: GateTarget }
  | { readonly t: "destroy-sockets"; readonly vip: IpAddress }
  | { readonly t: "delete-address"; readonly address: Address }
  | { readonly t: "delete-rule"; readonly rule: Rule }
  | { readonly t: "delete-route"; readonly route: Route }
  | { readonly t: "remove-gate" }
  // Harmless while nothing answers for the VIP.
  | { readonly t: "put-route"; readonly route: Route }
  | { readonly t: "add-rule"; readonly rule: Rule }
  | { readonly t: "install-gate"; readonly target: GateTarget }
  | Loosening;

/** After these the VIP may be heard, or heard for longer: each only under a permit. */
export type Loosening =
  /** From scratch and open, in one transaction. */
  | { readonly t: "install-open-gate"; readonly target: GateTarget }
  | { readonly t: "open-gate"; readonly target: GateTarget }
  | { readonly t: "refresh-gate"; readonly target: GateTarget; readonly from: Opening }
  /** `validSecondsMax`: of what the hold allows, no more than that. */
  | { readonly t: "put-address"; readonly address: Address; readonly validSecondsMax?: number };

/** Why nothing is built up, although it is desired. */
export type Finding =
  /** The kernel changed while it was read: what was not seen is unknown, not absent. Read again. */
  | { readonly t: "incomplete"; readonly dump: DumpName }
  /** The VIP is an address of this namespace already, and not by us. */
  | { readonly t: "foreign-address"; readonly address: Address }
  /** Somebody's route sits where ours would, and a replace would destroy it. */
  | { readonly t: "foreign-route"; readonly route: Route }
  /** Somebody's table has our gate's name. */
  | { readonly t: "foreign-gate"; readonly what: string }
  /** Another Lease's holder is heard by a gate with our protocol number. */
  | { readonly t: "gate-of-another-lease"; readonly lease: string }
  /** The opening has lapsed or was taken away: silent until the next confirmed hold opens the gate afresh. */
  | { readonly t: "gate-closed" };

type DumpName = "addresses" | "routes" | "rules";

export interface Plan {
  /** Deletions first. With findings, deletions only. */
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
}

export function plan(desired: DesiredState, observed: Observation): Plan {
  const findings = [
    ...incompleteDumps(observed),
    ...foreignInTheWay(desired, observed),
    ...gateFindings(desired.gate, observed),
  ];
  const deletions = orderDown(desired, observed);
  if (findings.length > 0) return { changes: deletions, findings };
  return { changes: [...deletions, ...orderUp(desired, observed, deletions)], findings };
}

/**
 * Order down: the gate first, which is silence; the sockets, while their resets still have an address to come from; the
 * address, so that nothing is answered from the VIP by another way than its own; rule and routes; and what is left of
 * the gate only when there is nothing more to be silenced.
 */
function orderDown(desired: DesiredState, observed: Observation): readonly Change[] {
  const { owner } = desired;
  const addresses = observed.addresses.items.filter(
    (seen) => isOwnAddress(seen, owner) && !desired.addresses.some((wanted) => isSameAddress(wanted, seen)),
  );
  const rules = observed.rules.items.filter(
    (seen) => seen.protocol === owner.protocol && !desired.rules.some((wanted) => isSameRule(wanted, seen)),
  );
  const routes = observed.routes.items.filter(
    (seen) => seen.protocol === owner.protocol && !desired.routes.some((wanted) => isSameRoute(wanted, seen)),
  );
  return [
    ...gateClosing(desired.gate, observed),
    ...socketsOf(addresses.filter(({ address }) => !desired.addresses.some((wanted) => wanted.address === address))),
    ...addresses.map((address): Change => ({ t: "delete-address", address })),
    ...rules.map((rule): Change => ({ t: "delete-rule", rule })),
    ...routes.map((route): Change => ({ t: "delete-route", route })),
    ...gateRemoval(desired.gate, observed),
  ];
}

/** Order up: routes and rule, so that the first answer already leaves by the right link; the gate; the address. */
function orderUp(desired: DesiredState, observed: Observation, deletions: readonly Change[]): readonly Change[] {
  // With its last IPv4 address a link loses its routes, in all tables: after such a deletion none of them is there.
  const flushed = deletions.some((change) => change.t === "delete-address");
  const routes = desired.routes.filter(
    (wanted) => flushed || !observed.routes.items.some((seen) => isSameRoute(wanted, seen)),
  );
  const rules = desired.rules.filter((wanted) => !observed.rules.items.some((seen) => isSameRule(wanted, seen)));
  const addresses = desired.addresses.filter(
    (wanted) =>
      takes(desired.gate) || !observed.addresses.items.some((seen) => isSameAddress(wanted, seen) && ends(seen)),
  );
  return [
    ...routes.map((route): Change => ({ t: "put-route", route })),
    ...rules.map((rule): Change => ({ t: "add-rule", rule })),
    ...gateMaking(desired.gate, observed),
    ...addresses.map((address): Change => ({ t: "put-address", address })),
  ];
}

/** The rest of the order up where all but the last two steps is prepared. */
export function takeoverOf({ gate, addresses }: DesiredState): readonly Change[] {
  const opening: readonly Change[] = gate.t === "open" ? [{ t: "open-gate", target: gate.target }] : [];
  return [...opening, ...addresses.map((address): Change => ({ t: "put-address", address }))];
}

/** The same two steps for a hold that goes on: what was opened until then. */
export function renewalOf({ gate, addresses }: DesiredState, from: Opening): readonly Change[] {
  const refresh: readonly Change[] = gate.t === "open" ? [{ t: "refresh-gate", target: gate.target, from }] : [];
  return [...refresh, ...addresses.map((address): Change => ({ t: "put-address", address }))];
}

/** The first step down: no new neighbour is won, and those who are here already are served on. */
export function mutingOf({ gate }: DesiredState): readonly Change[] {
  return gate.t === "open" ? [{ t: "close-gate", target: gate.target }] : [];
}

/** While it is muted the address is kept no longer than that: a gate may be flushed by another hand. */
export function shorteningOf({ addresses }: DesiredState, validSecondsMax: number): readonly Change[] {
  return addresses.map((address) => ({ t: "put-address", address, validSecondsMax }));
}

/** The order down as far as silence goes: routes and rule may stay, as prepared. */
export function withdrawalOf(desired: DesiredState): readonly Change[] {
  const { addresses } = desired;
  const deletions = addresses.map((address): Change => ({ t: "delete-address", address }));
  return [...mutingOf(desired), ...socketsOf(addresses), ...deletions];
}

function socketsOf(addresses: readonly Address[]): readonly Change[] {
  return [...new Set(addresses.map(({ address }) => address))].map((vip) => ({ t: "destroy-sockets", vip }));
}

/** Whatever is not known to be closed is closed. */
function gateClosing(aim: GateAim, { gate: seen }: Observation): readonly Change[] {
  if (aim.t === "open" || aim.target === undefined || seen === undefined) return [];
  const mayBeOpen = seen.t === "open" || seen.t === "damaged";
  if (!mayBeOpen || isOfAnotherLease(aim, seen)) return [];
  return [{ t: "close-gate", target: aim.target }];
}

function gateRemoval(aim: GateAim, { gate: seen }: Observation): readonly Change[] {
  if (aim.t !== "none" || seen?.t === "absent" || seen?.t === "foreign") return [];
  return [{ t: "remove-gate" }];
}

function gateMaking(aim: GateAim, { gate: seen }: Observation): readonly Change[] {
  if (aim.t === "none") return [];
  const { target } = aim;
  const isWhole = (seen?.t === "closed" || seen?.t === "open") && seen.lease === aim.lease;
  if (aim.t === "closed") return isWhole ? [] : [{ t: "install-gate", target }];
  if (!isWhole) return [{ t: "install-open-gate", target }];
  return takes(aim) ? [{ t: "open-gate", target }] : [];
}

function gateFindings(aim: GateAim, { gate: seen }: Observation): readonly Finding[] {
  if (aim.t === "none" || seen === undefined) return [];
  if (seen.t === "foreign") return [{ t: "foreign-gate", what: seen.what }];
  if (seen.t === "open" && isOfAnotherLease(aim, seen)) return [{ t: "gate-of-another-lease", lease: seen.lease }];
  const isLapsed = aim.t === "open" && !takes(aim) && seen.t === "closed" && seen.lease === aim.lease;
  return isLapsed ? [{ t: "gate-closed" }] : [];
}

function takes(aim: GateAim): boolean {
  return aim.t === "open" && aim.to === "take";
}

function isOfAnotherLease(aim: GateAim, seen: GateReading): boolean {
  return aim.t !== "none" && seen.t === "open" && seen.lease !== aim.lease;
}

function incompleteDumps(observed: Observation): readonly Finding[] {
  const dumps: readonly DumpName[] = ["addresses", "routes", "rules"];
  return dumps.filter((dump) => !observed[dump].complete).map((dump) => ({ t: "incomplete", dump }));
}

function foreignInTheWay(desired: DesiredState, observed: Observation): readonly Finding[] {
  const addresses = observed.addresses.items.filter(
    (seen) => !isOwnAddress(seen, desired.owner) && desired.addresses.some((wanted) => wanted.address === seen.address),
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

/** By its protocol number, or by its label where the kernel has none (before Linux 5.18). */
export function isOwnAddress(address: Address, owner: Owner): boolean {
  if (address.protocol !== undefined) return address.protocol === owner.protocol;
  return owner.addressLabel !== undefined && address.label === owner.addressLabel;
}

function isSameAddress(one: Address, other: Address): boolean {
  return one.linkIndex === other.linkIndex && one.address === other.address && one.prefixLength === other.prefixLength;
}

/** Its seconds run down by themselves and are put up with each renewal: only "for ever" is wrong. */
function ends(address: Address): boolean {
  return address.validSeconds !== undefined;
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
