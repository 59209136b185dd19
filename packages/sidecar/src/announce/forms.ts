/**
 * What goes on the wire, by what it is for. When it goes is schedule.ts.
 * Measured on Linux receivers: a gratuitous request, and a gratuitous reply whose target hardware address is its
 * sender's, change a neighbour entry at once. A reply to the broadcast address is ignored for a second after the last
 * change (locktime) and is never sent here. "Who has NEIGHBOUR, tell VIP" changes the neighbour's entry, creates one
 * where there was none, *and is answered*: the only announcement that its sender knows to have arrived.
 */
import {
  BROADCAST_MAC,
  familyOf,
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
  type MacAddress,
  macAddressFromBytes,
  ZERO_MAC,
} from "@vcluster-kube-vip/routing";
import { encodeArp } from "./arp.ts";
import { encodeNeighbour } from "./neighbour-discovery.ts";

/** The VIP is at this MAC address: ours. */
export interface Claim {
  readonly vip: IpAddress;
  readonly mac: MacAddress;
}

/** Somebody who should learn of the claim; without a MAC address it is asked by broadcast. */
export interface Neighbour {
  readonly address: IpAddress;
  readonly mac: MacAddress | undefined;
}

const IPV6_UNSPECIFIED = addressOf(new Uint8Array(16));
const IPV4_UNSPECIFIED = addressOf(new Uint8Array(4));
const ALL_NODES = addressOf(Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));

/** To everybody, in every form that receivers take at once. IPv4: request and reply (RFC 5944 4.6); IPv6: one. */
export function announcements(claim: Claim): readonly Uint8Array[] {
  if (familyOf(claim.vip) === 6) return [unsolicitedAdvertisement(claim)];
  return [gratuitousRequest(claim), gratuitousReply(claim)];
}

/** To everybody, one frame: keeps switches and late comers informed. */
export function refresh(claim: Claim): Uint8Array {
  return familyOf(claim.vip) === 6 ? unsolicitedAdvertisement(claim) : gratuitousRequest(claim);
}

/** "Who has NEIGHBOUR, tell VIP": an answer to us is an acknowledged takeover. */
export function question({ vip, mac }: Claim, { address, mac: to }: Neighbour): Uint8Array {
  if (familyOf(vip) === 6) {
    const destination = solicitedNode(address);
    return encodeNeighbour({
      t: "solicitation",
      to: to ?? multicastMac(destination),
      from: mac,
      source: vip,
      destination: to === undefined ? destination : address,
      target: address,
      linkLayer: mac,
    });
  }
  return arpRequest(mac, vip, address, to);
}

/**
 * "Does anybody have the VIP?", without claiming it: sender 0.0.0.0 (RFC 5227 2.1.1), or :: (RFC 4862 5.4.2). A holder
 * answers this; it would not answer a gratuitous request, whose sender is its own address.
 */
export function probe({ vip, mac }: Claim): Uint8Array {
  if (familyOf(vip) === 6) {
    const destination = solicitedNode(vip);
    return encodeNeighbour({
      t: "solicitation",
      to: multicastMac(destination),
      from: mac,
      source: IPV6_UNSPECIFIED,
      destination,
      target: vip,
      linkLayer: undefined,
    });
  }
  return arpRequest(mac, IPV4_UNSPECIFIED, vip);
}

/**
 * "Who has NEIGHBOUR?", without claiming anything: sender 0.0.0.0, so that no table changes, and answered like any probe
 * of an address in use (RFC 5227 2.1.1). undefined for IPv6, where the answer would go to every node of the segment
 * (RFC 4862 5.4.3).
 */
export function greeting({ vip, mac }: Claim, { address, mac: to }: Neighbour): Uint8Array | undefined {
  return familyOf(vip) === 6 ? undefined : arpRequest(mac, IPV4_UNSPECIFIED, address, to);
}

/** "Who has `target`? Tell `sender`", with the target's hardware address unknown (RFC 826). */
function arpRequest(mac: MacAddress, sender: IpAddress, target: IpAddress, to: MacAddress = BROADCAST_MAC): Uint8Array {
  return encodeArp({
    t: "arp",
    to,
    from: mac,
    operation: "request",
    senderMac: mac,
    senderAddress: sender,
    targetMac: ZERO_MAC,
    targetAddress: target,
  });
}

function gratuitousRequest({ vip, mac }: Claim): Uint8Array {
  return arpRequest(mac, vip, vip);
}

function gratuitousReply({ vip, mac }: Claim): Uint8Array {
  return encodeArp({
    t: "arp",
    to: BROADCAST_MAC,
    from: mac,
    operation: "reply",
    senderMac: mac,
    senderAddress: vip,
    targetMac: mac,
    targetAddress: vip,
  });
}

/** RFC 4861 7.2.6: without Override, or without the option, Linux keeps the old entry. */
function unsolicitedAdvertisement({ vip, mac }: Claim): Uint8Array {
  return encodeNeighbour({
    t: "advertisement",
    to: multicastMac(ALL_NODES),
    from: mac,
    source: vip,
    destination: ALL_NODES,
    target: vip,
    linkLayer: mac,
    router: false,
    solicited: false,
    override: true,
  });
}

/** ff02::1:ffXX:XXXX (RFC 4291 2.7.1): the group that the address's owner listens to. */
function solicitedNode(address: IpAddress): IpAddress {
  const bytes = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0);
  bytes.set(ipAddressBytes(address).subarray(13), 13);
  return addressOf(bytes);
}

/** 33:33 and the last four bytes of the group (RFC 2464 section 7). */
function multicastMac(group: IpAddress): MacAddress {
  const bytes = Uint8Array.of(0x33, 0x33, ...ipAddressBytes(group).subarray(12));
  return macAddressFromBytes(bytes) ?? BROADCAST_MAC;
}

function addressOf(bytes: Uint8Array): IpAddress {
  const address = ipAddressFromBytes(bytes);
  if (address === undefined) throw new TypeError(`${bytes.length} bytes are no address`);
  return address;
}
