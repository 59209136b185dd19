import { RawSocketError, type Receiver } from "@vcluster-kube-vip/raw-socket";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encodeDatagram } from "./datagram.ts";
import { decodeMessages, encodeMessage, type NetlinkMessage } from "./message.ts";
import { NetlinkConnection, type NetlinkRequest } from "./netlink-connection.ts";

const PORT = 4711;
const DUMP_INTERRUPTED = 0x10;
const request: NetlinkRequest = { type: 18, flags: 0, payload: new Uint8Array(4), what: "read the links" };
const overrun = new RawSocketError("RAW_SOCKET_OVERRUN", "lost", {});

/** The kernel's end, played by the test. */
class FakeSocket {
  readonly sent: NetlinkMessage[] = [];
  receiver: Receiver = { onMessage: () => undefined, onError: () => undefined };
  sendError: RawSocketError | undefined;
  closed = false;
  datagrams = 0;

  readonly open = (receiver: Receiver): this => {
    this.receiver = receiver;
    return this;
  };

  send(bytes: Uint8Array): RawSocketError | undefined {
    this.datagrams += 1;
    this.sent.push(...decodeMessages(bytes));
    return this.sendError;
  }

  /** What the kernel has answered while it took the request. */
  readonly ready: (() => void)[] = [];

  receive(): void {
    for (let answer = this.ready.shift(); answer !== undefined; answer = this.ready.shift()) answer();
  }

  portId(): number {
    return PORT;
  }

  close(): void {
    this.closed = true;
  }

  /** Answers the latest request, or another. */
  answer(type: number, change: Partial<NetlinkMessage> = {}): void {
    const sequence = this.sent.at(-1)?.sequence ?? 0;
    const message = { type, flags: 0, sequence, portId: PORT, payload: new Uint8Array(4), ...change };
    this.receiver.onMessage(encodeMessage(message));
  }

  acknowledge(change: Partial<NetlinkMessage> = {}): void {
    this.answer(2, change);
  }
}

let socket: FakeSocket;
let connection: NetlinkConnection;

beforeEach(() => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  connection = new NetlinkConnection(socket.open);
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function numbers(sent: readonly NetlinkMessage[]): readonly number[] {
  return sent.map(({ sequence }) => sequence);
}

test("requests go out one at a time, in order", async () => {
  const first = connection.verb(request);
  const second = connection.verb(request);
  expect(numbers(socket.sent)).toEqual([1]);
  socket.acknowledge();
  expect(numbers(socket.sent)).toEqual([1, 2]);
  socket.acknowledge({ payload: Uint8Array.of(0xef, 0xff, 0xff, 0xff) });
  expect(await first).toMatchObject({ errno: 0 });
  expect(await second).toMatchObject({ errno: 17 });
});

test("an answer that is there when the request was taken needs no turn of the event loop", () => {
  socket.ready.push(() => socket.acknowledge());
  const answer = connection.verb(request);
  expect(vi.getTimerCount()).toBe(0);
  return expect(answer).resolves.toMatchObject({ errno: 0 });
});

test("answers are told in the order of the requests, though the second is there at once", async () => {
  const told: number[] = [];
  const first = connection.verb(request).then(() => told.push(1));
  const second = connection.verb(request).then(() => told.push(2));
  socket.ready.push(() => socket.acknowledge());
  socket.acknowledge();
  await Promise.all([first, second]);
  expect(told).toEqual([1, 2]);
});

test("an answer to somebody else, or to an earlier request, is no answer", async () => {
  const answer = connection.verb(request);
  socket.acknowledge({ portId: PORT + 1, payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff) });
  socket.acknowledge({ sequence: 0, payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff) });
  socket.acknowledge();
  expect(await answer).toMatchObject({ errno: 0 });
});

test("a dump gathers what comes before its end", async () => {
  const dump = connection.dump(request);
  socket.answer(16);
  socket.answer(16);
  socket.answer(3);
  expect(await dump).toMatchObject({ errno: 0, complete: true, messages: [{ type: 16 }, { type: 16 }] });
});

test("an interrupted dump is read again, and only the last reading counts", async () => {
  const dump = connection.dump(request);
  socket.answer(16);
  socket.answer(16, { flags: DUMP_INTERRUPTED });
  socket.answer(3);
  await vi.advanceTimersByTimeAsync(0);
  socket.answer(16);
  socket.answer(3);
  expect(await dump).toMatchObject({ complete: true, messages: [{ type: 16 }] });
});

test("a dump that is interrupted four times says that it is not complete", async () => {
  const dump = connection.dump(request);
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    socket.answer(3, { flags: DUMP_INTERRUPTED });
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(await dump).toMatchObject({ complete: false });
  expect(socket.sent).toHaveLength(4);
});

test("a dump of which a part was lost is read again", async () => {
  const dump = connection.dump(request);
  socket.receiver.onError(overrun);
  socket.answer(3);
  await vi.advanceTimersByTimeAsync(0);
  socket.answer(3);
  expect(await dump).toMatchObject({ complete: true });
});

