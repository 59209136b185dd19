/**
 * A kernel in memory with the real one's habits, as measured on Linux 6.18: for tests of what is built on the Kernel
 * port. Neighbours answer at once or never; no lifetimes that run out, no traffic.
 */
import type { Dump, Kernel, Outcome } from "../kernel.ts";
import {
  type Address,
  type ArpSetting,
  type Family,
  isUsable,
  type KernelEvent,
  type Link,
  type Neighbour,
  type NeighbourTable,
  type NextHop,
  type Route,
  type Rule,
} from "../model.ts";
import { RoutingError } from "../routing-error.ts";

import { familyOf, type IpAddress } from "../values/ip-address.ts";
import { prefixContains } from "../values/ip-prefix.ts";
import type { MacAddress } from "../values/mac-address.ts";
import { nextHopOf } from "./memory-lookup.ts";

export type DumpName = "links" | "addresses" | "routes" | "rules" | "neighbours";
export type VerbName =
  | "replaceAddress"
  | "deleteAddress"
  | "replaceRoute"
  | "deleteRoute"
  | "addRule"
  | "deleteRule"
  | "setArp"
  | "resolve";

const MAIN_TABLE = 254;
const NUD_INCOMPLETE = 0x01;
const NUD_REACHABLE = 0x02;

export class MemoryKernel implements Kernel {
  #links: readonly Link[] = [];
  #addresses: readonly Address[] = [];
  #routes: readonly Route[] = [];
  #rules: readonly Rule[] = [];
  #neighbours: readonly Neighbour[] = [];
  #segment: ReadonlyMap<IpAddress, MacAddress> = new Map();
  /** Of both families; a test that wants it full puts it here. */
  neighbourTableNow: Omit<NeighbourTable, "family"> = { entries: 0, entriesMax: 1024, overflows: 0 };
  readonly #listeners = new Set<(event: KernelEvent) => void>();
  readonly #interruptions = new Map<DumpName, number>();
  readonly #failures = new Map<VerbName, RoutingError>();
  readonly #lostAnswers = new Set<VerbName>();
  #closed = false;
  /** Each verb asked for, in order: for tests of the order. */
  readonly calls: VerbName[] = [];
  /** Called when a verb was asked for and before it takes effect: here a test lets time pass. */
  beforeVerb: (verb: VerbName) => void = () => undefined;
  /** Called when it has taken effect and before its answer is there. */
  afterVerb: (verb: VerbName) => void = () => undefined;

  // What a test does to it.

  /** Equivalent to: ip link add; also tells that a link changed. */
  putLink(link: Link): void {
    const before = this.#links.find(({ index }) => index === link.index);
    this.#links = [...this.#links.filter(({ index }) => index !== link.index), link];
    this.#emit({ t: "link", link });
    if (before?.up && !link.up) this.#dropOfDownLink(link.index);
  }

  /** Equivalent to: ip link del. The link goes down first; addresses and routes go with it; rules stay. */
  removeLink(linkIndex: number): void {
    const link = this.#links.find(({ index }) => index === linkIndex);
    if (link === undefined) throw new TypeError(`no link ${linkIndex}`);
    if (link.up) this.putLink({ ...link, up: false });
    this.#dropAddresses((address) => address.linkIndex === linkIndex);
    this.#links = this.#links.filter(({ index }) => index !== linkIndex);
    this.#emit({ t: "link-removed", linkIndex, name: link.name });
  }

  /** Who answers when the kernel asks: nobody, until a test says so; nor behind a closed gate. */
  setSegment(answering: ReadonlyMap<IpAddress, MacAddress>): void {
    this.#segment = answering;
  }

  setNeighbours(neighbours: readonly Neighbour[]): void {
    this.#neighbours = neighbours;
  }

  /** The next `times` dumps of this kind are cut short: the second half is missing, and they say so. */
  interrupt(dump: DumpName, times = 1): void {
    this.#interruptions.set(dump, times);
  }

  /** The next request of this verb fails and changes nothing. */
  failNext(verb: VerbName, error: RoutingError): void {
    this.#failures.set(verb, error);
  }

  /** The next request of this verb takes effect, but its answer is lost: what a time-out may hide. */
  loseNextAnswer(verb: VerbName): void {
    this.#lostAnswers.add(verb);
  }

  /** Events were lost (ENOBUFS). */
  overrun(): void {
    this.#emit({ t: "overrun" });
  }

  // The port.

