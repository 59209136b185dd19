import fc from "fast-check";
import { expect, test } from "vitest";
import { hex } from "../announce/testing/frames.ts";
import { decodeGreeting, encodeGreeting } from "./greeting.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import type { Packet } from "./packet.ts";
import { type HeldTerm, type QuorumMessage, type QuorumMessageKind, sameTerm, voterOf } from "./port.ts";

const message: QuorumMessage = {
  kind: "heartbeat",
  sender: "vc-0_u0_aa",
  holderIdentity: "vc-0_u0_aa",
  leaseTransitions: 7,
  term: 0x1_0000_0002,
  sequence: 513,
  promiseDurationMs: 700,
};

const around = { path: "segment", counter: 1, sender: "vc-0_u0_aa", receiver: "vc-1_u1_bb" } as const;
const packetOf = (inside: Pick<Packet, "kind" | "body" | "detail">): Packet => ({ ...around, ...inside });

const anyMessage: fc.Arbitrary<QuorumMessage> = fc.record({
  kind: fc.constantFrom<QuorumMessageKind[]>(
    "probe",
    "probe-answer",
    "heartbeat",
    "promise",
    "challenge",
    "help",
    "refusal",
  ),
  sender: fc.constant(around.sender),
  holderIdentity: fc.stringMatching(/^[a-z0-9_-]{0,40}$/),
  leaseTransitions: fc.nat({ max: 0x7fff_ffff }),
  term: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
  promiseDurationMs: fc.nat({ max: 60_000 }),
});

test("a heartbeat is these bytes", () => {
  const { kind, body, detail } = encodeMessage(message);
  expect(kind).toBe(3);
  expect(hex(body)).toBe("0000000000000201000000010000000200000007000002bc");
  expect(detail).toBe("vc-0_u0_aa");
});

test("what is encoded is read back", () => {
  fc.assert(
    fc.property(anyMessage, (any) => {
      expect(decodeMessage(packetOf(encodeMessage(any)))).toEqual(any);
    }),
  );
});

test("each kind has its own number, and no other number is a message", () => {
  const kinds = new Map<QuorumMessageKind, number>();
  fc.assert(fc.property(anyMessage, (any) => void kinds.set(any.kind, encodeMessage(any).kind)));
  expect([...kinds.values()].toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  for (const kind of [0, 8, 16, 255]) {
    expect(decodeMessage({ ...packetOf(encodeMessage(message)), kind })).toBeUndefined();
  }
});

test.each([0, 8])("a number beyond 2^53 at byte %i is no message", (at) => {
  const inside = encodeMessage(message);
  inside.body[at] = 0x20;
  expect(decodeMessage(packetOf(inside))).toBeUndefined();
});

test.each([{ sequence: -1 }, { term: 0.5 }, { leaseTransitions: 2 ** 32 }, { promiseDurationMs: Number.NaN }])(
  "no message is made with %o",
  (wrong) => {
    expect(() => encodeMessage({ ...message, ...wrong })).toThrow("no number for the wire");
  },
);

const anyNonce = fc.option(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), { nil: undefined });

test("a greeting is read back, and is no message", () => {
  const anyGreeting = fc.record({ nonce: anyNonce, echo: anyNonce, segmentAddress: fc.constantFrom("", "fe80::1") });
  fc.assert(
    fc.property(anyGreeting, (greeting) => {
      const packet = packetOf(encodeGreeting(greeting));
      expect(decodeGreeting(packet)).toEqual(greeting);
      expect(decodeMessage(packet)).toBeUndefined();
    }),
  );
});

test("a message is no greeting, nor is what has something in the bytes that a greeting leaves empty", () => {
  expect(decodeGreeting(packetOf(encodeMessage(message)))).toBeUndefined();
  const greeting = encodeGreeting({ nonce: 1n, echo: undefined, segmentAddress: "" });
  greeting.body[23] = 1;
  expect(decodeGreeting(packetOf(greeting))).toBeUndefined();
});

test("a term is another if its holder, its transitions or its number are", () => {
  const term: HeldTerm = message;
  const read = decodeMessage(packetOf(encodeMessage(message)));
  expect(read !== undefined && sameTerm(read, term)).toBe(true);
  expect(sameTerm({ ...term, holderIdentity: "vc-0_u0_bb" }, term)).toBe(false);
  expect(sameTerm({ ...term, leaseTransitions: 8 }, term)).toBe(false);
  expect(sameTerm({ ...term, term: 2 }, term)).toBe(false);
});

test("two lives of one pod are one voter, and a recreated pod is another", () => {
  expect(voterOf("vc-0_u0_bb")).toBe(voterOf("vc-0_u0_aa"));
  expect(voterOf("vc-0_u9_aa")).not.toBe(voterOf("vc-0_u0_aa"));
  expect(voterOf("nonceless")).toBe("nonceless");
});
