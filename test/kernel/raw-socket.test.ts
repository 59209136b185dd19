/** Packet and netlink sockets on a real kernel: frames cross a veth, links go down and up, processes end in bad ways. */
import {
  openNetlinkSocket,
  openPacketSocket,
  type PacketSocketOptions,
  type RawSocket,
  type RawSocketError,
} from "@vcluster-kube-vip/raw-socket";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { attempt, type CommandResult, run } from "../bed/command.ts";
import { sleep, waitFor } from "../bed/wait.ts";

const ARP = 0x0806;
const IPV4 = 0x0800;
const SENDER = "raw0";
const HEARER = "raw1";
const SOON = { withinMs: 2_000, everyMs: 2 } as const;
/** BPF: ldh [12]; jeq #0x0806 → take it whole, else drop; as tcpdump -dd prints "arp". */
const LOAD_ETHER_TYPE = { code: 0x28, jumpTrue: 0, jumpFalse: 0, k: 12 };
const RETURN_ALL = { code: 0x06, jumpTrue: 0, jumpFalse: 0, k: 0x40000 };
const RETURN_NONE = { code: 0x06, jumpTrue: 0, jumpFalse: 0, k: 0 };
const ETH_P_ALL = 0x0003;

const open: RawSocket[] = [];
let senderIndex: number;
let hearerIndex: number;

beforeAll(async () => {
  await run(["ip", "link", "add", "name", SENDER, "type", "veth", "peer", "name", HEARER]);
  senderIndex = (await link(SENDER)).ifindex;
  hearerIndex = (await link(HEARER)).ifindex;
  await setUp();
});

afterEach(async () => {
  for (const socket of open.splice(0)) socket.close();
  await setUp();
});

afterAll(() => run(["ip", "link", "del", "dev", SENDER]));

async function link(name: string): Promise<{ ifindex: number; operstate: string }> {
  return JSON.parse(await run(["ip", "-j", "link", "show", "dev", name]))[0];
}

/** Until the kernel's link watch has run, a link that was just set up drops what is sent. */
async function setUp(): Promise<void> {
  for (const name of [SENDER, HEARER]) await run(["ip", "link", "set", "dev", name, "up"]);
  for (const name of [SENDER, HEARER]) {
    await waitFor(`${name} to be up`, async () => (await link(name)).operstate === "UP" || undefined, SOON);
  }
}

/** What a socket hears from now on. */
async function hear(
  change: Partial<PacketSocketOptions> = {},
): Promise<{ frames: Uint8Array[]; errors: RawSocketError[] }> {
  const frames: Uint8Array[] = [];
  const errors: RawSocketError[] = [];
  const onMessage = (frame: Uint8Array): number => frames.push(frame);
  const onError = (error: RawSocketError): number => errors.push(error);
  open.push(openPacketSocket({ linkIndex: hearerIndex, etherType: ARP, onMessage, onError, ...change }));
  return { frames, errors };
}

function sender(): RawSocket {
  const ignore = (): void => undefined;
  const socket = openPacketSocket({ linkIndex: senderIndex, etherType: 0, onMessage: ignore, onError: ignore });
  open.push(socket);
  return socket;
}

/** A broadcast of this EtherType, numbered, as long as an ARP frame on the wire. */
function frame(etherType: number, number = 0): Uint8Array {
  const bytes = new Uint8Array(60).fill(0xff, 0, 6);
  bytes.set([2, 0, 0, 0, 0, 1, etherType >> 8, etherType & 0xff, number], 6);
  return bytes;
}

test("a frame arrives as it was sent, and alone", async () => {
  const { frames, errors } = await hear();
  const socket = sender();
  expect(socket.send(frame(IPV4, 1))).toBeUndefined();
  expect(socket.send(frame(ARP, 2))).toBeUndefined();
  await waitFor("a frame", () => frames[0], SOON);
  expect(frames).toEqual([frame(ARP, 2)]);
  expect(errors).toEqual([]);
});

test("more frames than one batch arrive, all and in order", async () => {
  const { frames } = await hear();
  const socket = sender();
  const sent = Array.from({ length: 200 }, (_, number) => frame(ARP, number));
  for (const one of sent) expect(socket.send(one)).toBeUndefined();
  await waitFor("200 frames", () => frames.length === 200 || undefined, SOON);
  expect(frames).toEqual(sent);
});

