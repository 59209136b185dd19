import { constants } from "node:os";
import type { Receiver } from "@vcluster-kube-vip/raw-socket";
import { expect, test } from "vitest";
import { decodeMessages, encodeMessage, type NetlinkMessage, NLM_F_DUMP } from "../netlink/message.ts";
import { NetlinkConnection } from "../netlink/netlink-connection.ts";
import { ip } from "../testing/index.ts";
import { IPV4_SOCKET, IPV6_SOCKET, MAPPED_SOCKET } from "./captured.ts";
import { SockDiag } from "./sock-diag.ts";

const { ENOENT, ESTALE, EPERM, EOPNOTSUPP, EINVAL } = constants.errno;
const PORT = 4711;
const TCPDIAG_GETSOCK = 18;
const SOCK_DESTROY = 21;
const vip = ip("10.100.0.100");

/** The kernel's end: what a family's dump holds, and the errno that each request to destroy gets. */
class FakeDiag {
  readonly families = new Map<number, readonly string[]>();
  dumpErrno = 0;
  /** By the order of requests; a missing one is success. */
  errnos: number[] = [];
  dumps = 0;
  /** How many requests to destroy came in each datagram. */
  batches: number[] = [];
  destroyed: string[] = [];
  #receiver: Receiver = { onMessage: () => undefined, onError: () => undefined };

  readonly open = (receiver: Receiver) => {
    this.#receiver = receiver;
    const nothing = () => undefined;
    return { send: (bytes: Uint8Array) => this.#take(bytes), receive: nothing, portId: () => PORT, close: nothing };
  };

  #take(bytes: Uint8Array): undefined {
    const requests = decodeMessages(bytes.slice());
    if (requests[0]?.type === SOCK_DESTROY) this.batches.push(requests.length);
    queueMicrotask(() => {
      for (const request of requests) this.#answer(request);
    });
  }

  #answer({ type, flags, sequence, payload }: NetlinkMessage): void {
    if (type === SOCK_DESTROY) {
      this.destroyed.push(Buffer.from(payload.subarray(8)).toString("hex"));
      return this.#say(2, sequence, int(-(this.errnos.shift() ?? 0)));
    }
    expect(flags & NLM_F_DUMP).toBe(NLM_F_DUMP);
    this.dumps += 1;
    if (this.dumpErrno !== 0) return this.#say(3, sequence, int(-this.dumpErrno));
    const families = type === TCPDIAG_GETSOCK ? [...this.families.keys()] : [payload[0] ?? 0];
    for (const family of families) {
      for (const socket of this.families.get(family) ?? []) this.#say(20, sequence, Buffer.from(socket, "hex"));
      this.families.delete(family);
    }
    this.#say(3, sequence, int(0));
  }

  #say(type: number, sequence: number, payload: Uint8Array): void {
    this.#receiver.onMessage(encodeMessage({ type, flags: 0, sequence, portId: PORT, payload }));
  }
}

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

function fake(): readonly [FakeDiag, SockDiag] {
  const kernel = new FakeDiag();
  return [kernel, new SockDiag(new NetlinkConnection(kernel.open))];
}

test("where the kernel lists both families in one walk it is asked for one", async () => {
  const [kernel, sockets] = fake();
  kernel.errnos = [ENOENT];
  await sockets.tryOut();
  kernel.families.set(2, [IPV4_SOCKET]).set(10, [MAPPED_SOCKET]);
  const before = kernel.dumps;
  expect((await sockets.connections(vip)).items).toHaveLength(2);
  expect(kernel.dumps - before).toBe(1);
});

test("connections of an IPv4 VIP are those of dual-stack listeners, too", async () => {
  const [kernel, sockets] = fake();
  kernel.families.set(2, [IPV4_SOCKET]).set(10, [MAPPED_SOCKET]);
  const remoteAddress = ip("10.100.0.50");
  expect(await sockets.connections(vip)).toEqual({
    complete: true,
    items: [
      { localPort: 8443, remoteAddress, remotePort: 40001, state: "established" },
      { localPort: 8444, remoteAddress, remotePort: 40002, state: "established" },
    ],
  });
});

