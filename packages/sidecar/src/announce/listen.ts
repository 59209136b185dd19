/** What a received frame means for the VIP: pure. Answers nothing itself; the kernel answers ARP for its addresses. */
import { familyOf, type IpAddress, type MacAddress } from "@vcluster-kube-vip/routing";
import { type ArpFrame, type ArpMalformed, decodeArp } from "./arp.ts";
import type { Claim } from "./forms.ts";
import {
  type Advertisement,
  decodeNeighbour,
  type NeighbourMalformed,
  type Solicitation,
} from "./neighbour-discovery.ts";

export type Heard =
  /** A neighbour answered our question, so it knows that the VIP is here. */
  | { readonly t: "acknowledgement"; readonly address: IpAddress; readonly mac: MacAddress }
  /** A neighbour answered a question of ours that claims nothing (forms.ts, greeting). */
  | { readonly t: "answer"; readonly address: IpAddress; readonly mac: MacAddress }
  /** Somebody else says that the VIP is at its MAC address: an announcement, an answer to a probe, or use of the VIP. */
  | { readonly t: "foreign-claim"; readonly mac: MacAddress }
  /** A neighbour asks where the VIP is. */
  | { readonly t: "question"; readonly address: IpAddress; readonly mac: MacAddress }
  /** Somebody who has no address yet, or hides it, asks whether the VIP is taken (RFC 5227). */
  | { readonly t: "probe"; readonly mac: MacAddress }
  | { readonly t: "dropped"; readonly reason: DropReason };

type DropReason =
  | ArpMalformed
  | NeighbourMalformed
  /** Our own frame, sent back by a bond or a hairpin port. */
  | "own-echo"
  /** Between others, about other addresses. */
  | "not-about-the-vip"
  /** Claims the VIP without saying at which MAC address. */
  | "claim-without-mac";

/** Where an answer to a question without a sender goes. */
const UNSPECIFIED = "0.0.0.0";

/** `self.mac` is this replica's on the link, whether it holds the VIP or not. */
export function classify(frame: Uint8Array, self: Claim): Heard {
  const message = familyOf(self.vip) === 4 ? decodeArp(frame) : decodeNeighbour(frame);
  if (typeof message === "string") return dropped(message);
  if (message.from === self.mac) return dropped("own-echo");
  switch (message.t) {
    case "arp":
      return classifyArp(message, self);
    case "solicitation":
      return classifySolicitation(message, self);
    case "advertisement":
      return classifyAdvertisement(message, self);
  }
}

function classifyArp(arp: ArpFrame, { vip, mac }: Claim): Heard {
  if (arp.senderMac === mac) return dropped("own-echo");
  if (arp.senderAddress === vip) return { t: "foreign-claim", mac: arp.senderMac };
  // Unicast, as the question was: the capture filter lets no other reply through.
  const isToUs = arp.to === mac && arp.targetMac === mac;
  if (isToUs && arp.targetAddress === UNSPECIFIED && arp.operation === "reply") {
    return { t: "answer", address: arp.senderAddress, mac: arp.senderMac };
  }
  if (arp.targetAddress !== vip) return dropped("not-about-the-vip");
  if (arp.operation === "request") return asking(arp.senderAddress, arp.senderMac);
  if (arp.targetMac !== mac) return dropped("not-about-the-vip");
  return { t: "acknowledgement", address: arp.senderAddress, mac: arp.senderMac };
}

function classifySolicitation(message: Solicitation, { vip }: Claim): Heard {
  const mac = message.linkLayer ?? message.from;
  if (message.source === vip) return { t: "foreign-claim", mac };
  return message.target === vip ? asking(message.source, mac) : dropped("not-about-the-vip");
}

function classifyAdvertisement(message: Advertisement, self: Claim): Heard {
  if (message.linkLayer === self.mac) return dropped("own-echo");
  if (message.target === self.vip) {
    return message.linkLayer === undefined
      ? dropped("claim-without-mac")
      : { t: "foreign-claim", mac: message.linkLayer };
  }
  if (message.destination !== self.vip || !message.solicited) return dropped("not-about-the-vip");
  return { t: "acknowledgement", address: message.target, mac: message.linkLayer ?? message.from };
}

function asking(address: IpAddress, mac: MacAddress): Heard {
  return address === UNSPECIFIED || address === "::" ? { t: "probe", mac } : { t: "question", address, mac };
}

function dropped(reason: DropReason): Heard {
  return { t: "dropped", reason };
}
