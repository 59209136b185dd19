import type { IpAddress } from "@vcluster-kube-vip/routing";
import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerTo } from "./answer.ts";
import { type ArpFrame, encodeArp } from "./arp.ts";
import { claimFilter, questionFilter, requestFilter } from "./capture-filter.ts";
import { announcements, type Claim, probe, question } from "./forms.ts";
import { classify } from "./listen.ts";
import { type Advertisement, encodeNeighbour } from "./neighbour-discovery.ts";
import { runFilter } from "./testing/filter-interpreter.ts";
import { arbitraryIpv6, arbitraryMac } from "./testing/frames.ts";

const ipv4: Claim = { vip: ip("10.100.0.100"), mac: mac("02:00:00:00:00:03") };
const ipv6: Claim = { vip: ip("fd00:100::64"), mac: mac("02:00:00:00:00:03") };
const worker = mac("02:00:00:00:00:09");

type Queue = "claim" | "question" | "neither";

/** Which of the two filters lets it through; never both. */
function queueOf(frame: Uint8Array, self: Claim): Queue {
  const [claim, question] = [claimFilter(self), questionFilter(self)].map((filter) => {
    const handedOver = runFilter(filter, frame);
    // In whole or not at all.
    if (handedOver > 0) expect(handedOver).toBeGreaterThanOrEqual(frame.length);
    return handedOver > 0;
  });
  expect(claim && question).toBe(false);
  if (claim) return "claim";
  return question ? "question" : "neither";
}

function check(frame: Uint8Array, self: Claim, expected: Queue): void {
  expect(queueOf(frame, self)).toBe(expected);
}

function arp(fields: Partial<ArpFrame>): Uint8Array {
  return encodeArp({
    t: "arp",
    to: mac("ff:ff:ff:ff:ff:ff"),
    from: worker,
    operation: "request",
    senderMac: worker,
    senderAddress: ip("10.100.0.9"),
    targetMac: mac("00:00:00:00:00:00"),
    targetAddress: ip("10.100.0.1"),
    ...fields,
  });
}

function advertisement(fields: Partial<Advertisement>): Uint8Array {
  return encodeNeighbour({
    t: "advertisement",
    to: ipv6.mac,
    from: worker,
    source: ip("fd00:100::9"),
    destination: ip("fd00:100::1"),
    target: ip("fd00:100::9"),
    linkLayer: worker,
    router: false,
    solicited: true,
    override: true,
    ...fields,
  });
}

describe("on IPv4", () => {
  test.each<[string, Uint8Array, Queue]>([
    ["a question for the VIP", arp({ targetAddress: ipv4.vip }), "question"],
    ["a probe for the VIP", probe({ ...ipv4, mac: worker }), "question"],
    ["a claim of the VIP", arp({ senderAddress: ipv4.vip }), "claim"],
    [
      "an announcement, which asks for what it claims",
      arp({ senderAddress: ipv4.vip, targetAddress: ipv4.vip }),
      "claim",
    ],
    ["an answer about the VIP, whomever it is for", arp({ operation: "reply", targetAddress: ipv4.vip }), "claim"],
    ["a reply to us alone, whatever it is about", arp({ operation: "reply", to: ipv4.mac }), "claim"],
    ["a request to us alone", arp({ to: ipv4.mac }), "neither"],
    ["a reply to the MAC address after ours", arp({ operation: "reply", to: mac("02:00:00:00:00:04") }), "neither"],
    ["a reply to ours but the first byte", arp({ operation: "reply", to: mac("06:00:00:00:00:03") }), "neither"],
    ["talk between others", arp({}), "neither"],
    ["the address before the VIP", arp({ targetAddress: ip("10.100.0.99") }), "neither"],
    ["a frame cut in the target", arp({ targetAddress: ipv4.vip }).subarray(0, 41), "neither"],
    ["an empty frame", new Uint8Array(), "neither"],
    ["IPv6", advertisement({}), "neither"],
  ])("%s", (_, frame, expected) => check(frame, ipv4, expected));
});

describe("on IPv6", () => {
  const holder = { ...ipv6, mac: worker };
  const neighbour = { address: ip("fd00:100::9"), mac: undefined };

  test.each<[string, Uint8Array, Queue]>([
    ["a claim of the VIP", advertisement({ target: ipv6.vip }), "claim"],
    ["an answer to the VIP", advertisement({ destination: ipv6.vip }), "claim"],
    ["a question from the VIP", question(holder, neighbour), "claim"],
    [
      "a question for the VIP",
      question({ vip: neighbour.address, mac: worker }, { ...neighbour, address: ipv6.vip }),
      "question",
    ],
    ["a probe for the VIP", probe(holder), "question"],
    ["talk between others", advertisement({}), "neither"],
    ["the address before the VIP", advertisement({ target: ip("fd00:100::63") }), "neither"],
    ["an address that differs in its first word", advertisement({ target: ip("fd01:100::64") }), "neither"],
    ["a frame cut in the target", advertisement({ target: ipv6.vip }).subarray(0, 77), "neither"],
    ["ARP", arp({ targetAddress: ipv4.vip }), "neither"],
    ["UDP to the VIP", advertisement({ destination: ipv6.vip }).with(20, 17), "neither"],
    ["an echo request to the VIP", advertisement({ destination: ipv6.vip }).with(54, 128), "neither"],
  ])("%s", (_, frame, expected) => check(frame, ipv6, expected));
});

