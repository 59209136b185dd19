import { expect, test } from "vitest";
import { encodeDatagram, numberMessages } from "./datagram.ts";
import { decodeMessages, NLM_F_ACK, NLM_F_REQUEST } from "./message.ts";

const part = { type: 18, flags: NLM_F_ACK, payload: Uint8Array.of(1, 2, 3, 4) };

test("messages follow each other, each a request, numbered from the first on and past the highest number", () => {
  const datagram = encodeDatagram([part, { ...part, payload: new Uint8Array(0) }, part]);
  numberMessages(datagram, 0xffff_ffff);
  const messages = decodeMessages(datagram.bytes);
  expect(messages.map(({ sequence }) => sequence)).toEqual([0xffff_ffff, 0, 1]);
  expect(messages.map(({ payload }) => payload.length)).toEqual([4, 0, 4]);
  expect(messages.every(({ flags }) => flags === (NLM_F_ACK | NLM_F_REQUEST))).toBe(true);
});
