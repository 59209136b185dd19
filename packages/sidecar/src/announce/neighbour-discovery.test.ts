import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Advertisement,
  decodeNeighbour,
  encodeNeighbour,
  type NeighbourMalformed,
  type Solicitation,
} from "./neighbour-discovery.ts";
import { arbitraryIpv6, arbitraryMac, bytesOf, hex } from "./testing/frames.ts";

const advertisement: Advertisement = {
  t: "advertisement",
  to: mac("33:33:00:00:00:01"),
  from: mac("02:00:00:00:00:03"),
  source: ip("fd00:100::64"),
  destination: ip("ff02::1"),
  target: ip("fd00:100::64"),
  linkLayer: mac("02:00:00:00:00:03"),
  router: false,
  solicited: false,
  override: true,
};

/** By hand from RFC 4861 4.4 and RFC 8200. */
const vector = `
  333300000001 020000000003 86dd
  60000000 0020 3a ff
  fd000100000000000000000000000064
  ff020000000000000000000000000001
  88 00 SUM 20000000
  fd000100000000000000000000000064
  02 01 020000000003`;

/** The checksum as RFC 1071 says it, from a list of all words: no code shared with the codec. */
function checksumOf(words: string): string {
  const sum = (words.replace(/\s/g, "").match(/..../g) ?? []).reduce(
    (total, word) => total + Number.parseInt(word, 16),
    0,
  );
  const folded = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return (0xffff - folded).toString(16).padStart(4, "0");
}

test("an unsolicited advertisement is, byte for byte, what RFC 4861 says", () => {
  const pseudoHeader = "fd000100000000000000000000000064 ff020000000000000000000000000001 00000020 0000003a";
  const message = "8800 0000 20000000 fd000100000000000000000000000064 0201 020000000003";
  const expected = vector.replace("SUM", checksumOf(`${pseudoHeader} ${message}`));
  expect(hex(encodeNeighbour(advertisement))).toBe(hex(bytesOf(expected)));
});

const common = {
  to: arbitraryMac,
  from: arbitraryMac,
  source: arbitraryIpv6,
  destination: arbitraryIpv6,
  target: arbitraryIpv6,
  linkLayer: fc.option(arbitraryMac, { nil: undefined }),
};
const anyMessage: fc.Arbitrary<Solicitation | Advertisement> = fc.oneof(
  fc.record({ t: fc.constant("solicitation" as const), ...common }),
  fc.record({
    t: fc.constant("advertisement" as const),
    ...common,
    router: fc.boolean(),
    solicited: fc.boolean(),
    override: fc.boolean(),
  }),
);

test("what is encoded is read back, with the padding of the wire or without", () => {
  fc.assert(
    fc.property(anyMessage, fc.uint8Array({ maxLength: 1400 }), (message, padding) => {
      expect(decodeNeighbour(Uint8Array.of(...encodeNeighbour(message), ...padding))).toEqual(message);
    }),
  );
});

test("no truncated message is read", () => {
  const whole = encodeNeighbour(advertisement);
  for (let length = 0; length < whole.length; length += 1) {
    expect(decodeNeighbour(whole.subarray(0, length))).toBe("truncated");
  }
});

test("every single bit that flips in addresses or message is found", () => {
  const whole = encodeNeighbour(advertisement);
  for (let at = 22; at < whole.length; at += 1) {
    const flipped = whole.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    expect(typeof decodeNeighbour(flipped)).toBe("string");
  }
});

test("no bytes make the reader throw or turn in circles", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, likely) => {
      if (likely && bytes.length > 60) bytes.set(bytesOf("86dd 6000 0000 0040 3aff"), 12);
      const read = decodeNeighbour(bytes);
      expect(["string", "object"]).toContain(typeof read);
    }),
  );
});

test.each<[string, number, string, NeighbourMalformed]>([
  ["ARP", 12, "0806", "not-ipv6"],
  ["version 4", 14, "45", "not-ipv6"],
  ["UDP", 20, "11", "not-neighbour-discovery"],
  ["a router advertisement", 54, "86", "not-neighbour-discovery"],
  ["code 1", 55, "01", "not-neighbour-discovery"],
  ["hop limit 254, hence from outside the segment", 21, "fe", "hop-limit"],
  ["a wrong checksum", 56, "0000", "checksum"],
  ["a payload length beyond the frame", 18, "0021", "truncated"],
  ["a payload too short for a target", 18, "0017", "truncated"],
])("a frame with %s is refused with its reason", (_, at, bytes, reason) => {
  const frame = encodeNeighbour(advertisement);
  frame.set(bytesOf(bytes), at);
  expect(decodeNeighbour(frame)).toBe(reason);
});

test.each([
  ["length 0", "0200020000000003"],
  ["a length beyond the message", "0202020000000003"],
])("an option of %s is refused", (_, option) => {
  const pseudoHeader = "fd000100000000000000000000000064 ff020000000000000000000000000001 00000020 0000003a";
  const message = `8800 0000 20000000 fd000100000000000000000000000064 ${option}`;
  const text = vector.replace("02 01 020000000003", option).replace("SUM", checksumOf(`${pseudoHeader} ${message}`));
  expect(decodeNeighbour(bytesOf(text))).toBe("option-length");
});

test("an option of another kind (a nonce) before ours is passed over", () => {
  const words = "ff020000000000000000000000000001 fd000100000000000000000000000064 00000028 0000003a";
  const message = "8800 0000 20000000 fd000100000000000000000000000064 0e01aabbccddeeff 0201020000000003";
  const frame = bytesOf(`333300000001 020000000003 86dd 60000000 0028 3aff
    fd000100000000000000000000000064 ff020000000000000000000000000001
    ${message.replace("8800 0000", `8800 ${checksumOf(`${words} ${message}`)}`)}`);
  expect(decodeNeighbour(frame)).toEqual(advertisement);
});

test("an IPv4 address has no place in neighbour discovery", () => {
  expect(() => encodeNeighbour({ ...advertisement, target: ip("10.0.0.1") })).toThrow("no room for 10.0.0.1");
});