test("an IPv6 VIP has no IPv4 sockets", async () => {
  const [kernel, sockets] = fake();
  kernel.families.set(2, [IPV4_SOCKET]).set(10, [IPV6_SOCKET]);
  expect((await sockets.connections(ip("fd00:100::64"))).items).toMatchObject([{ remotePort: 40003 }]);
  expect(kernel.dumps).toBe(1);
});

test("a kernel that does not filter makes nobody else's connection ours", async () => {
  const [kernel, sockets] = fake();
  kernel.families.set(2, [IPV4_SOCKET]);
  expect(await sockets.destroy(ip("10.100.0.101"))).toBe(0);
  expect(kernel.destroyed).toEqual([]);
});

test("each socket is destroyed by the id that the kernel gave it, and looked for again", async () => {
  const [kernel, sockets] = fake();
  kernel.families.set(2, [IPV4_SOCKET]).set(10, [MAPPED_SOCKET]);
  expect(await sockets.destroy(vip)).toBe(2);
  expect(kernel.destroyed).toEqual([IPV4_SOCKET.slice(8, 104), MAPPED_SOCKET.slice(8, 104)]);
  expect(kernel.dumps).toBe(4);
});

test("what is gone meanwhile is not counted, and keeps nothing else from being destroyed", async () => {
  const [kernel, sockets] = fake();
  kernel.families.set(2, [IPV4_SOCKET, IPV4_SOCKET, IPV4_SOCKET, IPV4_SOCKET]);
  kernel.errnos = [ENOENT, ESTALE, EOPNOTSUPP];
  expect(await sockets.destroy(vip)).toBe(1);
  expect(kernel.destroyed).toHaveLength(4);
});

test("a connection that the kernel will not let go is tried four times and no more", async () => {
  const [kernel, sockets] = fake();
  kernel.families.delete = () => false;
  kernel.families.set(2, [IPV4_SOCKET]);
  kernel.errnos = Array.from({ length: 10 }, () => ENOENT);
  expect(await sockets.destroy(vip)).toBe(0);
  expect(kernel.destroyed).toHaveLength(4);
});

test("300 connections go in batches of 128", async () => {
  const [kernel, sockets] = fake();
  kernel.families.set(
    2,
    Array.from({ length: 300 }, () => IPV4_SOCKET),
  );
  expect(await sockets.destroy(vip)).toBe(300);
  expect(kernel.batches).toEqual([128, 128, 44]);
});

test.each([
  [EPERM, "KERNEL_PERMISSION: cannot destroy the connections of 10.100.0.100: EPERM. Grant NET_ADMIN"],
  [EINVAL, "KERNEL_REFUSED: cannot destroy the connections of 10.100.0.100: EINVAL."],
])("errno %i to a request to destroy is an error that says what to do", async (errno, message) => {
  const [kernel, sockets] = fake();
  kernel.families.set(2, [IPV4_SOCKET]);
  kernel.errnos = [errno];
  await expect(sockets.destroy(vip)).rejects.toThrow(message);
});

test("a list that is refused is an error, not an empty list", async () => {
  const [kernel, sockets] = fake();
  kernel.dumpErrno = EINVAL;
  await expect(sockets.connections(vip)).rejects.toMatchObject({ code: "KERNEL_REFUSED", errno: EINVAL });
});

test("a kernel that can destroy sockets says of none that it is not there", async () => {
  const [kernel, sockets] = fake();
  kernel.errnos = [ENOENT];
  await sockets.tryOut();
  expect(kernel.destroyed).toEqual(["00".repeat(48)]);
});

test.each([
  ["without inet_diag", ENOENT, [], "cannot list TCP sockets: ENOENT"],
  ["without CONFIG_INET_DIAG_DESTROY", 0, [EOPNOTSUPP], "cannot destroy TCP sockets: ENOTSUP"],
] as const)("a kernel %s is found out before anything is destroyed", async (_name, dumpErrno, errnos, words) => {
  const [kernel, sockets] = fake();
  kernel.dumpErrno = dumpErrno;
  kernel.errnos = [...errnos];
  await expect(sockets.tryOut()).rejects.toThrow(`SOCKETS_UNSUPPORTED: ${words}. No connection is reset in a move`);
});

test("after close every request is refused", async () => {
  const [, sockets] = fake();
  sockets.close();
  await expect(sockets.connections(vip)).rejects.toMatchObject({ code: "KERNEL_CLOSED" });
});
