/** Bytes in and out of AF_PACKET and AF_NETLINK. Knows neither ARP nor rtnetlink: codecs live with their users. */
export { type NetlinkSocketOptions, openNetlinkSocket } from "./netlink-socket.ts";
export type { RawSocket, Receiver } from "./open-socket.ts";
export { type FilterInstruction, openPacketSocket, type PacketSocketOptions } from "./packet-socket.ts";
export { RawSocketError, type RawSocketErrorCode } from "./raw-socket-error.ts";
