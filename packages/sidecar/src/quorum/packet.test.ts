import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, hex } from "../announce/testing/frames.ts";
import {
  BODY_BYTES,
  decodePacket,
  encodePacket,
  PACKET_BYTES_MAX,
  PACKET_BYTES_MIN,
  type Packet,
  type Seal,
} from "./packet.ts";

const sealOf = (key: string, scope: string): Seal => ({
  hmac: (bytes) => createHmac("sha256", key).update(bytes).digest(),
  scope: new TextEncoder().encode(scope),
});
const seal = sealOf("key", "kube-system/vcluster-kube-vip 10.100.0.100");

const packet: Packet = {
  kind: 3,
  path: "segment",
  counter: 258,
  sender: "vc-0_u0_aa",
  receiver: "vc-1_u1_bb",
  body: Uint8Array.from({ length: BODY_BYTES }, (_, index) => index),
  detail: "vc-0_u0_aa",
};

const anyIdentity = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 306,
});
const anyPacket: fc.Arbitrary<Packet> = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  path: fc.constantFrom("segment", "pod-network"),
  counter: fc.maxSafeNat(),
  sender: anyIdentity.filter((text) => text !== ""),
  receiver: anyIdentity,
  body: fc.uint8Array({ minLength: BODY_BYTES, maxLength: BODY_BYTES }),
  detail: anyIdentity,
});

/** With a right tag, whatever is in it. */
function sealed(bytes: Uint8Array): Uint8Array {
  const { hmac, scope } = seal;
  const tag = hmac(Uint8Array.of(0, scope.length, ...scope, ...bytes));
  return Uint8Array.of(...bytes, ...tag.subarray(0, 16));
}

test("a packet is these bytes", () => {
  const expected = bytesOf(`
    01 03 01 00 0000000000000102 000a 000a 000a 0000
    000102030405060708090a0b0c0d0e0f1011121314151617
    76632d305f75305f6161 76632d315f75315f6262 76632d305f75305f6161`);
  // The tag is Python's: hmac.new(b"key", b"\0\x2a" + scope + bytes, "sha256").hexdigest()[:32]
  expect(hex(encodePacket(packet, seal))).toBe(`${hex(expected)}5876d77ec6c8ce4898aebcbc2d4395d7`);
});

test("what is encoded is read back, and is no longer than a packet that is never a fragment", () => {
  fc.assert(
    fc.property(anyPacket, (any) => {
      const bytes = encodePacket(any, seal);
      expect(decodePacket(bytes, seal)).toEqual(any);
      expect(bytes.length).toBeLessThanOrEqual(PACKET_BYTES_MAX);
    }),
  );
  expect(PACKET_BYTES_MAX).toBeLessThan(1280 - 40 - 8);
});

test("a packet in the middle of a larger buffer is read from its own start", () => {
  const bytes = encodePacket(packet, seal);
  const buffer = new Uint8Array(500).fill(0xee);
  buffer.set(bytes, 31);
  expect(decodePacket(buffer.subarray(31, 31 + bytes.length), seal)).toEqual(packet);
});

test("no truncated packet is read", () => {
  const whole = encodePacket(packet, seal);
  for (let length = 0; length < whole.length; length += 1) {
    const expected = length < PACKET_BYTES_MIN ? "truncated" : "forged";
    expect(decodePacket(whole.subarray(0, length), seal)).toBe(expected);
  }
});

test("a packet with a byte too many, or one changed, is forged", () => {
  const whole = encodePacket(packet, seal);
  expect(decodePacket(Uint8Array.of(...whole, 0), seal)).toBe("forged");
  for (let at = 1; at < whole.length; at += 1) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    expect(decodePacket(changed, seal)).toBe("forged");
  }
});

test("another version is told from a forgery, and nothing of it is read", () => {
  const bytes = encodePacket(packet, seal);
  bytes[0] = 2;
  expect(decodePacket(bytes, seal)).toBe("unknown-version");
});

test("what is longer than any packet is refused unread", () => {
  expect(decodePacket(new Uint8Array(PACKET_BYTES_MAX + 1).fill(1), seal)).toBe("oversized");
});

test("garbage is refused, whatever its length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
      expect(decodePacket(bytes, seal)).toBeTypeOf("string");
    }),
  );
});

test("authentic bytes of any content are a whole packet or malformed, never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 44, maxLength: 400 }), (bytes) => {
      bytes[0] = 1;
      const read = decodePacket(sealed(bytes), seal);
      if (typeof read === "string") expect(read).toBe("malformed");
      else expect(encodePacket(read, seal)).toEqual(sealed(bytes));
    }),
  );
});

test.each([
  ["an unknown path", 2, 3],
  ["no path", 2, 0],
  ["the reserved byte", 3, 1],
  ["a counter beyond 2^53", 4, 0x20],
  ["a sender that is longer than the packet", 12, 0xff],
  ["a receiver that is longer than the packet", 15, 0xff],
  ["a detail that is shorter than what is there", 17, 9],
  ["the reserved lengths", 19, 1],
  ["a blank in the sender", 44, 0x20],
  ["a byte above ASCII in the detail", 65, 0xc3],
])("an authentic packet with %s is malformed", (_, at, byte) => {
  const bytes = encodePacket(packet, seal).slice(0, -16);
  expect(decodePacket(sealed(bytes), seal)).toEqual(packet);
  bytes[at] = byte;
  expect(decodePacket(sealed(bytes), seal)).toBe("malformed");
});

test("a packet of another key, Lease or VIP is forged, also where one scope is the other's beginning", () => {
  const bytes = encodePacket(packet, seal);
  expect(decodePacket(bytes, sealOf("another", "kube-system/vcluster-kube-vip 10.100.0.100"))).toBe("forged");
  expect(decodePacket(bytes, sealOf("key", "kube-system/other 10.100.0.100"))).toBe("forged");
  expect(decodePacket(bytes, sealOf("key", "kube-system/vcluster-kube-vip 10.100.0.10"))).toBe("forged");
  const shorter = encodePacket(packet, sealOf("key", "a"));
  expect(decodePacket(shorter, sealOf("key", "ab"))).toBe("forged");
});

test.each(["with blank", "é", "x".repeat(307)])("no packet is made with %j as an identity", (sender) => {
  expect(() => encodePacket({ ...packet, sender }, seal)).toThrow("no identity");
});
