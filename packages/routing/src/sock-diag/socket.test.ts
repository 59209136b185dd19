import fc from "fast-check";
import { expect, test } from "vitest";
import type { RoutingError } from "../routing-error.ts";
import { ip } from "../testing/index.ts";
import { ipAddressBytes, ipAddressFromBytes } from "../values/ip-address.ts";
import { HALF_CLOSED_SOCKET, IPV4_SOCKET, IPV6_SOCKET, MAPPED_SOCKET } from "./captured.ts";
import { decodeSocket, encodeDestroy, encodeEmptyDump, encodeSocketDump, encodeVainDestroy } from "./socket.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const hex = (payload: Uint8Array) => Buffer.from(payload).toString("hex");
const NO_ID = "00".repeat(48);

test.each([
  ["IPv4", IPV4_SOCKET, { family: 4, state: "established", localPort: 8443, remotePort: 40001 }],
  [
    "IPv4 of a dual-stack listener",
    MAPPED_SOCKET,
    { family: 6, state: "established", localPort: 8444, remotePort: 40002 },
  ],
  ["half closed", HALF_CLOSED_SOCKET, { family: 6, state: "fin-wait-2", localPort: 8445, remotePort: 40004 }],
] as const)("a captured connection is read: %s", (_name, captured, expected) => {
  const addresses = { localAddress: ip("10.100.0.100"), remoteAddress: ip("10.100.0.50") };
  expect(decodeSocket(bytes(captured))).toMatchObject({ ...expected, ...addresses });
});

test("a captured IPv6 connection is read", () => {
  expect(decodeSocket(bytes(IPV6_SOCKET))).toMatchObject({
    family: 6,
    state: "established",
    localAddress: ip("fd00:100::64"),
    localPort: 8444,
    remoteAddress: ip("fd00:100::50"),
    remotePort: 40003,
  });
});

/** The captured IPv4 connection, with one byte of it changed. */
function changed(offset: number, value: number): Uint8Array {
  const payload = bytes(IPV4_SOCKET);
  payload[offset] = value;
  return payload;
}

test.each([
  ["a listener", 1, 10],
  ["a closed socket", 1, 7],
  ["a state that nobody knows", 1, 200],
  ["a socket in time-wait", 1, 6],
  ["a socket in time-wait, said to be in another state", 2, 3],
  ["a socket of another family", 0, 1],
])("%s is no connection", (_name, offset, value) => {
  expect(decodeSocket(changed(offset, value))).toBeUndefined();
});

test("a dump asks for the states of connections and for one local address", () => {
  expect(hex(encodeSocketDump(4, ip("10.100.0.100")))).toBe(
    `020600003e0b0000${NO_ID}140001000710140002200000ffffffff0a640064`,
  );
  // The IPv6 sockets of an IPv4 address: the kernel takes its mapped form.
  expect(hex(encodeSocketDump(6, ip("10.100.0.100")))).toBe(
    `0a0600003e0b0000${NO_ID}140001000710140002200000ffffffff0a640064`,
  );
  expect(hex(encodeSocketDump(6, ip("fd00:100::64")))).toBe(
    `0a0600003e0b0000${NO_ID}20000100071c20000a800000fffffffffd000100000000000000000000000064`,
  );
});

test("a request to destroy names the socket as the kernel did, cookie included", () => {
  const socket = decodeSocket(bytes(MAPPED_SOCKET));
  if (socket === undefined) throw new TypeError("not read");
  expect(hex(encodeDestroy(socket))).toBe(`0a0600003e0b0000${MAPPED_SOCKET.slice(8, 104)}`);
});

test("the trial requests name nothing", () => {
  expect(hex(encodeEmptyDump())).toBe(`0206000000000000${NO_ID}`);
  expect(hex(encodeVainDestroy())).toBe(`020600003e0b0000${NO_ID}`);
});

test("a connection cut short is malformed, whatever follows a whole one is not looked at", () => {
  for (const length of [0, 1, 52, 71])
    expect(() => decodeSocket(bytes(IPV4_SOCKET).subarray(0, length))).toThrow("KERNEL_ANSWER_MALFORMED");
  const whole = decodeSocket(bytes(IPV4_SOCKET));
  expect(decodeSocket(bytes(IPV4_SOCKET).subarray(0, 72))).toEqual(whole);
  expect(decodeSocket(Buffer.concat([bytes(IPV4_SOCKET), Buffer.alloc(1_000, 0xff)]))).toEqual(whole);
});

const addresses = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ports = fc.integer({ min: 0, max: 65_535 });

test("every IPv4 connection is the same one, whichever family its socket has", () => {
  fc.assert(
    fc.property(addresses, addresses, ports, ports, (local, remote, localPort, remotePort) => {
      const expected = { localAddress: ipAddressFromBytes(local), remoteAddress: ipAddressFromBytes(remote) };
      for (const family of [4, 6] as const) {
        const payload = new Uint8Array(72);
        const view = new DataView(payload.buffer);
        payload.set([family === 4 ? 2 : 10, 1]);
        view.setUint16(4, localPort);
        view.setUint16(6, remotePort);
        for (const [offset, address] of [[8, local] as const, [24, remote] as const])
          payload.set(family === 4 ? address : [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...address], offset);
        expect(decodeSocket(payload)).toMatchObject({ family, localPort, remotePort, ...expected });
      }
    }),
  );
});

test("the filter of an address ends in it", () => {
  fc.assert(
    fc.property(fc.oneof(addresses, fc.uint8Array({ minLength: 16, maxLength: 16 })), (address) => {
      const local = ipAddressFromBytes(address);
      if (local === undefined) throw new TypeError("no address");
      const payload = encodeSocketDump(6, local);
      expect(payload.subarray(-address.length)).toEqual(ipAddressBytes(local));
    }),
  );
});

test("no bytes make the decoder fail in another way", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
      try {
        decodeSocket(payload);
      } catch (error) {
        expect((error as RoutingError).code).toBe("KERNEL_ANSWER_MALFORMED");
      }
    }),
  );
});
