/**
 * The port to the kernel's network configuration. Implemented by rtnetlink/ (real) and testing/ (in memory, with the
 * real one's habits). Each verb is one request; outcomes that a caller expects ("exists", "missing") are results,
 * everything else is a RoutingError.
 */
import type {
  Address,
  ArpSetting,
  Family,
  KernelEvent,
  Link,
  Neighbour,
  NeighbourTable,
  NextHop,
  Route,
  Rule,
} from "./model.ts";
import type { IpAddress } from "./values/ip-address.ts";

/** "done": the kernel changed. "exists" (EEXIST) and "missing" (ESRCH, EADDRNOTAVAIL, ENODEV): it already was so. */
export type Outcome = "done" | "exists" | "missing";

/** "complete", or "interrupted": the kernel changed while it was read; absence in it means nothing. */
export interface Dump<T> {
  readonly complete: boolean;
  readonly items: readonly T[];
}

export interface Kernel {
  /** Equivalent to: ip link show */
  links(): Promise<Dump<Link>>;
  /** Equivalent to: ip addr show */
  addresses(): Promise<Dump<Address>>;
  /** Equivalent to: ip route show table all */
  routes(family: Family): Promise<Dump<Route>>;
  /** Equivalent to: ip rule show */
  rules(family: Family): Promise<Dump<Rule>>;
  /** Equivalent to: ip neigh show dev LINK */
  neighbours(linkIndex: number): Promise<Dump<Neighbour>>;
  /**
   * undefined: it would be handed to nobody (this very host, no route, or an IPv4 source that is not ours).
   * Equivalent to: ip route get ADDRESS from SOURCE
   */
  nextHop(address: IpAddress, source: IpAddress): Promise<NextHop | undefined>;
  /** undefined: the kernel does not say. Equivalent to: ip -s ntable show name arp_cache (or ndisc_cache) */
  neighbourTable(family: Family): Promise<NeighbourTable | undefined>;

  /** Equivalent to: ip addr replace ADDRESS/LENGTH dev LINK proto P noprefixroute [nodad] [valid_lft S] */
  replaceAddress(address: Address): Promise<Outcome>;
  /** Equivalent to: ip addr del ADDRESS/LENGTH dev LINK */
  deleteAddress(address: Address): Promise<Outcome>;
  /** Equivalent to: ip route replace DESTINATION [via GATEWAY] dev LINK table T proto P */
  replaceRoute(route: Route): Promise<Outcome>;
  /** Equivalent to: ip route del … */
  deleteRoute(route: Route): Promise<Outcome>;
  /** Equivalent to: ip rule add pref N from SOURCE lookup T protocol P (NLM_F_EXCL: without it a twin is added) */
  addRule(rule: Rule): Promise<Outcome>;
  /** Equivalent to: ip rule del … */
  deleteRule(rule: Rule): Promise<Outcome>;

  /**
   * Both in one request, and without /proc/sys, which is read-only in pods. In force is the larger of this value and
   * net.ipv4.conf.all.arp_ignore, and the kernel takes every number above 8 as 0. A link that is up tells of it with
   * an event; a change by way of /proc/sys has none. Equivalent to:
   * ip link set dev LINK alias TEXT; sysctl -w net.ipv4.conf.LINK.arp_ignore=N
   */
  setArp(setting: ArpSetting): Promise<Outcome>;

  /**
   * Makes the kernel ask for those neighbours that it has no usable entry for, and does not wait for their answers. An
   * entry that can be used is left alone: asked to use it, the kernel would take its permanence away.
   * Equivalent to: ip neigh replace ADDRESS dev LINK use
   * @returns those that were asked for: called again, those that have not answered since.
   */
  resolve(linkIndex: number, addresses: readonly IpAddress[]): Promise<readonly IpAddress[]>;

  /** Events of links, addresses, routes and rules, from the moment the promise resolves until `close`. */
  subscribe(onEvent: (event: KernelEvent) => void): Promise<void>;
  /** Closes both sockets; pending requests are rejected with KERNEL_CLOSED. */
  close(): void;
}
