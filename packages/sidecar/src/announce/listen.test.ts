import { ipAddressBytes } from "@vcluster-kube-vip/routing";
import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ArpFrame, encodeArp } from "./arp.ts";
import { announcements, type Claim, probe, question } from "./forms.ts";
import { classify, type Heard } from "./listen.ts";
import { type Advertisement, encodeNeighbour } from "./neighbour-discovery.ts";
import { bytesOf } from "./testing/frames.ts";

const own = mac("02:00:00:00:00:03");
const other = mac("02:00:00:00:00:04");
const worker = mac("02:00:00:00:00:09");
const broadcast = mac("ff:ff:ff:ff:ff:ff");
const ipv4: Claim = { vip: ip("10.100.0.100"), mac: own };
const ipv6: Claim = { vip: ip("fd00:100::64"), mac: own };

/** Between two hosts; what a row leaves out is the worker answering us. */
function arp(fields: Partial<ArpFrame>): Uint8Array {
  const senderMac = fields.senderMac ?? worker;
  return encodeArp({
    t: "arp",
    to: own,
    from: senderMac,
    operation: "reply",
    senderMac,
    senderAddress: ip("10.100.0.9"),
    targetMac: own,
    targetAddress: ipv4.vip,
    ...fields,
  });
}

function advertisement(fields: Partial<Advertisement>): Uint8Array {
  return encodeNeighbour({
    t: "advertisement",
    to: own,
    from: worker,
    source: ip("fd00:100::9"),
    destination: ipv6.vip,
    target: ip("fd00:100::9"),
    linkLayer: worker,
    router: false,
    solicited: true,
    override: true,
    ...fields,
  });
}

const request = { operation: "request", to: broadcast, targetMac: mac("00:00:00:00:00:00") } as const;

describe("on IPv4", () => {
  function check(_: string, frame: Uint8Array, expected: Heard): void {
    expect(classify(frame, ipv4)).toEqual(expected);
  }

  test.each<[string, Uint8Array, Heard]>([
    ["an answer to our question", arp({}), { t: "acknowledgement", address: ip("10.100.0.9"), mac: worker }],
    ["somebody's question", arp(request), { t: "question", address: ip("10.100.0.9"), mac: worker }],
    ["somebody's probe", arp({ ...request, senderAddress: ip("0.0.0.0") }), { t: "probe", mac: worker }],
    [
      "an answer to our probe",
      arp({ senderAddress: ipv4.vip, senderMac: other, targetAddress: ip("0.0.0.0") }),
      { t: "foreign-claim", mac: other },
    ],
    [
      "an answer to a question of ours that claims nothing",
      arp({ targetAddress: ip("0.0.0.0") }),
      { t: "answer", address: ip("10.100.0.9"), mac: worker },
    ],
    [
      "such an answer to somebody else",
      arp({ targetAddress: ip("0.0.0.0"), targetMac: other }),
      { t: "dropped", reason: "not-about-the-vip" },
    ],
    [
      "the VIP's use by another for a third host's address",
      arp({ ...request, senderAddress: ipv4.vip, senderMac: other, targetAddress: ip("10.100.0.1") }),
      { t: "foreign-claim", mac: other },
    ],
    [
      "an answer about the VIP to somebody else",
      arp({ targetMac: other }),
      { t: "dropped", reason: "not-about-the-vip" },
    ],
    [
      "talk between others",
      arp({ ...request, targetAddress: ip("10.100.0.1") }),
      { t: "dropped", reason: "not-about-the-vip" },
    ],
    ["our frame relayed by another", arp({ senderMac: own, from: other }), { t: "dropped", reason: "own-echo" }],
    ["half a frame", arp({}).subarray(0, 30), { t: "dropped", reason: "truncated" }],
    ["IPv6", advertisement({}), { t: "dropped", reason: "not-arp" }],
  ])("%s", check);

  test("another replica's whole announcement is a foreign claim", () => {
    const heard = announcements({ ...ipv4, mac: other }).map((frame) => classify(frame, ipv4));
    expect(heard).toEqual([
      { t: "foreign-claim", mac: other },
      { t: "foreign-claim", mac: other },
    ]);
  });
});

describe("on IPv6", () => {
  function check(_: string, frame: Uint8Array, expected: Heard): void {
    expect(classify(frame, ipv6)).toEqual(expected);
  }

  test.each<[string, Uint8Array, Heard]>([
    ["an answer to our question", advertisement({}), { t: "acknowledgement", address: ip("fd00:100::9"), mac: worker }],
    [
      "an answer without its option",
      advertisement({ linkLayer: undefined }),
      { t: "acknowledgement", address: ip("fd00:100::9"), mac: worker },
    ],
    [
      "somebody's question",
      question({ vip: ip("fd00:100::9"), mac: worker }, { address: ipv6.vip, mac: undefined }),
      { t: "question", address: ip("fd00:100::9"), mac: worker },
    ],
    ["somebody's probe", probe({ ...ipv6, mac: other }), { t: "probe", mac: other }],
    [
      "an answer to our probe",
      advertisement({
        source: ipv6.vip,
        destination: ip("ff02::1"),
        target: ipv6.vip,
        linkLayer: other,
        solicited: false,
      }),
      { t: "foreign-claim", mac: other },
    ],
    [
      "a solicitation from the VIP by another",
      question({ ...ipv6, mac: other }, { address: ip("fd00:100::1"), mac: undefined }),
      { t: "foreign-claim", mac: other },
    ],
    [
      "a claim that does not say where",
      advertisement({ target: ipv6.vip, linkLayer: undefined }),
      { t: "dropped", reason: "claim-without-mac" },
    ],
    [
      "an unsolicited advertisement of a neighbour",
      advertisement({ solicited: false }),
      { t: "dropped", reason: "not-about-the-vip" },
    ],
    [
      "an advertisement between others",
      advertisement({ destination: ip("fd00:100::8") }),
      { t: "dropped", reason: "not-about-the-vip" },
    ],
    [
      "our advertisement relayed by another",
      advertisement({ target: ipv6.vip, linkLayer: own, from: other }),
      { t: "dropped", reason: "own-echo" },
    ],
    ["ARP", arp({}), { t: "dropped", reason: "not-ipv6" }],
  ])("%s", check);
});

test("nothing that we send is heard as anything but our own echo", () => {
  const heard = [ipv4, ipv6].flatMap((claim) => {
    const neighbour = claim === ipv4 ? ip("10.100.0.9") : ip("fd00:100::9");
    const frames = [...announcements(claim), probe(claim), question(claim, { address: neighbour, mac: worker })];
    return frames.map((frame) => classify(frame, claim));
  });
  expect(new Set(heard.map((each) => JSON.stringify(each)))).toEqual(
    new Set([JSON.stringify({ t: "dropped", reason: "own-echo" })]),
  );
});

test("no bytes make it throw, and only what names the VIP is heard", () => {
  const vip = ipAddressBytes(ipv4.vip);
  const places = fc.subarray([24, 28, 38]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom("0001", "0002"), places, (bytes, operation, at) => {
      const long = bytes.length >= 42;
      if (long) bytes.set(bytesOf(`0806 0001 0800 0604 ${operation}`), 12);
      if (long) for (const place of at) bytes.set(vip, place);
      const heard = classify(bytes, ipv4);
      const named = long && (at.includes(28) || at.includes(38));
      if (heard.t !== "dropped") expect(named).toBe(true);
      if (long && at.includes(28)) expect(heard.t).toBe("foreign-claim");
      expect(classify(bytes, ipv6).t).toBe("dropped");
    }),
  );
});
