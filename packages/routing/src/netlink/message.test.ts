import fc from "fast-check";
import { expect, test } from "vitest";
import { RoutingError } from "../routing-error.ts";
import { aligned, decodeMessages, encodeMessage, type NetlinkMessage } from "./message.ts";

const message: fc.Arbitrary<NetlinkMessage> = fc.record({
  type: fc.nat({ max: 0xffff }),
  flags: fc.nat({ max: 0xffff }),
  sequence: fc.nat({ max: 0xffff_ffff }),
  portId: fc.nat({ max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
});

/** As the kernel packs them: each padded to 4 bytes. */
function datagramOf(messages: readonly NetlinkMessage[]): Uint8Array {
  return Uint8Array.from(
    messages.flatMap((one) => {
      const bytes = encodeMessage(one);
      return [...bytes, ...new Uint8Array(aligned(bytes.length) - bytes.length)];
    }),
  );
}

test("an RTM_GETLINK dump request is what `ip link` sends", () => {
  const payload = new Uint8Array(4);
  const bytes = encodeMessage({ type: 18, flags: 0x301, sequence: 0x01020304, portId: 0, payload });
  expect(Buffer.from(bytes).toString("hex")).toBe("1400000012000103040302010000000000000000");
});

test("a datagram of several messages comes apart again", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
      expect(decodeMessages(datagramOf(messages))).toEqual(messages);
    }),
  );
});

test("the padding after the last message may be missing", () => {
  const bytes = encodeMessage({ type: 1, flags: 0, sequence: 1, portId: 1, payload: Uint8Array.of(1) });
  expect(decodeMessages(bytes)).toHaveLength(1);
});

test.each([
  ["a datagram shorter than a header", "14000000"],
  ["a length of 0, which would never end", "00000000030002000a00000074d96dc1"],
  ["a length shorter than a header", "0f000000030002000a00000074d96dc1"],
  ["a length beyond the datagram", "15000000030002000a00000074d96dc100000000"],
])("%s is malformed", (_, hex) => {
  expect(() => decodeMessages(Buffer.from(hex, "hex"))).toThrow(RoutingError);
});

test("whatever the bytes, decoding ends, with messages or with KERNEL_ANSWER_MALFORMED", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeMessages(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "KERNEL_ANSWER_MALFORMED" });
      }
    }),
  );
});