const ipv4Near = fc.oneof(fc.constantFrom(ipv4.vip, ip("0.0.0.0"), ip("10.100.0.1")), fc.ipV4().map(ip));
const ipv6Near = fc.oneof(fc.constantFrom(ipv6.vip, ip("::"), ip("ff02::1")), arbitraryIpv6);
const macNear = fc.oneof(fc.constantFrom(ipv4.mac, mac("ff:ff:ff:ff:ff:ff")), arbitraryMac);
const frames = fc.oneof(
  fc
    .record({
      t: fc.constant("arp" as const),
      to: macNear,
      from: macNear,
      operation: fc.constantFrom("request" as const, "reply" as const),
      senderMac: macNear,
      senderAddress: ipv4Near,
      targetMac: macNear,
      targetAddress: ipv4Near,
    })
    .map(encodeArp),
  fc
    .record({
      t: fc.constantFrom("advertisement" as const),
      to: macNear,
      from: macNear,
      source: ipv6Near,
      destination: ipv6Near,
      target: ipv6Near,
      linkLayer: fc.option(macNear, { nil: undefined }),
      router: fc.boolean(),
      solicited: fc.boolean(),
      override: fc.boolean(),
    })
    .map(encodeNeighbour),
  fc.uint8Array({ maxLength: 120 }),
);

test("whatever the listener would hear, one filter lets through: questions by the one, all else by the other", () => {
  fc.assert(
    fc.property(frames, fc.constantFrom(ipv4, ipv6), (frame, self) => {
      const { t } = classify(frame, self);
      if (t !== "dropped") check(frame, self, t === "question" || t === "probe" ? "question" : "claim");
    }),
    { numRuns: 2000 },
  );
});

test("nothing that we send ourselves is lost on another replica", () => {
  for (const self of [ipv4, ipv6]) {
    const holder = { ...self, mac: mac("02:00:00:00:00:04") };
    const gateway = { address: ip(self === ipv4 ? "10.100.0.1" : "fd00:100::1"), mac: undefined };
    for (const frame of [...announcements(holder), question(holder, gateway)]) check(frame, self, "claim");
    check(probe(holder), self, "question");
  }
});

test("the kernel takes at most 4096 instructions; these are a few dozen", () => {
  const programs = [claimFilter(ipv4), questionFilter(ipv4), claimFilter(ipv6), questionFilter(ipv6)];
  expect(programs.map(({ length }) => length)).toEqual([16, 11, 36, 25]);
});

describe("of requests", () => {
  const addresses = [ipv4.vip, ip("10.100.0.11")];
  const passesAs = (wanted: readonly IpAddress[], frame: Uint8Array): boolean =>
    runFilter(requestFilter(wanted), frame) >= Math.max(1, frame.length);

  test.each<[string, Partial<ArpFrame>, boolean]>([
    ["one for the VIP passes", { targetAddress: ipv4.vip }, true],
    ["one for another address of the link passes", { targetAddress: ip("10.100.0.11") }, true],
    ["one for a neighbour does not", { targetAddress: ip("10.100.0.12") }, false],
    ["a reply does not", { operation: "reply", targetAddress: ipv4.vip }, false],
  ])("%s", (_, fields, expected) => expect(passesAs(addresses, arp(fields))).toBe(expected));

  test("whatever is answered passes", () => {
    const near = fc.constantFrom(...addresses, ip("10.100.0.12"), ip("0.0.0.0"));
    const senders = fc.record({ senderMac: macNear, senderAddress: near, targetAddress: near });
    const self = { mac: ipv4.mac, addresses: new Set(addresses) };
    fc.assert(
      fc.property(senders, (fields) => {
        const frame = arp(fields);
        if (answerTo(frame, self).t === "reply") expect(passesAs(addresses, frame)).toBe(true);
      }),
    );
  });

  test("with more addresses than a jump reaches, every request passes", () => {
    const many = Array.from({ length: 201 }, (_, index) => ip(`10.1.0.${index}`));
    expect(requestFilter(many.slice(1)).length).toBe(208);
    expect(passesAs(many.slice(1), arp({ targetAddress: ip("10.1.0.200") }))).toBe(true);
    expect(passesAs(many.slice(1), arp({}))).toBe(false);
    expect(passesAs(many, arp({}))).toBe(true);
    expect(passesAs(many, arp({ operation: "reply" }))).toBe(false);
  });
});
