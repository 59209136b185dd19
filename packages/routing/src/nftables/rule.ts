/** The rules of a gate: what of a host makes others send to it what is for the VIP, and how it is silenced. Pure. */
import { familyOf, type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import {
  compare,
  drop,
  type Expression,
  loadMeta,
  loadNetwork,
  loadTransport,
  notIn,
  REGISTER_AFTER,
  toNetworkOrder,
} from "./expression.ts";

export type Rule = readonly Expression[];

/** The set of what is open now: (VIP, from 0 to T), with a timeout. */
export const OPEN_SET = "open";

const ETHERTYPE_ARP = Uint8Array.of(0x08, 0x06);
const ETHERTYPE_IPV6 = Uint8Array.of(0x86, 0xdd);
const ARP_SENDER_IP = 14;
const IPV6_SOURCE = 8;
const ICMPV6 = Uint8Array.of(58);
const ICMPV6_TARGET = 8;
const NEIGHBOUR_SOLICITATION = Uint8Array.of(135);
const NEIGHBOUR_ADVERTISEMENT = Uint8Array.of(136);
/** Of `meta time`: nanoseconds since the epoch. */
export const TIME_BYTES = 8;

/** @param ofFrames - for frames of any protocol (netdev); false where the hook has but one (arp, ip6). */
export function gateRules(vip: IpAddress, ofFrames: boolean): readonly Rule[] {
  const only = (etherType: Uint8Array): Rule => (ofFrames ? [loadMeta("protocol"), compare("equal", etherType)] : []);
  if (familyOf(vip) === 4) return [[...only(ETHERTYPE_ARP), ...silence(vip, loadNetwork(ARP_SENDER_IP, 4))]];
  const icmp = [...only(ETHERTYPE_IPV6), loadMeta("l4proto"), compare("equal", ICMPV6)];
  return [
    [...icmp, ...advertisement(), ...silence(vip, loadTransport(ICMPV6_TARGET, 16))],
    [...icmp, ...solicitationOrAdvertisement(), ...silence(vip, loadNetwork(IPV6_SOURCE, 16))],
  ];
}

/**
 * `nft`: arp saddr ip VIP arp saddr ip . meta time != @open drop. The address is loaded twice, as nft does it, which
 * would otherwise print the rule as numbers.
 */
function silence(vip: IpAddress, loadAddress: Expression): Rule {
  const address = ipAddressBytes(vip);
  const timeRegister = address.length === 4 ? REGISTER_AFTER[4] : REGISTER_AFTER[16];
  return [
    loadAddress,
    compare("equal", address),
    loadAddress,
    loadMeta("time", timeRegister),
    toNetworkOrder(timeRegister, TIME_BYTES),
    notIn(OPEN_SET),
    drop(),
  ];
}

function advertisement(): Rule {
  return [loadTransport(0, 1), compare("equal", NEIGHBOUR_ADVERTISEMENT)];
}

/** A solicitation from the VIP teaches its receiver where the VIP is, too (RFC 4861 section 7.2.3). */
function solicitationOrAdvertisement(): Rule {
  return [loadTransport(0, 1), compare("atLeast", NEIGHBOUR_SOLICITATION), compare("atMost", NEIGHBOUR_ADVERTISEMENT)];
}