test("what the kernel answers while it takes a request is had before receive() returns", () => {
  const heard: Uint8Array[] = [];
  const onMessage = (bytes: Uint8Array): number => heard.push(bytes);
  const socket = openNetlinkSocket({ protocol: 0, onMessage, onError: () => undefined });
  open.push(socket);
  // NLMSG_NOOP, to be acknowledged, number 7.
  expect(socket.send(new Uint8Array(Uint32Array.of(16, 0x0005_0001, 7, 0).buffer))).toBeUndefined();
  expect(heard).toEqual([]);
  socket.receive();
  expect(heard.map((bytes) => bytes[8])).toEqual([7]);
  socket.receive();
  expect(heard).toHaveLength(1);
});

test("a paused socket hears nothing, from its own callback on, and then what the kernel had room for, in order", async () => {
  const { frames } = await hear({
    onMessage: (one) => {
      frames.push(one);
      if (frames.length === 3) open[0]?.pause();
    },
  });
  const socket = sender();
  const sent = Array.from({ length: 250 }, (_, number) => frame(ARP, number));
  for (const one of sent) expect(socket.send(one)).toBeUndefined();
  await sleep(50);
  expect(frames).toEqual(sent.slice(0, 3));
  open[0]?.resume();
  await waitFor("the others", () => frames.length > 200 || undefined, SOON);
  await sleep(20);
  expect(frames).toEqual(sent.slice(0, frames.length));
});

test("a filter takes what it names, out of all EtherTypes", async () => {
  const isArp = { code: 0x15, jumpTrue: 0, jumpFalse: 1, k: ARP };
  const { frames } = await hear({ etherType: ETH_P_ALL, filter: [LOAD_ETHER_TYPE, isArp, RETURN_ALL, RETURN_NONE] });
  const socket = sender();
  socket.send(frame(IPV4, 1));
  socket.send(frame(ARP, 2));
  await waitFor("a frame", () => frames[0], SOON);
  expect(frames).toEqual([frame(ARP, 2)]);
});

test("a filter that the kernel refuses fails the open", async () => {
  const endless = { code: 0x05, jumpTrue: 0, jumpFalse: 0, k: 99 };
  await expect(hear({ filter: [endless] })).rejects.toMatchObject({
    syscall: "setsockopt(SO_ATTACH_FILTER)",
    errno: 22,
  });
});

test("a link that goes down is told once, and heard again when it is up", async () => {
  const { frames, errors } = await hear();
  const socket = sender();
  for (let round = 1; round <= 3; round += 1) {
    await run(["ip", "link", "set", "dev", HEARER, "down"]);
    await waitFor("the error", () => errors[round - 1], SOON);
    await setUp();
    expect(socket.send(frame(ARP, round))).toBeUndefined();
    await waitFor("the frame", () => frames[round - 1], SOON);
  }
  expect(errors.map(({ code }) => code)).toEqual(Array(3).fill("RAW_SOCKET_LINK_DOWN"));
});

test("sending on a link that is down is a result, and works again when it is up", async () => {
  const { frames } = await hear();
  const socket = sender();
  await run(["ip", "link", "set", "dev", SENDER, "down"]);
  expect(socket.send(frame(ARP))).toMatchObject({ code: "RAW_SOCKET_LINK_DOWN", syscall: "send" });
  await setUp();
  expect(socket.send(frame(ARP))).toBeUndefined();
  await waitFor("the frame", () => frames[0], SOON);
});

test("a frame longer than the MTU is refused", () => {
  expect(sender().send(new Uint8Array(1515))).toMatchObject({ code: "RAW_SOCKET_FAILED", errno: 90 });
});

test("a link that is not there is said to be missing", async () => {
  await expect(hear({ linkIndex: 4_000_000 })).rejects.toMatchObject({
    code: "RAW_SOCKET_LINK_MISSING",
    syscall: "bind",
  });
});

test("a closed socket sends nothing and may be closed again", () => {
  const socket = sender();
  socket.close();
  socket.close();
  expect(socket.send(frame(ARP))).toMatchObject({ code: "RAW_SOCKET_CLOSED" });
});

test("without NET_RAW the error says what to grant", async () => {
  const source = `${PRELUDE} try { openPacketSocket({ linkIndex: 1, etherType: 0, ...ignore }); } catch (e) { console.log(e.message); }`;
  const node = [process.execPath, "--input-type=module", "-e", source];
  const { stdout } = await attempt(["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", ...node]);
  expect(stdout).toMatch(/RAW_SOCKET_PERMISSION: .*EPERM\. Grant NET_RAW/);
});

// How a process ends: each in a process of its own, where an abort would show as a signal (status undefined).

