/**
 * The kernel objects that this project reads and writes, in the words of iproute2.
 * Values only: no wire format (rtnetlink/), no I/O (kernel.ts is the port).
 */
import type { IpAddress } from "./values/ip-address.ts";
import type { IpPrefix } from "./values/ip-prefix.ts";
import type { MacAddress } from "./values/mac-address.ts";

export type Family = 4 | 6;

/** A network interface. `ip link show` */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress | undefined;
  /** IFF_UP: an administrator wants it up. */
  readonly up: boolean;
  /** IFF_LOWER_UP: the cable (or the veth's other end) is there. */
  readonly carrier: boolean;
  readonly mtuBytes: number;
  /** IFLA_INFO_KIND ("veth", "macvlan", …); undefined for physical devices. */
  readonly kind: string | undefined;
  /** IFLA_IFALIAS: free text that stays with the link. `ip link set dev LINK alias TEXT` */
  readonly alias?: string | undefined;
  /** net.ipv4.conf.LINK.arp_ignore; undefined where the link speaks no IPv4. */
  readonly arpIgnore?: number | undefined;
}

/** Whether the kernel answers ARP on a link by itself, and the text that says who asked for it. */
export interface ArpSetting {
  readonly linkIndex: number;
  /** 0: for every address of the host; 1: for those of the link; 8: for none. See `Kernel.setArp`. */
  readonly arpIgnore: number;
  /** At most 255 bytes; undefined takes the alias away. */
  readonly alias: string | undefined;
}

/** An address on a link. `ip addr show` */
export interface Address {
  readonly linkIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Seconds until the kernel removes it; undefined is for ever. */
  readonly validSeconds: number | undefined;
  /** IFA_PROTO (Linux 5.18); undefined where the kernel reports none. */
  readonly protocol: number | undefined;
  /** IFA_LABEL: carries our mark where IFA_PROTO is missing. IPv4 only. */
  readonly label: string | undefined;
}

/** A route of one table. `ip route show table T` */
export interface Route {
  readonly family: Family;
  readonly table: number;
  readonly protocol: number;
  readonly type: "unicast" | "unreachable";
  /** undefined is the default route. */
  readonly destination: IpPrefix | undefined;
  readonly gateway: IpAddress | undefined;
  readonly linkIndex: number | undefined;
  readonly scope: "global" | "link";
  readonly metric: number;
}

/** A policy rule. `ip rule show` */
export interface Rule {
  readonly family: Family;
  readonly priority: number;
  readonly source: IpPrefix | undefined;
  readonly table: number;
  readonly protocol: number;
}

/** Whom a packet is handed to: a gateway, or its destination. `ip route get ADDRESS from SOURCE` */
export interface NextHop {
  readonly linkIndex: number;
  readonly address: IpAddress;
}

/** The cache of all neighbours of one family, shared by all network namespaces of the machine. */
export interface NeighbourTable {
  readonly family: Family;
  readonly entries: number;
  /** gc_thresh3. */
  readonly entriesMax: number;
  /** How often there was no room for an entry, since boot: then a machine that is not known gets no answer. */
  readonly overflows: number;
}

/** An entry of the neighbour cache. `ip neigh show` */
export interface Neighbour {
  readonly linkIndex: number;
  readonly address: IpAddress;
  readonly mac: MacAddress | undefined;
  /** NUD_* bits as the kernel gives them. */
  readonly state: number;
}

/** NUD_PERMANENT, NOARP, REACHABLE, STALE, DELAY and PROBE; without one of them (INCOMPLETE, FAILED) a packet waits. */
const NUD_VALID = 0xde;

/** Whether a packet for it leaves at once. */
export function isUsable({ state }: Neighbour): boolean {
  return (state & NUD_VALID) !== 0;
}

export type KernelEvent =
  | { readonly t: "link"; readonly link: Link }
  | { readonly t: "link-removed"; readonly linkIndex: number; readonly name: string }
  | { readonly t: "address"; readonly address: Address }
  | { readonly t: "address-removed"; readonly address: Address }
  | { readonly t: "route-changed"; readonly route: Route }
  | { readonly t: "route-removed"; readonly route: Route }
  | { readonly t: "rule-changed"; readonly rule: Rule }
  | { readonly t: "rule-removed"; readonly rule: Rule }
  /** The kernel dropped events (ENOBUFS): what is known may be wrong until it is read again. */
  | { readonly t: "overrun" };
