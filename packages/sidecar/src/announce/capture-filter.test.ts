import type { IpAddress } from "@vcluster-kube-vip/routing";
import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerTo } from "./answer.ts";
import { type ArpFrame, encodeArp } from "./arp.ts";
import { captureFilter, requestFilter } from "./capture-filter.ts";
import { announcements, type Claim, probe, question } from "./forms.ts";
import { classify } from "./listen.ts";
import { type Advertisement, encodeNeighbour } from "./neighbour-discovery.ts";
import { runFilter } from "./testing/filter-interpreter.ts";
import { arbitraryIpv6, arbitraryMac } from "./testing/frames.ts";

const ipv4: Claim = { vip: ip("10.100.0.100"), mac: mac("02:00:00:00:00:03") };
const ipv6: Claim = { vip: ip("fd00:100::64"), mac: mac("02:00:00:00:00:03") };
const worker = mac("02:00:00:00:00:09");

function passes(frame: Uint8Array, self: Claim): boolean {
  const handedOver = runFilter(captureFilter(self), frame);
  // In whole or not at all.
  if (handedOver > 0) expect(handedOver).toBeGreaterThanOrEqual(frame.length);
  return handedOver > 0;
}

function check(frame: Uint8Array, self: Claim, expected: boolean): void {
  expect(passes(frame, self)).toBe(expected);
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
  test.each<[string, Uint8Array, boolean]>([
    ["a question for the VIP passes", arp({ targetAddress: ipv4.vip }), true],
    ["a claim of the VIP passes", arp({ senderAddress: ipv4.vip }), true],
    ["an answer about the VIP passes, whomever it is for", arp({ operation: "reply", targetAddress: ipv4.vip }), true],
    ["a reply to us alone passes, whatever it is about", arp({ operation: "reply", to: ipv4.mac }), true],
    ["a request to us alone does not", arp({ to: ipv4.mac }), false],
    [
      "a reply to the MAC address after ours does not",
      arp({ operation: "reply", to: mac("02:00:00:00:00:04") }),
      false,
    ],
    ["a reply to ours but the first byte does not", arp({ operation: "reply", to: mac("06:00:00:00:00:03") }), false],
    ["talk between others does not", arp({}), false],
    ["the address before the VIP does not", arp({ targetAddress: ip("10.100.0.99") }), false],
    ["a frame cut in the target does not", arp({ targetAddress: ipv4.vip }).subarray(0, 41), false],
    ["an empty frame does not", new Uint8Array(), false],
    ["IPv6 does not", advertisement({}), false],
  ])("%s", (_, frame, expected) => check(frame, ipv4, expected));
});

describe("on IPv6", () => {
  test.each<[string, Uint8Array, boolean]>([
    ["a claim of the VIP passes", advertisement({ target: ipv6.vip }), true],
    ["an answer to the VIP passes", advertisement({ destination: ipv6.vip }), true],
    ["a message from the VIP passes", advertisement({ source: ipv6.vip }), true],
    ["a probe for the VIP passes", probe({ ...ipv6, mac: worker }), true],
    ["talk between others does not", advertisement({}), false],
    ["the address before the VIP does not", advertisement({ target: ip("fd00:100::63") }), false],
    ["an address that differs in its first word does not", advertisement({ target: ip("fd01:100::64") }), false],
    ["a frame cut in the target does not", advertisement({ target: ipv6.vip }).subarray(0, 77), false],
    ["ARP does not", arp({ targetAddress: ipv4.vip }), false],
  ])("%s", (_, frame, expected) => check(frame, ipv6, expected));

  test.each([
    ["UDP to the VIP", 20, 17],
    ["an echo request to the VIP", 54, 128],
  ])("%s does not pass", (_, at, value) => {
    check(advertisement({ destination: ipv6.vip }).with(at, value), ipv6, false);
  });
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

test("whatever the listener would hear, the filter lets through", () => {
  fc.assert(
    fc.property(frames, fc.constantFrom(ipv4, ipv6), (frame, self) => {
      if (classify(frame, self).t !== "dropped") expect(passes(frame, self)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("nothing that we send ourselves is lost on another replica", () => {
  for (const self of [ipv4, ipv6]) {
    const holder = { ...self, mac: mac("02:00:00:00:00:04") };
    const gateway = { address: ip(self === ipv4 ? "10.100.0.1" : "fd00:100::1"), mac: undefined };
    for (const frame of [...announcements(holder), probe(holder), question(holder, gateway)]) check(frame, self, true);
  }
});

test("the kernel takes at most 4096 instructions; these are a few dozen", () => {
  expect([captureFilter(ipv4).length, captureFilter(ipv6).length]).toEqual([16, 35]);
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