const PRELUDE = `
  import { openNetlinkSocket, openPacketSocket } from "@vcluster-kube-vip/raw-socket";
  import { execFileSync } from "node:child_process";
  const ignore = { onMessage: () => undefined, onError: () => undefined };
  /** Two notifications of links. */
  const change = () => execFileSync("ip", ["link", "set", "dev", "${SENDER}", "promisc", "on"])
    && execFileSync("ip", ["link", "set", "dev", "${SENDER}", "promisc", "off"]);
  const links = (onMessage) => openNetlinkSocket({ ...ignore, protocol: 0, groups: 1, onMessage });
`;

function end(source: string): Promise<CommandResult> {
  return attempt([process.execPath, "--input-type=module", "-e", `${PRELUDE}${source}`]);
}

test("an exception in a callback is an uncaughtException, and the socket goes on", async () => {
  const result = await end(`
    process.on("uncaughtException", ({ message }) => console.log("caught", message));
    let number = 0;
    const socket = links(() => { number += 1; if (number === 2) socket.close(); throw new Error(String(number)); });
    socket.ref();
    change();
  `);
  expect(result).toEqual({ status: 0, stdout: "caught 1\ncaught 2\n", stderr: "" });
});

test("an exception that nobody catches ends the process with its stack, not with an abort", async () => {
  const result = await end(`links(() => { throw new Error("a bug"); }).ref(); change();`);
  expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining("Error: a bug") });
});

test.each([
  ["an open socket does not keep the process alive", "links(() => undefined);"],
  ["a process ends with unread datagrams", "links(() => undefined); change();"],
  ["process.exit() ends with an open socket", "links(() => undefined).ref(); change(); process.exit(0);"],
  ["a socket is closed with unread datagrams", "const s = links(() => process.exit(9)); s.ref(); change(); s.close();"],
  ["a socket is closed in its own callback", "const s = links(() => s.close()); s.ref(); change();"],
  ["unref takes back ref", "const s = links(() => undefined); s.ref(); s.unref();"],
])("%s", async (_, source) => {
  expect(await end(source)).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("a referenced socket keeps the process alive until it is closed", async () => {
  const result = await end(`
    const socket = links(() => undefined);
    socket.ref();
    setTimeout(() => { console.log("closed"); socket.close(); }, 50).unref();
  `);
  expect(result).toEqual({ status: 0, stdout: "closed\n", stderr: "" });
});

test("what a callback promised runs before the next wake-up", async () => {
  const result = await end(`
    const order = [];
    const socket = links(() => {
      if (order.length === 0) setImmediate(() => { console.log(order.join(" ")); socket.close(); });
      order.push("message");
      process.nextTick(() => order.push("tick"));
      Promise.resolve().then(() => order.push("promise"));
    });
    socket.ref();
    change();
  `);
  expect(result).toEqual({ status: 0, stdout: "message message tick tick promise promise\n", stderr: "" });
});

test("a worker thread that ends takes its sockets with it, and the process goes on", async () => {
  const worker = `
    import { openNetlinkSocket } from "@vcluster-kube-vip/raw-socket";
    import { parentPort } from "node:worker_threads";
    const ignore = { onMessage: () => undefined, onError: () => undefined };
    for (let i = 0; i < 3; i += 1) openNetlinkSocket({ ...ignore, protocol: 0, groups: 1 }).ref();
    parentPort.postMessage("open");
  `;
  const result = await end(`
    import { readdirSync } from "node:fs";
    import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 3; round += 1) {
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
      const [answer] = await Promise.race([once(worker, "message"), once(worker, "error")]);
      if (answer !== "open") throw answer;
      change();
      await worker.terminate();
    }
    console.log(readdirSync("/proc/self/fd").length - before);
  `);
  expect(result).toEqual({ status: 0, stdout: "0\n", stderr: "" });
});

test("sockets that are opened and closed leave no descriptor and no memory behind", async () => {
  const result = await end(`
    import { readdirSync } from "node:fs";
    import { setFlagsFromString } from "node:v8";
    import { runInNewContext } from "node:vm";
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const round = async () => {
      for (let i = 0; i < 200; i += 1) links(() => undefined).close();
      await turn(); collect(); await turn();
    };
    for (let i = 0; i < 5; i += 1) await round();
    const [descriptors, bytes] = [readdirSync("/proc/self/fd").length, process.memoryUsage.rss()];
    for (let i = 0; i < 20; i += 1) await round();
    // 4000 sockets with 64 KiB each would be 250 MiB.
    const grown = (process.memoryUsage.rss() - bytes) / 1024 / 1024;
    console.log(readdirSync("/proc/self/fd").length - descriptors, grown < 30 ? "little" : grown);
  `);
  expect(result).toEqual({ status: 0, stdout: "0 little\n", stderr: "" });
});