  links(): Promise<Dump<Link>> {
    return this.#dump("links", this.#links);
  }

  addresses(): Promise<Dump<Address>> {
    return this.#dump("addresses", this.#addresses);
  }

  routes(family: Family): Promise<Dump<Route>> {
    return this.#dump(
      "routes",
      this.#routes.filter((route) => route.family === family),
    );
  }

  rules(family: Family): Promise<Dump<Rule>> {
    return this.#dump(
      "rules",
      this.#rules.filter((rule) => rule.family === family),
    );
  }

  neighbours(linkIndex: number): Promise<Dump<Neighbour>> {
    return this.#dump(
      "neighbours",
      this.#neighbours.filter((neighbour) => neighbour.linkIndex === linkIndex),
    );
  }

  async nextHop(address: IpAddress, source: IpAddress): Promise<NextHop | undefined> {
    this.#demandOpen();
    const isLocal = (wanted: IpAddress) => this.#addresses.some((other) => other.address === wanted);
    // Only IPv4 asks whether the source is an address of this host.
    if (isLocal(address) || (familyOf(source) === 4 && !isLocal(source))) return undefined;
    return nextHopOf(this.#rules, this.#routes, { destination: address, source });
  }

  neighbourTable(family: Family): Promise<NeighbourTable | undefined> {
    return Promise.resolve({ family, ...this.neighbourTableNow });
  }

  replaceAddress(address: Address): Promise<Outcome> {
    return this.#verb("replaceAddress", () => {
      if (!this.#links.some(({ index }) => index === address.linkIndex)) return "missing";
      const before = this.#addresses.find((other) => isSameAddress(address, other));
      // A replace changes the lifetime; the prefix length of an IPv6 address stays what it was.
      const after = { ...address, prefixLength: before?.prefixLength ?? address.prefixLength };
      this.#addresses = [...this.#addresses.filter((other) => other !== before), after];
      this.#emit({ t: "address", address: after });
      return "done";
    });
  }

  deleteAddress(address: Address): Promise<Outcome> {
    return this.#verb("deleteAddress", () => {
      const before = this.#addresses.find((other) => isSameAddress(address, other));
      if (before?.prefixLength !== address.prefixLength) return "missing";
      this.#dropAddresses((other) => other === before);
      this.#flushWithLastAddress(before);
      return "done";
    });
  }

  replaceRoute(route: Route): Promise<Outcome> {
    return this.#verb("replaceRoute", () => {
      if (route.type === "unicast") {
        const link = this.#links.find(({ index }) => index === route.linkIndex);
        if (link === undefined) return "missing";
        if (!link.up) throw new RoutingError("LINK_DOWN", `cannot add a route on ${link.name}: it is down`);
        this.#demandGateway(route);
      }
      this.#routes = [...this.#routes.filter((other) => !hasSameKey(route, other)), route];
      this.#emit({ t: "route-changed", route });
      return "done";
    });
  }

  deleteRoute(route: Route): Promise<Outcome> {
    return this.#verb("deleteRoute", () => {
      const found = this.#routes.find((other) => hasSameKey(route, other) && route.protocol === other.protocol);
      if (found === undefined) return "missing";
      this.#routes = this.#routes.filter((other) => other !== found);
      this.#emit({ t: "route-removed", route: found });
      return "done";
    });
  }

  addRule(rule: Rule): Promise<Outcome> {
    return this.#verb("addRule", () => {
      if (this.#rules.some((other) => isSameRule(rule, other))) return "exists";
      this.#rules = [...this.#rules, rule];
      this.#emit({ t: "rule-changed", rule });
      return "done";
    });
  }

  deleteRule(rule: Rule): Promise<Outcome> {
    return this.#verb("deleteRule", () => {
      const found = this.#rules.find((other) => isSameRule(rule, other));
      if (found === undefined) return "missing";
      this.#rules = this.#rules.filter((other) => other !== found);
      this.#emit({ t: "rule-removed", rule: found });
      return "done";
    });
  }

  setArp({ linkIndex, arpIgnore, alias }: ArpSetting): Promise<Outcome> {
    return this.#verb("setArp", () => {
      const link = this.#links.find(({ index }) => index === linkIndex);
      if (link === undefined) return "missing";
      this.putLink({ ...link, arpIgnore, alias });
      return "done";
    });
  }

  async resolve(linkIndex: number, addresses: readonly IpAddress[]): Promise<readonly IpAddress[]> {
    const known = (address: IpAddress) => (other: Neighbour) =>
      other.linkIndex === linkIndex && other.address === address;
    const wanted = addresses.filter((address) => !this.#neighbours.filter(isUsable).some(known(address)));
    await this.#verb("resolve", () => {
      for (const address of wanted) {
        const mac = this.#segment.get(address);
        const entry = { linkIndex, address, mac, state: mac === undefined ? NUD_INCOMPLETE : NUD_REACHABLE };
        this.#neighbours = [...this.#neighbours.filter((other) => !known(address)(other)), entry];
      }
      return "done";
    });
    return wanted;
  }

  async subscribe(onEvent: (event: KernelEvent) => void): Promise<void> {
    this.#listeners.add(onEvent);
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
  }

  // Habits.

  /** IPv4 keeps its addresses, IPv6 does not; routes go in both. */
  #dropOfDownLink(linkIndex: number): void {
    this.#dropRoutes((route) => route.linkIndex === linkIndex);
    this.#dropAddresses((address) => address.linkIndex === linkIndex && familyOf(address.address) === 6);
  }

  /** "Last address was deleted from this interface. Disable IP." (fib_frontend.c); IPv6 has no such habit. */
  #flushWithLastAddress({ linkIndex, address }: Address): void {
    const isIpv4 = (other: Address) => other.linkIndex === linkIndex && familyOf(other.address) === 4;
    if (familyOf(address) === 6 || this.#addresses.some(isIpv4)) return;
    this.#dropRoutes((route) => route.linkIndex === linkIndex && route.family === 4);
  }

  #demandGateway({ family, table, gateway, linkIndex }: Route): void {
    if (gateway === undefined) return;
    const reachable = this.#routes.some(
      (route) =>
        route.family === family &&
        route.gateway === undefined &&
        route.linkIndex === linkIndex &&
        (route.table === table || route.table === MAIN_TABLE) &&
        route.destination !== undefined &&
        prefixContains(route.destination, gateway),
    );
    if (!reachable) throw new RoutingError("GATEWAY_UNREACHABLE", `no route of link ${linkIndex} leads to ${gateway}`);
  }

  #dropAddresses(goes: (address: Address) => boolean): void {
    const gone = this.#addresses.filter(goes);
    this.#addresses = this.#addresses.filter((address) => !gone.includes(address));
    for (const address of gone) this.#emit({ t: "address-removed", address });
  }

  /** The kernel tells of flushed IPv6 routes only: IPv4 ones go without an event. */
  #dropRoutes(goes: (route: Route) => boolean): void {
    const gone = this.#routes.filter(goes);
    this.#routes = this.#routes.filter((route) => !gone.includes(route));
    for (const route of gone) if (route.family === 6) this.#emit({ t: "route-removed", route });
  }

  async #dump<T>(name: DumpName, items: readonly T[]): Promise<Dump<T>> {
    this.#demandOpen();
    const interruptions = this.#interruptions.get(name) ?? 0;
    if (interruptions === 0) return { complete: true, items };
    this.#interruptions.set(name, interruptions - 1);
    return { complete: false, items: items.slice(0, Math.floor(items.length / 2)) };
  }

  async #verb(name: VerbName, act: () => Outcome): Promise<Outcome> {
    this.#demandOpen();
    this.calls.push(name);
    this.beforeVerb(name);
    const error = this.#failures.get(name);
    this.#failures.delete(name);
    if (error !== undefined) throw error;
    const outcome = act();
    this.afterVerb(name);
    if (this.#lostAnswers.delete(name)) throw new RoutingError("KERNEL_TIMEOUT", `no answer to ${name}`);
    return outcome;
  }

  #demandOpen(): void {
    if (this.#closed) throw new RoutingError("KERNEL_CLOSED", "the kernel connection was closed by its owner");
  }

  #emit(event: KernelEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function isSameAddress(one: Address, other: Address): boolean {
  if (one.linkIndex !== other.linkIndex || one.address !== other.address) return false;
  return familyOf(one.address) === 6 || one.prefixLength === other.prefixLength;
}

function hasSameKey(one: Route, other: Route): boolean {
  return (
    one.family === other.family &&
    one.table === other.table &&
    one.destination === other.destination &&
    one.metric === other.metric
  );
}

function isSameRule(one: Rule, other: Rule): boolean {
  return (
    one.family === other.family &&
    one.priority === other.priority &&
    one.source === other.source &&
    one.table === other.table &&
    one.protocol === other.protocol
  );
}
