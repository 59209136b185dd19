/**
 * ARP for IPv4 over Ethernet, as whole frames (RFC 826). What to send and when is forms.ts and schedule.ts.
 *
 *  14  2  hardware type: 1 (Ethernet)
 *  16  2  protocol type: 0x0800 (IPv4)
 *  18  1  hardware address length: 6
 *  19  1  protocol address length: 4
 *  20  2  operation: 1 request, 2 reply
 *  22  6  sender hardware address
 *  28  4  sender protocol address
 *  32  6  target hardware address
 *  38  4  target protocol address
 *  42     padding of the wire, ignored
 */
import {
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
  type MacAddress,
  macAddressBytes,
  macAddressFromBytes,
} from "@vcluster-kube-vip/routing";
import { ETHER_TYPE_ARP, ethernetFrame, readEthernetHeader, viewOf } from "./ethernet.ts";

export interface ArpFrame {
  readonly t: "arp";
  /** Of the Ethernet header. */
  readonly to: MacAddress;
  readonly from: MacAddress;
  readonly operation: "request" | "reply";
  readonly senderMac: MacAddress;
  readonly senderAddress: IpAddress;
  readonly targetMac: MacAddress;
  readonly targetAddress: IpAddress;
}

export type ArpMalformed = "truncated" | "not-arp" | "arp-not-ethernet-ipv4" | "arp-unknown-operation";

const ARP_BYTES = 28;
/** Hardware type, protocol type and both lengths, as one number each half: only this combination is ours. */
const ETHERNET_AND_IPV4 = 0x0001_0800;
const LENGTHS_6_AND_4 = 0x0604;
const REQUEST = 1;
const REPLY = 2;

/** @throws TypeError for an IPv6 address: ARP knows none. */
export function encodeArp(arp: ArpFrame): Uint8Array {
  const frame = ethernetFrame({ to: arp.to, from: arp.from, etherType: ETHER_TYPE_ARP }, ARP_BYTES);
  const view = viewOf(frame);
  view.setUint32(14, ETHERNET_AND_IPV4);
  view.setUint16(18, LENGTHS_6_AND_4);
  view.setUint16(20, arp.operation === "request" ? REQUEST : REPLY);
  frame.set(macAddressBytes(arp.senderMac), 22);
  frame.set(ipv4Bytes(arp.senderAddress), 28);
  frame.set(macAddressBytes(arp.targetMac), 32);
  frame.set(ipv4Bytes(arp.targetAddress), 38);
  return frame;
}

export function decodeArp(frame: Uint8Array): ArpFrame | ArpMalformed {
  const ethernet = readEthernetHeader(frame);
  if (ethernet === undefined) return "truncated";
  if (ethernet.etherType !== ETHER_TYPE_ARP) return "not-arp";
  // A slice that ends early is no address, so this also finds every truncation behind it.
  const targetAddress = ipAddressFromBytes(frame.subarray(38, 42));
  const targetMac = macAddressFromBytes(frame.subarray(32, 38));
  const senderAddress = ipAddressFromBytes(frame.subarray(28, 32));
  const senderMac = macAddressFromBytes(frame.subarray(22, 28));
  if (!targetAddress || !targetMac || !senderAddress || !senderMac) return "truncated";
  const view = viewOf(frame);
  if (view.getUint32(14) !== ETHERNET_AND_IPV4 || view.getUint16(18) !== LENGTHS_6_AND_4)
    return "arp-not-ethernet-ipv4";
  const operation = operationOf(view.getUint16(20));
  if (operation === undefined) return "arp-unknown-operation";
  const { to, from } = ethernet;
  return { t: "arp", to, from, operation, senderMac, senderAddress, targetMac, targetAddress };
}

function operationOf(value: number): ArpFrame["operation"] | undefined {
  if (value === REQUEST) return "request";
  return value === REPLY ? "reply" : undefined;
}

function ipv4Bytes(address: IpAddress): Uint8Array {
  const bytes = ipAddressBytes(address);
  if (bytes.length !== 4) throw new TypeError(`ARP has no room for ${address}`);
  return bytes;
}
