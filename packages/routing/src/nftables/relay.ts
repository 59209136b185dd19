/**
 * The relay: what of connections that began at the giver of a VIP reaches its next holder is passed on to the giver, who
 * serves them for a moment yet; else the kernel here, which knows no such connection, would reset it. It stands in the
 * gate's table of frames, and works only
 * - while the gate is open, and for RELAY_MS after it was armed, both by the kernel's clock: whoever is muted relays
 *   nothing, so that no two can pass one frame to each other;
 * - for frames to this host's own MAC address, and not for those from the giver (a host that forwards sends back what is
 *   for an address that it has no longer);
 * - for connections that did not begin here since it was armed.
 * A frame goes on under the MAC address that it came to: under its sender's, switches would look for the sender here.
 * Its rules are relay-rule.ts's. Pure.
 */
import { type GateTarget, RELAY_MS } from "../gate.ts";
import { text } from "../netlink/attribute.ts";
import { type Datagram, encodeDatagram, type NetlinkPart } from "../netlink/datagram.ts";
import { NLM_F_CREATE } from "../netlink/message.ts";
import { familyOf } from "../values/ip-address.ts";
import { type MacAddress, macAddressBytes } from "../values/mac-address.ts";
import { encodeFlush, encodeTimedElement } from "./element.ts";
import {
  ADDRESS_BYTES,
  ADDRESS_TYPE,
  CHAIN_NAME,
  encodeRules,
  OF_TABLE,
  SET_ID,
  SET_NAME,
  SET_TIMEOUT,
} from "./gate-table.ts";
import { encodeBatch, encodeNft, NFT_MSG } from "./message.ts";
import { type Node, number32, number64 } from "./node.ts";
import { placesOf } from "./opening.ts";
import { BEGUN_SET, ingressRule, RELAY_CHAIN, RELAYING_SET, relayRules } from "./relay-rule.ts";

const FAMILY = "netdev";
const INGRESS_CHAIN = "in";
const INGRESS = 0;
const POLICY_ACCEPT = 1;
/** NFT_SET_EVAL: rules put elements into it. */
const SET_DYNAMIC = 0x20;
/** Connections that are known to have begun here; those beyond are relayed as if they had not. */
const BEGUN_MAX = 65_535;
const SERVICE_TYPE = 13;
/** By which nft moves the first type of a key of two. */
const TYPE_BITS = 6;
/** Registers have 4 bytes: a port has one to itself. */
const SERVICE_BYTES = 4;

/** Stands in the prepared bytes for the giver, and in a relay that is not armed: no host has it. */
const ANY_GIVER = "fe:ff:ff:ff:ff:fe" as MacAddress;

/** Ready, and not armed, whatever of it is there. Equivalent to: nft "add set …; add chain …; flush chain …; add rule …" */
export function encodeRelay(tableName: string, target: GateTarget): readonly NetlinkPart[] {
  const family = familyOf(target.vip);
  const [type, bytes] = [ADDRESS_TYPE[family], ADDRESS_BYTES[family]];
  const table = { family: FAMILY, name: tableName } as const;
  return [
    encodeSet(tableName, RELAYING_SET, [
      [SET_ID, number32(1)],
      [3, number32(SET_TIMEOUT)],
      [4, number32(type)],
      [5, number32(bytes)],
    ]),
    encodeSet(tableName, BEGUN_SET, [
      [SET_ID, number32(2)],
      [3, number32(SET_TIMEOUT | SET_DYNAMIC)],
      [4, number32((type << TYPE_BITS) | SERVICE_TYPE)],
      [5, number32(bytes + SERVICE_BYTES)],
      [9, [[1, number32(BEGUN_MAX)]]],
      [11, number64(BigInt(RELAY_MS))],
    ]),
    encodeFlush(FAMILY, tableName, RELAYING_SET),
    encodeChain(tableName, RELAY_CHAIN),
    ...encodeRules(table, RELAY_CHAIN, relayRules(target, ANY_GIVER)),
    encodeChain(tableName, INGRESS_CHAIN, [
      [
        4,
        [
          [1, number32(INGRESS)],
          [2, number32(0)],
          [3, text(target.linkName)],
        ],
      ],
      [5, number32(POLICY_ACCEPT)],
      [7, text("filter")],
    ]),
    ...encodeRules(table, INGRESS_CHAIN, [ingressRule(target)]),
  ];
}

/**
 * @returns the datagram that arms it for such a giver; encoded beforehand, another one each time.
 * Equivalent to: nft "flush chain … relay; add rule …; flush set … relaying; add element … relaying { VIP timeout 250ms }"
 */
export function prepareArming(tableName: string, target: GateTarget): (giver: MacAddress) => Datagram {
  const verbs = [
    ...encodeRules({ family: FAMILY, name: tableName }, RELAY_CHAIN, relayRules(target, ANY_GIVER)),
    // One that is there would keep the time that it has.
    encodeFlush(FAMILY, tableName, RELAYING_SET),
    encodeTimedElement(FAMILY, tableName, RELAYING_SET, target.vip, RELAY_MS),
  ];
  const { bytes: prepared, offsets } = encodeDatagram(encodeBatch(verbs));
  const places = placesOf(macAddressBytes(ANY_GIVER), prepared);
  return (giver) => {
    const bytes = prepared.slice();
    for (const at of places) bytes.set(macAddressBytes(giver), at);
    return { bytes, offsets };
  };
}

function encodeSet(tableName: string, name: string, nodes: readonly Node[]): NetlinkPart {
  const named: readonly Node[] = [
    [OF_TABLE, text(tableName)],
    [SET_NAME, text(name)],
  ];
  return encodeNft(NFT_MSG.newSet, NLM_F_CREATE, FAMILY, [...named, ...nodes]);
}

function encodeChain(tableName: string, name: string, nodes: readonly Node[] = []): NetlinkPart {
  const named: readonly Node[] = [
    [OF_TABLE, text(tableName)],
    [CHAIN_NAME, text(name)],
  ];
  return encodeNft(NFT_MSG.newChain, NLM_F_CREATE, FAMILY, [...named, ...nodes]);
}
