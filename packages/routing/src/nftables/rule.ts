/** The rules of a gate: what of a host makes others send to it what is for the VIP, and how it is silenced. Pure. */
import { decodeAttributeList } from "../netlink/attribute.ts";
import { familyOf, type IpAddress, ipAddressBytes } from "../values/ip-address.ts";
import {
  compare,
  comparedNumber64,
  drop,
  type Expression,
  jump,
  loadMeta,
  loadNetwork,
  loadTransport,
  notIn,
  toNetworkOrder,
} from "./expression.ts";
import { number64 } from "./node.ts";

export type Rule = readonly Expression[];

/** The set that has the VIP as long as the gate is open: its element carries the timeout. */
export const OPEN_SET = "open";

/** The chain that has T. The other rules jump to it, so that a refresh writes one rule, however many they are. */
export const DEADLINE_CHAIN = "deadline";

const ETHERTYPE_ARP = Uint8Array.of(0x08, 0x06);
const ETHERTYPE_IPV6 = Uint8Array.of(0x86, 0xdd);
const ARP_SENDER_IP = 14;
const IPV6_SOURCE = 8;
const ICMPV6 = Uint8Array.of(58);
const ICMPV6_TARGET = 8;
const NEIGHBOUR_SOLICITATION = Uint8Array.of(135);
const NEIGHBOUR_ADVERTISEMENT = Uint8Array.of(136);
/** `meta time` is in nanoseconds since the epoch, of 8 bytes. */
const TIME_BYTES = 8;
const NANOSECONDS = 1_000_000n;

/** What makes others send here what is for the VIP: how it is recognized, and from where its address is loaded. */
interface Speech {
  readonly match: Rule;
  readonly loadAddress: Expression;
}

/** Silence from T on, for what is sent here by constantRules. `nft`: meta time >= T drop */
export function deadlineRule(untilWallMs: number): Rule {
  const nanoseconds = number64(untilNanoseconds(untilWallMs));
  return [loadMeta("time"), toNetworkOrder(TIME_BYTES), compare("atLeast", nanoseconds), drop()];
}

/**
 * Silence from the deadline on, and unless the set has the VIP. `nft`: arp saddr ip VIP jump deadline; arp saddr ip VIP
 * arp saddr ip != @open drop. The address is loaded twice, as nft does it, which would otherwise print the rule as numbers.
 * @param ofFrames - for frames of any protocol (netdev); false where the hook has but one (arp, ip6).
 */
export function constantRules(vip: IpAddress, ofFrames: boolean): readonly Rule[] {
  const all = speeches(vip, ofFrames);
  return [
    ...all.map(({ match }) => [...match, jump(DEADLINE_CHAIN)]),
    ...all.map(({ match, loadAddress }) => [...match, loadAddress, notIn(OPEN_SET), drop()]),
  ];
}

/** T of a deadline's rule; undefined where it has none. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function readUntilWallMs(rule: Uint8Array): number | undefined {
  const [, expression] = decodeAttributeList(rule).at(-2) ?? [];
  const nanoseconds = expression === undefined ? undefined : comparedNumber64(expression);
  return nanoseconds === undefined || nanoseconds % NANOSECONDS !== 0n ? undefined : Number(nanoseconds / NANOSECONDS);
}

/** As `meta time` is compared with it. */
export function untilNanoseconds(untilWallMs: number): bigint {
  return BigInt(untilWallMs) * NANOSECONDS;
}

function speeches(vip: IpAddress, ofFrames: boolean): readonly Speech[] {
  const only = (etherType: Uint8Array): Rule => (ofFrames ? [loadMeta("protocol"), compare("equal", etherType)] : []);
  const speech = (match: Rule, loadAddress: Expression): Speech => ({
    match: [...match, loadAddress, compare("equal", ipAddressBytes(vip))],
    loadAddress,
  });
  if (familyOf(vip) === 4) return [speech(only(ETHERTYPE_ARP), loadNetwork(ARP_SENDER_IP, 4))];
  const icmp = [...only(ETHERTYPE_IPV6), loadMeta("l4proto"), compare("equal", ICMPV6)];
  return [
    speech([...icmp, ...advertisement()], loadTransport(ICMPV6_TARGET, 16)),
    speech([...icmp, ...solicitationOrAdvertisement()], loadNetwork(IPV6_SOURCE, 16)),
  ];
}

function advertisement(): Rule {
  return [loadTransport(0, 1), compare("equal", NEIGHBOUR_ADVERTISEMENT)];
}

/** A solicitation from the VIP teaches its receiver where the VIP is, too (RFC 4861 section 7.2.3). */
function solicitationOrAdvertisement(): Rule {
  return [loadTransport(0, 1), compare("atLeast", NEIGHBOUR_SOLICITATION), compare("atMost", NEIGHBOUR_ADVERTISEMENT)];
}
