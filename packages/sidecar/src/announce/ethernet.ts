/**
 * The 14 bytes before every frame's payload (Ethernet II). No VLAN tags: the kernel strips them before AF_PACKET.
 *
 *   0  6  destination
 *   6  6  source
 *  12  2  EtherType
 */
import { type MacAddress, macAddressBytes, macAddressFromBytes } from "@vcluster-kube-vip/routing";

const ETHERNET_HEADER_BYTES = 14;
export const ETHER_TYPE_ARP = 0x0806;
export const ETHER_TYPE_IPV6 = 0x86dd;

export interface EthernetHeader {
  readonly to: MacAddress;
  readonly from: MacAddress;
  readonly etherType: number;
}

/** A frame with this header and room for the payload behind it. The driver pads to 60 bytes where the wire needs it. */
export function ethernetFrame({ to, from, etherType }: EthernetHeader, payloadBytes: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + payloadBytes);
  frame.set(macAddressBytes(to), 0);
  frame.set(macAddressBytes(from), 6);
  new DataView(frame.buffer).setUint16(12, etherType);
  return frame;
}

/** undefined: shorter than a header. */
export function readEthernetHeader(frame: Uint8Array): EthernetHeader | undefined {
  const to = macAddressFromBytes(frame.subarray(0, 6));
  const from = macAddressFromBytes(frame.subarray(6, 12));
  if (to === undefined || from === undefined || frame.length < ETHERNET_HEADER_BYTES) return undefined;
  return { to, from, etherType: viewOf(frame).getUint16(12) };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
