/** AF_NETLINK: datagrams to and from the kernel. Reads none of them. See netlink(7). */
import { native } from "./native.ts";
import { openSocket, type RawSocket, type Receiver } from "./open-socket.ts";

export interface NetlinkSocketOptions extends Receiver {
  /** NETLINK_ROUTE (0), NETLINK_NETFILTER (12), … of linux/netlink.h. */
  readonly protocol: number;
  /** Multicast groups as the bits of nl_groups (groups 1 to 32). Default: none. */
  readonly groups?: number;
  /** What the kernel may queue for us before it reports RAW_SOCKET_OVERRUN. Default 1 MiB. */
  readonly receiveBufferBytes?: number;
}

/** About 1500 notifications of a few hundred bytes, each charged with its socket buffer. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * Asks the kernel for error texts (extended acknowledgements) and strict dumps where it has them. Datagrams from other
 * processes are dropped. Reading needs no capability.
 * @throws RawSocketError RAW_SOCKET_PERMISSION, RAW_SOCKET_UNSUPPORTED, RAW_SOCKET_FAILED.
 */
export function openNetlinkSocket(options: NetlinkSocketOptions): RawSocket {
  const { protocol, groups = 0, receiveBufferBytes = RECEIVE_BUFFER_BYTES } = options;
  return openSocket(`a netlink socket (protocol ${protocol})`, options, (onDatagram) =>
    native().openNetlink(protocol, groups, receiveBufferBytes, onDatagram),
  );
}
