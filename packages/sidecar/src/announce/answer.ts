/**
 * The answer that the kernel would give to an ARP request, for links on which it is told to give none (the fence level
 * "responder"). Pure: says what the answer is; until when the VIP may be answered for is its caller's to say, directly
 * before it is sent. After arp_process() of net/ipv4/arp.c, RFC 826 and, for probes, RFC 5227.
 */
import { type IpAddress, type MacAddress, ZERO_MAC } from "@vcluster-kube-vip/routing";
import { type ArpMalformed, decodeArp, encodeArp } from "./arp.ts";

/** Our end of the link: every IPv4 address that it has, the VIP among them while it is here. */
export interface Answerer {
  readonly mac: MacAddress;
  readonly addresses: ReadonlySet<IpAddress>;
}

export type Answer =
  /** Unicast to who asked; `address` is the one that was asked for. */
  | { readonly t: "reply"; readonly address: IpAddress; readonly frame: Uint8Array }
  | { readonly t: "none"; readonly reason: NoAnswerReason };

type NoAnswerReason =
  | ArpMalformed
  /** A reply, which asks nothing. */
  | "no-request"
  /** Our own frame, sent back by a bond or a hairpin port. */
  | "own-echo"
  /** Unicast to another machine: heard because the link is promiscuous. */
  | "to-another-machine"
  | "not-our-address"
  /** The sender says that it has an address of ours: an announcement or a conflict, to which the kernel is silent too. */
  | "sender-is-ours"
  /** A reply would go to everybody, or to nobody. */
  | "sender-without-mac";

/** The group bit of the first byte: broadcast and multicast. */
const GROUP = 0x01;

/** A probe (sender 0.0.0.0, RFC 5227 2.1.1) is answered like any other request: silence would let the address be taken. */
export function answerTo(frame: Uint8Array, { mac, addresses }: Answerer): Answer {
  const request = decodeArp(frame);
  if (typeof request === "string") return none(request);
  const { from, to, senderMac, senderAddress, targetAddress } = request;
  if (request.operation !== "request") return none("no-request");
  if (from === mac || senderMac === mac) return none("own-echo");
  if (to !== mac && !isGroup(frame, 0)) return none("to-another-machine");
  if (!addresses.has(targetAddress)) return none("not-our-address");
  if (addresses.has(senderAddress)) return none("sender-is-ours");
  if (senderMac === ZERO_MAC || isGroup(frame, 22)) return none("sender-without-mac");
  const reply = encodeArp({
    t: "arp",
    to: senderMac,
    from: mac,
    operation: "reply",
    senderMac: mac,
    senderAddress: targetAddress,
    targetMac: senderMac,
    targetAddress: senderAddress,
  });
  return { t: "reply", address: targetAddress, frame: reply };
}

/** The MAC address that begins there is a group's. */
function isGroup(frame: Uint8Array, at: number): boolean {
  return ((frame[at] ?? 0) & GROUP) !== 0;
}

function none(reason: NoAnswerReason): Answer {
  return { t: "none", reason };
}