test("a verb whose answer was lost is unknown at once", async () => {
  const answer = connection.verb(request);
  socket.receiver.onError(overrun);
  await expect(answer).rejects.toMatchObject({ code: "KERNEL_TIMEOUT", cause: overrun });
});

test("a request without an answer ends after two seconds, and its late answer changes nothing", async () => {
  const first = connection.verb(request);
  const second = connection.verb(request);
  vi.advanceTimersByTime(2000);
  await expect(first).rejects.toMatchObject({ code: "KERNEL_TIMEOUT" });
  socket.acknowledge({ sequence: 1, payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff) });
  socket.acknowledge();
  expect(await second).toMatchObject({ errno: 0 });
});

test("what cannot be sent fails at once and lets the next one through", async () => {
  socket.sendError = overrun;
  const first = connection.verb(request);
  await expect(first).rejects.toMatchObject({ code: "KERNEL_REFUSED", cause: overrun });
  socket.sendError = undefined;
  const second = connection.verb(request);
  socket.acknowledge();
  expect(await second).toMatchObject({ errno: 0 });
});

test("an answer that cannot be read fails its request alone", async () => {
  const first = connection.verb(request);
  socket.receiver.onMessage(new Uint8Array(5));
  await expect(first).rejects.toMatchObject({ code: "KERNEL_ANSWER_MALFORMED" });
  const second = connection.verb(request);
  socket.acknowledge();
  expect(await second).toMatchObject({ errno: 0 });
});

test("the 1025th request that waits is refused", async () => {
  const waiting = Array.from({ length: 1025 }, () => connection.verb(request));
  await expect(connection.verb(request)).rejects.toMatchObject({ code: "KERNEL_BUSY" });
  for (const _ of waiting) socket.acknowledge();
  expect(await Promise.all(waiting)).toHaveLength(1025);
});

test("closing ends all requests, also later ones", async () => {
  const pending = [connection.verb(request), connection.dump(request)];
  connection.close();
  for (const one of [...pending, connection.verb(request)]) {
    await expect(one).rejects.toMatchObject({ code: "KERNEL_CLOSED" });
  }
  expect(socket.closed).toBe(true);
});

test("a transaction is one datagram, and its acknowledgement may speak of any of its messages", async () => {
  const parts = [16, 0xa00, 17].map((type) => ({ type, flags: 0, payload: new Uint8Array(4) }));
  const answer = connection.transaction("change the tables", encodeDatagram(parts));
  expect(socket.datagrams).toBe(1);
  expect(numbers(socket.sent)).toEqual([1, 2, 3]);
  socket.acknowledge({ sequence: 2, payload: Uint8Array.of(0xfe, 0xff, 0xff, 0xff) });
  expect(await answer).toMatchObject({ errno: 2, index: 1 });
});

test("what else the kernel says of a failed transaction is not taken for the next answer", async () => {
  const part = { type: 16, flags: 0, payload: new Uint8Array(4) };
  const failed = connection.transaction("change the tables", encodeDatagram([part, part]));
  const next = connection.verb(request);
  socket.acknowledge({ sequence: 1, payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff) });
  socket.acknowledge({ sequence: 2, payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff) });
  socket.acknowledge({ sequence: 3 });
  expect(await failed).toMatchObject({ errno: 1 });
  expect(await next).toMatchObject({ errno: 0 });
});

test("a batch is one datagram, of which every verb is acknowledged for itself", async () => {
  const answers = connection.batch("destroy three sockets", [request, request, request]);
  expect(socket.datagrams).toBe(1);
  expect(socket.sent.map(({ sequence, flags }) => [sequence, flags & 4])).toEqual([1, 2, 3].map((n) => [n, 4]));
  socket.acknowledge({ sequence: 1 });
  socket.acknowledge({ sequence: 2, payload: Uint8Array.of(0xfe, 0xff, 0xff, 0xff) });
  socket.acknowledge({ sequence: 3 });
  expect((await answers).map(({ errno }) => errno)).toEqual([0, 2, 0]);
});

test("a batch whose acknowledgements were lost fails, and the next request is answered", async () => {
  const answers = connection.batch("destroy two sockets", [request, request]);
  socket.acknowledge({ sequence: 1 });
  socket.receiver.onError(overrun);
  await expect(answers).rejects.toMatchObject({ code: "KERNEL_TIMEOUT" });
  const next = connection.verb(request);
  socket.acknowledge();
  expect(await next).toMatchObject({ errno: 0 });
});

test("a dump of more than 65,536 objects keeps no more, says so, and is not read again", async () => {
  const dump = connection.dump(request);
  for (let message = 0; message <= 65_536; message += 1) socket.answer(16);
  socket.answer(3);
  const { complete, messages } = await dump;
  expect({ complete, count: messages.length, datagrams: socket.datagrams }).toEqual({
    complete: false,
    count: 65_536,
    datagrams: 1,
  });
});
