import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ArpFrame, type ArpMalformed, decodeArp, encodeArp } from "./arp.ts";
import { arbitraryMac, bytesOf, hex } from "./testing/frames.ts";

const reply: ArpFrame = {
  t: "arp",
  to: mac("ff:ff:ff:ff:ff:ff"),
  from: mac("aa:bb:cc:dd:ee:ff"),
  operation: "reply",
  senderMac: mac("aa:bb:cc:dd:ee:ff"),
  senderAddress: ip("10.0.0.1"),
  targetMac: mac("aa:bb:cc:dd:ee:ff"),
  targetAddress: ip("10.0.0.1"),
};

const ethernet = "ffffffffffff aabbccddeeff 0806";
/** The vector of kube-vip's own test (pkg/vip/arp_linux_test.go). */
const kubeVipReply = "0001 0800 06 04 0002 aabbccddeeff 0a000001 aabbccddeeff 0a000001";

test("a gratuitous reply is, byte for byte, what kube-vip sends", () => {
  expect(hex(encodeArp(reply))).toBe(hex(bytesOf(`${ethernet} ${kubeVipReply}`)));
});

test("a request differs in the operation", () => {
  const request = kubeVipReply.replace("04 0002", "04 0001");
  expect(hex(encodeArp({ ...reply, operation: "request" }))).toBe(hex(bytesOf(`${ethernet} ${request}`)));
});

const anyAddress = fc.ipV4().map(ip);
const anyArp: fc.Arbitrary<ArpFrame> = fc.record({
  t: fc.constant("arp"),
  to: arbitraryMac,
  from: arbitraryMac,
  operation: fc.constantFrom("request", "reply"),
  senderMac: arbitraryMac,
  senderAddress: anyAddress,
  targetMac: arbitraryMac,
  targetAddress: anyAddress,
});

test("what is encoded is read back, with the padding of the wire or without", () => {
  fc.assert(
    fc.property(anyArp, fc.uint8Array({ maxLength: 1500 }), (arp, padding) => {
      expect(decodeArp(Uint8Array.of(...encodeArp(arp), ...padding))).toEqual(arp);
    }),
  );
});

test("what is read back from any bytes is what they say", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 42, maxLength: 60 }), (bytes) => {
      bytes.set(bytesOf("0806 0001 0800 06 04 00"), 12);
      bytes[21] = ((bytes[21] ?? 0) % 2) + 1;
      const arp = decodeArp(bytes);
      if (typeof arp === "string") throw new TypeError(arp);
      expect(encodeArp(arp)).toEqual(bytes.slice(0, 42));
    }),
  );
});

test("no truncated frame is read as ARP", () => {
  const whole = encodeArp(reply);
  for (let length = 0; length < whole.length; length += 1) {
    expect(decodeArp(whole.subarray(0, length))).toBe("truncated");
  }
});

test("a frame in the middle of a larger buffer is read from its own start", () => {
  const buffer = new Uint8Array(100).fill(0xee);
  buffer.set(encodeArp(reply), 31);
  expect(decodeArp(buffer.subarray(31, 31 + 42))).toEqual(reply);
});

test.each<[string, number, string, ArpMalformed]>([
  ["IPv4", 12, "0800", "not-arp"],
  ["InfiniBand's hardware type", 14, "0020", "arp-not-ethernet-ipv4"],
  ["another protocol", 16, "86dd", "arp-not-ethernet-ipv4"],
  ["hardware addresses of 20 bytes", 18, "14", "arp-not-ethernet-ipv4"],
  ["protocol addresses of 16 bytes", 19, "10", "arp-not-ethernet-ipv4"],
  ["operation 0", 20, "0000", "arp-unknown-operation"],
  ["reverse ARP's operation", 20, "0003", "arp-unknown-operation"],
])("a frame with %s is refused with its reason", (_, at, bytes, reason) => {
  const frame = encodeArp(reply);
  frame.set(bytesOf(bytes), at);
  expect(decodeArp(frame)).toBe(reason);
});

test("an IPv6 address has no place in ARP", () => {
  expect(() => encodeArp({ ...reply, senderAddress: ip("fd00::1") })).toThrow("no room for fd00::1");
});
