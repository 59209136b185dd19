/** The rules of a relay: what of a frame is its matter, and where it goes. Why they are so: relay.ts. Pure. */
import type { GateTarget } from "../gate.ts";
import { familyOf, type IpAddress } from "../values/ip-address.ts";
import { type MacAddress, macAddressBytes } from "../values/mac-address.ts";
import {
  accept,
  addTo,
  compare,
  forward,
  isIn,
  jump,
  loadLink,
  loadMeta,
  loadNetwork,
  loadTransport,
  loadTransportBehind,
  loadValue,
  mask,
  notIn,
  storeLink,
} from "./expression.ts";
import { hostNumber32 } from "./node.ts";
import { OPEN_SET, type Rule } from "./rule.ts";

/** The set that has the VIP as long as the relay is armed. */
export const RELAYING_SET = "relaying";
/** The set of the connections that began here since. */
export const BEGUN_SET = "begun";
export const RELAY_CHAIN = "relay";

const TO_THIS_HOST = Uint8Array.of(0);
const ETHERNET = Uint8Array.of(1, 0);
const TCP = Uint8Array.of(6);
const TCP_FLAGS = 13;
const SYN = Uint8Array.of(0x02);
const SYN_AND_ACK = Uint8Array.of(0x12);
const MAC_BYTES = 6;
const DESTINATION_MAC = 0;
const SOURCE_MAC = 6;

const IP = {
  4: { etherType: Uint8Array.of(0x08, 0x00), source: 12, destination: 16, bytes: 4 },
  6: { etherType: Uint8Array.of(0x86, 0xdd), source: 8, destination: 24, bytes: 16 },
} as const;

/** `nft`: meta pkttype host meta l4proto tcp ip daddr @open ip daddr @relaying jump relay */
export function ingressRule({ vip }: GateTarget): Rule {
  const { destination, bytes } = IP[familyOf(vip)];
  const isToThisHost: Rule = [loadMeta("pkttype"), compare("equal", TO_THIS_HOST)];
  const address = loadNetwork(destination, bytes);
  return [
    ...isToThisHost,
    ...isTcp(),
    ...isIp(vip),
    ...[address, isIn(OPEN_SET)],
    ...[address, isIn(RELAYING_SET)],
    jump(RELAY_CHAIN),
  ];
}

/**
 * `nft`: tcp flags & (syn | ack) == syn add @begun { ip saddr . tcp sport } accept; ip saddr . tcp sport != @begun
 * ether saddr != GIVER ether saddr set ether daddr ether daddr set GIVER fwd to LINK
 */
export function relayRules({ vip, linkIndex }: GateTarget, giver: MacAddress): readonly Rule[] {
  const begins: Rule = [loadTransport(TCP_FLAGS, 1), mask(SYN_AND_ACK), compare("equal", SYN)];
  const isEthernet: Rule = [loadMeta("iiftype"), compare("equal", ETHERNET)];
  const isOfAnother: Rule = [loadLink(SOURCE_MAC, MAC_BYTES), compare("unequal", macAddressBytes(giver))];
  const fromHere: Rule = [loadLink(DESTINATION_MAC, MAC_BYTES), storeLink(SOURCE_MAC, MAC_BYTES)];
  const toGiver: Rule = [loadValue(macAddressBytes(giver)), storeLink(DESTINATION_MAC, MAC_BYTES)];
  return [
    [...isTcp(), ...begins, ...isIp(vip), ...loadConnection(vip), addTo(BEGUN_SET), accept()],
    [
      ...[...isIp(vip), ...isTcp(), ...loadConnection(vip), notIn(BEGUN_SET)],
      ...[...isEthernet, ...isOfAnother],
      ...[...fromHere, ...toGiver, loadValue(hostNumber32(linkIndex)), forward()],
    ],
  ];
}

function isTcp(): Rule {
  return [loadMeta("l4proto"), compare("equal", TCP)];
}

function isIp(vip: IpAddress): Rule {
  return [loadMeta("protocol"), compare("equal", IP[familyOf(vip)].etherType)];
}

/** A fragment without ports has none to load, and stays here. */
function loadConnection(vip: IpAddress): Rule {
  const { source, bytes } = IP[familyOf(vip)];
  return [loadNetwork(source, bytes), loadTransportBehind(bytes, 0, 2)];
}
