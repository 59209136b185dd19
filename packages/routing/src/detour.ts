/**
 * The port to the detour: while the own listener is dead or about to die and the VIP has not moved yet, the kernel hands
 * new connections to the VIP to another local port, where a proxy passes them to a replica that serves. It speaks for
 * nobody: who answers for the VIP on the segment stays the gate's matter. Implemented by nftables/nft-detour.ts (real)
 * and testing/ (in memory). Connections that are there already stay with whoever accepted them.
 */
import type { IpAddress } from "./values/ip-address.ts";

/** Which connections go another way: those that begin on this link, to the VIP's `port`. */
export interface DetourTarget {
  readonly vip: IpAddress;
  /** 1 to 65535. */
  readonly port: number;
  /** Connections from elsewhere, the proxy's own and the pod's among them, are none of its matter. */
  readonly linkIndex: number;
}

export interface Detour {
  /**
   * Tries, in a transaction that changes nothing, whether this kernel has all of it, and takes away what an earlier life
   * left of it.
   * @throws RoutingError DETOUR_UNSUPPORTED: do without, and say so once; KERNEL_*
   */
  prepare(): Promise<void>;
  /**
   * New connections end at `toPort` of the VIP, for `timeoutMs` from now on: so long after its process has died, the
   * port's own listener is reached again. Repeated, it lasts as long anew.
   * @throws RoutingError DETOUR_UNSUPPORTED: do without; KERNEL_*
   * Equivalent to: nft "add rule inet … tcp flags & (syn | ack) == syn ip daddr VIP tcp dport PORT dnat to VIP:TO"
   */
  open(target: DetourTarget, toPort: number, timeoutMs: number): Promise<void>;
  /**
   * Nothing of it is left: connections that went by it are reset by the kernel when they next say something.
   * @throws RoutingError KERNEL_*
   * Equivalent to: nft delete table inet …
   */
  close(): Promise<void>;
  /** Closes the netlink socket; the kernel keeps what is there. */
  end(): void;
}
