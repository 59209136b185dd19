/** Real sockets on loopback, which send to themselves. */
import { networkInterfaces } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import type { SidecarError } from "../../sidecar-error.ts";
import { DatagramSocket } from "./datagram-socket.ts";

let port = 41_000 + (process.pid % 9_000);
const open: DatagramSocket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

function socketOf() {
  port += 1;
  const heard: string[] = [];
  const problems: (SidecarError | undefined)[] = [];
  const socket = new DatagramSocket({
    port,
    onDatagram: (bytes, from) => heard.push(`${Buffer.from(bytes).toString()} from ${from}`),
    onProblem: (problem) => problems.push(problem),
  });
  open.push(socket);
  return { socket, heard, problems };
}

const soon = (look: () => void): Promise<void> => vi.waitFor(look, { timeout: 4_000, interval: 5 });
const text = (said: string): Uint8Array => new TextEncoder().encode(said);

const hasIpv6 = (networkInterfaces()["lo"] ?? []).some(({ address }) => address === "::1");

test.each(["127.0.3.1", ...(hasIpv6 ? ["::1"] : [])])("what is sent to %s is heard, and from whom", async (address) => {
  const { socket, heard } = socketOf();
  socket.bindTo(address);
  await soon(() => expect(socket.address).toBe(address));
  socket.send(text("one"), address);
  await soon(() => expect(heard).toEqual([`one from ${address}`]));
});

test("an address that changes, or is gone, is followed", async () => {
  const { socket, heard } = socketOf();
  socket.bindTo("127.0.3.1");
  await soon(() => expect(socket.address).toBe("127.0.3.1"));
  socket.bindTo("127.0.3.2");
  await soon(() => expect(socket.address).toBe("127.0.3.2"));
  socket.send(text("two"), "127.0.3.2");
  await soon(() => expect(heard).toEqual(["two from 127.0.3.2"]));
  socket.bindTo(undefined);
  expect(socket.address).toBeUndefined();
});

test("what cannot be sent is counted, and harms nothing", async () => {
  const { socket, heard, problems } = socketOf();
  socket.bindTo("127.0.3.1");
  await soon(() => expect(socket.address).toBe("127.0.3.1"));
  socket.send(text("to the other family"), "fd00::1");
  await soon(() => expect(socket.failures).toBe(1));
  socket.send(text("three"), "127.0.3.1");
  await soon(() => expect(heard).toEqual(["three from 127.0.3.1"]));
  expect(problems).toEqual([undefined]);
});

test("an address that is not here is a problem with its code, and over when it is another", async () => {
  const { socket, problems } = socketOf();
  socket.bindTo("192.0.2.1");
  await soon(() => expect(problems.map((problem) => problem?.code)).toEqual(["QUORUM_SOCKET_FAILED"]));
  expect(problems[0]?.message).toContain(`192.0.2.1 port ${port} (UDP): EADDRNOTAVAIL`);
  socket.bindTo("127.0.3.1");
  await soon(() => expect(problems.at(-1)).toBeUndefined());
});
