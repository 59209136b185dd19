import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Answer, answerTo } from "./answer.ts";
import { type ArpFrame, decodeArp, encodeArp } from "./arp.ts";
import { announcements, probe, question } from "./forms.ts";
import { bytesOf, hex, WORKERS_REQUEST as request } from "./testing/frames.ts";

const vip = ip("10.100.0.100");
const self = { mac: mac("02:00:00:00:00:03"), addresses: new Set([vip, ip("10.100.0.11")]) };
const worker = mac("02:00:00:00:00:09");
const everybody = mac("ff:ff:ff:ff:ff:ff");

function check(fields: Partial<ArpFrame>, expected: "reply" | string): void {
  expect(described(answerTo(encodeArp({ ...request, ...fields }), self))).toBe(expected);
}

function described(answer: Answer): string {
  return answer.t === "reply" ? "reply" : answer.reason;
}

test("the answer is, byte for byte, the one that Linux gives", () => {
  // tcpdump -xx of a pod's kernel (6.18), arp_ignore 0, asked by 02:00:00:00:00:09 for 10.100.0.100.
  const linux = "020000000009 020000000003 0806 0001 0800 06 04 0002 020000000003 0a640064 020000000009 0a640032";
  const answer = answerTo(encodeArp(request), self);
  expect(answer).toMatchObject({ t: "reply", address: vip });
  expect(answer.t === "reply" && hex(answer.frame)).toBe(hex(bytesOf(linux)));
});

describe("is answered", () => {
  test("a request by broadcast", () => check({}, "reply"));
  test("a request by unicast, as neighbours confirm their entries", () => check({ to: self.mac }, "reply"));
  test("a request for another address of the link", () => check({ targetAddress: ip("10.100.0.11") }, "reply"));
  test("a probe without a sender address", () => {
    const answer = answerTo(probe({ vip, mac: worker }), self);
    const reply = answer.t === "reply" ? decodeArp(answer.frame) : undefined;
    expect(reply).toMatchObject({ to: worker, senderAddress: vip, targetMac: worker, targetAddress: "0.0.0.0" });
  });
});

describe("is not answered", () => {
  test.each<[string, Partial<ArpFrame>, string]>([
    ["a reply", { operation: "reply", targetMac: self.mac }, "no-request"],
    ["an address that the link has not", { targetAddress: ip("10.100.0.12") }, "not-our-address"],
    ["an announcement of the VIP by another", { senderAddress: vip }, "sender-is-ours"],
    ["a sender that uses another address of ours", { senderAddress: ip("10.100.0.11") }, "sender-is-ours"],
    ["our own frame, sent back", { from: self.mac, senderMac: self.mac }, "own-echo"],
    ["our own MAC address in another's frame", { senderMac: self.mac }, "own-echo"],
    ["unicast to another machine", { to: mac("02:00:00:00:00:08") }, "to-another-machine"],
    ["a sender at the broadcast address", { senderMac: everybody }, "sender-without-mac"],
    ["a sender at a group's address", { senderMac: mac("01:00:5e:00:00:01") }, "sender-without-mac"],
    ["a sender at no address", { senderMac: mac("00:00:00:00:00:00") }, "sender-without-mac"],
  ])("%s", (_, fields, expected) => check(fields, expected));

  test("whatever a holder of the VIP says itself", () => {
    for (const holder of [self.mac, worker]) {
      const claim = { vip, mac: holder };
      for (const frame of [...announcements(claim), question(claim, { address: ip("10.100.0.11"), mac: undefined })])
        expect(answerTo(frame, self).t).toBe("none");
    }
  });

  test("a frame cut short, wherever", () => {
    const whole = encodeArp(request);
    for (let length = 0; length < whole.length; length += 1)
      expect(described(answerTo(whole.subarray(0, length), self))).toBe("truncated");
  });

  test("any bytes, but by a reply about an address of ours to one machine alone", () => {
    const anyFrame = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat(41), fc.nat(255)).map(([at, value]) => encodeArp(request).fill(value, at, at + 1)),
    );
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const answer = answerTo(frame, self);
        if (answer.t === "none") return;
        const reply = decodeArp(answer.frame);
        expect(reply).toMatchObject({ operation: "reply", from: self.mac, senderMac: self.mac });
        expect(self.addresses).toContain(answer.address);
        expect((answer.frame[0] ?? 1) & 1).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
