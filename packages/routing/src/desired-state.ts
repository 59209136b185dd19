/**
 * What the kernel should hold for a VIP, as values: the address, the policy routing that sends its answers back by its
 * own link, and the hold gate that silences it. Pure; how to get there from what is there is plan.ts. Why each object: docs/how-failover-works.md.
 */
import type { GateTarget } from "./gate.ts";
import type { Address, Family, Route, Rule } from "./model.ts";
import type { InterfaceName } from "./values/interface-name.ts";
import { familyOf, hostPrefixLength, type IpAddress } from "./values/ip-address.ts";
import { hostPrefix, type InterfaceAddress } from "./values/ip-prefix.ts";

/** By what our own things are known again after a restart. Two instances in one network namespace need two owners. */
export interface Owner {
  /** rtm_protocol, FRA_PROTOCOL and IFA_PROTO. */
  readonly protocol: number;
  /** IFA_LABEL, for kernels without IFA_PROTO (before 5.18); IPv4 only. undefined: the link's name leaves no room. */
  readonly addressLabel: string | undefined;
}

/** A VIP, and where it belongs. */
export interface Placement {
  readonly vip: IpAddress;
  /** Without a gateway there is no policy routing, only the address. */
  readonly gateway: InterfaceAddress | undefined;
  readonly linkName: InterfaceName;
  readonly linkIndex: number;
  /** namespace/name of the Lease that the VIP is held by: the gate's mark. */
  readonly lease: string;
  readonly table: number;
  readonly rulePriority: number;
  readonly owner: Owner;
}

/**
 * How the gate should be.
 * none: nothing of ours. closed: ready to be opened. open, to "take": a write was confirmed, so it is opened afresh,
 * however it is. open, to "keep": what is open stays open, what is gone is made again with the deadline that it had,
 * and what is closed stays closed, since nobody may open what has lapsed without another confirmed write.
 */
export type GateAim =
  | { readonly t: "none"; readonly target: GateTarget | undefined }
  | { readonly t: "closed"; readonly target: GateTarget; readonly lease: string }
  | { readonly t: "open"; readonly target: GateTarget; readonly lease: string; readonly to: HoldIntent };

export type HoldIntent = "take" | "keep";

/** Everything of `owner` that should be there; whatever else of it is found is a leftover. In the order of making. */
export interface DesiredState {
  readonly owner: Owner;
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly gate: GateAim;
  /** Without their lifetime: it is worked out right before each write (hold.ts). */
  readonly addresses: readonly Address[];
}

/** Worse than any route somebody sets by hand, so that it only catches what would otherwise leave by another link. */
const FAIL_CLOSED_METRIC = 4278198272;
/** The kernel gives IPv6 routes this metric when none is asked for (IP6_RT_PRIO_USER), and 0 means "none asked for". */
const IPV6_METRIC = 1024;
const LONGEST_LABEL = 15;

/** The label is the link's name and a suffix of ours: ifconfig shows it as an alias, and `ip addr` prints it. */
export function ownerOf(protocol: number, interfaceName: InterfaceName): Owner {
  const label = `${interfaceName}:vckv`;
  return { protocol, addressLabel: label.length <= LONGEST_LABEL ? label : undefined };
}

/** Nothing of ours: the aim of a stop, and of the sweep that a start begins with. */
export function nothing(owner: Owner, target: GateTarget | undefined): DesiredState {
  return { owner, routes: [], rules: [], gate: { t: "none", target }, addresses: [] };
}

/** All but the address, and the gate closed: harmless while another replica holds the VIP, and done before it is needed. */
export function preparedState(placement: Placement): DesiredState {
  const { vip, gateway, table, rulePriority: priority, owner, lease } = placement;
  const gate: GateAim = { t: "closed", target: gateTargetOf(placement), lease };
  if (gateway === undefined) return { owner, routes: [], rules: [], gate, addresses: [] };
  const { protocol } = owner;
  const rule: Rule = { family: familyOf(vip), priority, source: hostPrefix(vip), table, protocol };
  return { owner, routes: routesOf(placement, gateway), rules: [rule], gate, addresses: [] };
}

/** The VIP is here. */
export function heldState(placement: Placement, to: HoldIntent): DesiredState {
  const { vip, linkIndex, owner, lease } = placement;
  const address: Address = {
    linkIndex,
    address: vip,
    prefixLength: hostPrefixLength(vip),
    validSeconds: undefined,
    protocol: owner.protocol,
    label: familyOf(vip) === 4 ? owner.addressLabel : undefined,
  };
  const gate: GateAim = { t: "open", target: gateTargetOf(placement), lease, to };
  return { ...preparedState(placement), gate, addresses: [address] };
}

export function gateTargetOf({ vip, linkName, linkIndex }: Placement): GateTarget {
  return { vip, linkName, linkIndex };
}

function routesOf(placement: Placement, gateway: InterfaceAddress): readonly Route[] {
  const { linkIndex, table, owner } = placement;
  const family: Family = familyOf(placement.vip);
  const common = { family, table, protocol: owner.protocol, type: "unicast", scope: "global" } as const;
  const metric = family === 4 ? 0 : IPV6_METRIC;
  return [
    // First: it makes the gateway resolvable, and serves the segment even when the gateway is dead.
    {
      ...common,
      destination: gateway.subnet,
      gateway: undefined,
      linkIndex,
      // IPv6 has no scopes for routes: the kernel reports every one as global.
      scope: family === 4 ? "link" : "global",
      metric,
    },
    { ...common, destination: undefined, gateway: gateway.address, linkIndex, metric },
    // Fail closed: without the link, answers from the VIP must not leave by the pod network. Has no device, so that it
    // survives what flushes the other two.
    {
      ...common,
      type: "unreachable",
      destination: undefined,
      gateway: undefined,
      linkIndex: undefined,
      metric: FAIL_CLOSED_METRIC,
    },
  ];
}
