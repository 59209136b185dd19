/**
 * The port to the TCP sockets of this network namespace: who is connected to the VIP, and the end of those connections
 * while their resets still reach the peers (DESIGN rule 4.3). Implemented by sock-diag/ (real) and testing/ (in memory,
 * with the real one's habits). Touches no listener, and no connection of another local address.
 */
import type { Dump } from "./kernel.ts";
import type { IpAddress } from "./values/ip-address.ts";

/** In the words of `ss state …`. Of a peer in "time-wait" there is nothing to be told, so it is none of them. */
export type TcpState =
  | "established"
  | "syn-sent"
  | "syn-recv"
  | "fin-wait-1"
  | "fin-wait-2"
  | "close-wait"
  | "last-ack"
  | "closing";

/** A TCP connection of the VIP, half open or half closed ones included. */
export interface Connection {
  readonly localPort: number;
  /** IPv4 as such, also where a dual-stack listener took it (::ffff:10.100.0.50). */
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
  readonly state: TcpState;
}

export interface SocketTable {
  /**
   * What connects and disconnects meanwhile may be missing or told twice: the kernel takes no snapshot. Not complete:
   * there are more than 65,536, or the kernel dropped a part of its answer. Equivalent to: ss -tn src VIP
   * @throws RoutingError KERNEL_*
   */
  connections(vip: IpAddress): Promise<Dump<Connection>>;
  /**
   * Every connection of the VIP ends with a reset to its peer, and ECONNABORTED for its owner. A reset is a packet like
   * any other: it needs the VIP on this host and a usable neighbour entry of its next hop (`Kernel.resolve`), since
   * behind a closed gate the kernel cannot ask. Equivalent to: ss -K src VIP
   * @returns how many were destroyed.
   * @throws RoutingError KERNEL_PERMISSION, KERNEL_TIMEOUT (some may be destroyed, some not) and other KERNEL_*
   */
  destroy(vip: IpAddress): Promise<number>;
  /** Closes the netlink socket; pending requests are rejected with KERNEL_CLOSED. */
  close(): void;
}
