/** Real sockets on loopback: each replica has a pod address and one on the segment of its own in 127.0.0.0/8. */
import { createHmac, createPrivateKey, generateKeyPairSync, hkdfSync } from "node:crypto";
import dgram from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { decodeGreeting, encodeGreeting } from "../../quorum/greeting.ts";
import { decodeMessage, encodeMessage } from "../../quorum/message.ts";
import { decodePacket, encodePacket, type Packet, type Seal } from "../../quorum/packet.ts";
import type { QuorumMessage, QuorumPath, QuorumPeersEvent } from "../../quorum/port.ts";
import type { SidecarError } from "../../sidecar-error.ts";
import { SystemClock } from "../clock.ts";
import { UdpQuorumPeers, type UdpQuorumPeersOptions } from "./udp-quorum-peers.ts";

const folder = mkdtempSync(join(tmpdir(), "quorum-"));
const keyPath = join(folder, "sa.key");
const otherKeyPath = join(folder, "other.key");
for (const path of [keyPath, otherKeyPath]) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(path, privateKey.export({ type: "sec1", format: "pem" }));
}
afterAll(() => rmSync(folder, { recursive: true }));

const SCOPE = "kube-system/vcluster-kube-vip 10.100.0.100";
const clock = new SystemClock();
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A port for each test: what one leaves in the kernel reaches no other. */
let port = 20_000 + (process.pid % 20_000);

interface Heard {
  readonly message: QuorumMessage;
  readonly path: QuorumPath;
}

function replica(index: number, life: string, more: Partial<UdpQuorumPeersOptions> = {}) {
  const identity = `vc-${index}_u${index}_${life}`;
  const problems: (readonly SidecarError[])[] = [];
  const heard: Heard[] = [];
  const counts: number[] = [];
  const peers = new UdpQuorumPeers({
    identity,
    scope: SCOPE,
    keyPath,
    podAddress: `127.0.1.${index}`,
    segmentAddress: () => `127.0.2.${index}`,
    port,
    lookup: async () => ["127.0.1.1", "127.0.1.2", "127.0.1.3"],
    followReplicas: (onCount) => {
      onCount(3);
      return () => undefined;
    },
    clock,
    onProblems: (now) => problems.push(now),
    ...more,
  });
  open.push(peers);
  const onEvent = (event: QuorumPeersEvent): void => {
    if (event.t === "message") heard.push(event);
    else counts.push(event.count);
  };
  peers.follow(onEvent);
  return { identity, peers, heard, problems, counts };
}

const message = (sender: string, sequence: number): QuorumMessage => ({
  kind: "heartbeat",
  sender,
  holderIdentity: sender,
  leaseTransitions: 3,
  term: 4,
  sequence,
  promiseDurationMs: 700,
});

/** Loopback takes well under a millisecond; the machine may be busy. */
const soon = <T>(look: () => T): Promise<T> => vi.waitFor(look, { timeout: 8_000, interval: 5 });

const sealOf = (path: string): Seal => {
  const der = createPrivateKey(readFileSync(path)).export({ type: "pkcs8", format: "der" });
  const key = Buffer.from(hkdfSync("sha256", der, "", "vcluster-kube-vip quorum messages v1", 32));
  return { hmac: (bytes) => createHmac("sha256", key).update(bytes).digest(), scope: new TextEncoder().encode(SCOPE) };
};

/** A replica by hand, on 127.0.1.3: it says what it is told to, and keeps all that it gets. */
async function puppet(life: string, options: { readonly segment?: string; readonly keyPath?: string } = {}) {
  const seal = sealOf(options.keyPath ?? keyPath);
  const identity = `vc-3_u3_${life}`;
  const socket = dgram.createSocket("udp4");
  const datagrams: Uint8Array[] = [];
  let counter = 0;
  const send = (bytes: Uint8Array, to: string): void => socket.send(bytes, port, to);
  const packetOf = (
    inside: Pick<Packet, "kind" | "body" | "detail">,
    receiver: string,
    path: QuorumPath,
  ): Uint8Array => {
    counter += 1;
    return encodePacket({ ...inside, path, counter, sender: identity, receiver }, seal);
  };
  const greet = (receiver: string, echo: bigint | undefined): Uint8Array => {
    const inside = encodeGreeting({ nonce: undefined, echo, segmentAddress: options.segment ?? "" });
    return packetOf(inside, receiver, "pod-network");
  };
  socket.on("message", (bytes) => datagrams.push(bytes));
  await new Promise<void>((resolve) => socket.bind(port, "127.0.1.3", resolve));
  open.push({ close: () => socket.close() });
  const packets = (): readonly Packet[] =>
    datagrams.map((bytes) => decodePacket(bytes, seal)).filter((read) => typeof read !== "string");
  /** Greets until it is asked, and echoes. */
  const introduce = async (to: ReturnType<typeof replica>, at: string): Promise<void> => {
    send(greet("", undefined), at);
    const nonce = await soon(() => {
      const [asked] = packets().flatMap((packet) => decodeGreeting(packet)?.nonce ?? []);
      if (asked === undefined) throw new Error("not asked yet");
      return asked;
    });
    send(greet(to.identity, nonce), at);
    await soon(() => expect(to.peers.known).toContain(identity));
  };
  return { identity, send, packetOf, greet, packets, introduce };
}

const outcome = (of: ReturnType<typeof replica>, name: string): number =>
  new Map<string, number>(of.peers.counts).get(name) ?? 0;

function nextPort(): void {
  port += 1;
}

test("three replicas get to know each other, and each hears every message once on each path", async () => {
  nextPort();
  const all = [replica(1, "aa"), replica(2, "aa"), replica(3, "aa")] as const;
  await soon(() => {
    for (const { peers } of all) expect(peers.known).toHaveLength(2);
  });
  const [first, ...others] = all;
  const said = message(first.identity, 7);
  first.peers.send(said, { t: "all" });
  for (const { heard } of others) {
    await soon(() => expect(heard).toHaveLength(2));
    expect(heard.map((each) => each.message)).toEqual([said, said]);
    expect(new Set(heard.map(({ path }) => path))).toEqual(new Set(["segment", "pod-network"]));
  }
  expect(first.heard).toEqual([]);
  expect(first.counts).toEqual([3]);
});

test("an answer goes to the one that asked, by the path on which it did", async () => {
  nextPort();
  const [a, b, c] = [replica(1, "aa"), replica(2, "aa"), replica(3, "aa")] as const;
  await soon(() => expect(b.peers.known).toHaveLength(2));
  b.peers.send(message(b.identity, 1), { t: "one", identity: a.identity, path: "segment" });
  b.peers.send(message(b.identity, 2), { t: "one", identity: a.identity, path: "pod-network" });
  await soon(() => expect(a.heard).toHaveLength(2));
  expect(a.heard.map((each) => `${each.message.sequence} ${each.path}`).toSorted()).toEqual([
    "1 segment",
    "2 pod-network",
  ]);
  expect(c.heard).toEqual([]);
});

test("a replica without an address on the segment is heard on the pod network", async () => {
  nextPort();
  const a = replica(1, "aa");
  const b = replica(2, "aa", { segmentAddress: () => undefined });
  await soon(() => expect(a.peers.known).toHaveLength(1));
  await soon(() => expect(b.peers.known).toHaveLength(1));
  a.peers.send(message(a.identity, 1), { t: "all" });
  b.peers.send(message(b.identity, 1), { t: "all" });
  await soon(() => expect([a.heard.length, b.heard.length]).toEqual([1, 1]));
  expect(a.heard[0]?.path).toBe("pod-network");
  expect(b.heard[0]?.path).toBe("pod-network");
});

test("with the way to one of them cut on the segment, it is still heard there, and hears on the pod network", async () => {
  nextPort();
  const a = replica(1, "aa");
  // Says that it is where nobody is: what is sent to it on the segment is lost, what it sends there is not.
  const cut = await puppet("aa", { segment: "127.0.2.33" });
  await cut.introduce(a, "127.0.1.1");
  cut.send(cut.packetOf(encodeMessage(message(cut.identity, 5)), a.identity, "segment"), "127.0.2.1");
  await soon(() => expect(a.heard).toHaveLength(1));
  expect(a.heard[0]?.path).toBe("segment");
  a.peers.send({ ...message(a.identity, 5), kind: "promise" }, { t: "all" });
  await soon(() => expect(cut.packets().flatMap((packet) => decodeMessage(packet)?.kind ?? [])).toEqual(["promise"]));
});

test("a message that is replayed counts for nothing, also by the other path, and its life's end does not change that", async () => {
  nextPort();
  const a = replica(1, "aa");
  const b = await puppet("aa");
  await b.introduce(a, "127.0.1.1");
  const said = b.packetOf(encodeMessage(message(b.identity, 5)), a.identity, "pod-network");
  for (let copy = 0; copy < 3; copy += 1) b.send(said, "127.0.1.1");
  b.send(said, "127.0.2.1");
  await soon(() => expect(outcome(a, "replay") + outcome(a, "misdirected")).toBe(3));
  expect(a.heard).toHaveLength(1);
  for (const { close } of open.splice(1)) close();
  const next = await puppet("bb");
  await next.introduce(a, "127.0.1.1");
  expect(a.peers.known).toEqual([next.identity]);
  next.send(said, "127.0.1.1");
  await soon(() => expect(outcome(a, "stranger")).toBe(1));
  expect(a.heard).toHaveLength(1);
});

test("a greeting recorded of an earlier life begins nothing, and neither does its recorded echo", async () => {
  nextPort();
  const a = replica(1, "aa");
  const b = await puppet("aa");
  const greeting = b.greet("", undefined);
  b.send(greeting, "127.0.1.1");
  await soon(() => expect(b.packets().length).toBeGreaterThan(0));
  const wrong = b.greet(a.identity, 12_345n);
  b.send(wrong, "127.0.1.1");
  for (let copy = 0; copy < 5; copy += 1) b.send(greeting, "127.0.1.1");
  await soon(() => expect(outcome(a, "replay")).toBe(5));
  expect(a.peers.known).toEqual([]);
});

test("what was sealed for one path and comes by the other is nobody's, even if it comes there first", async () => {
  nextPort();
  const a = replica(1, "aa");
  const b = await puppet("aa");
  await b.introduce(a, "127.0.1.1");
  const said = b.packetOf(encodeMessage(message(b.identity, 5)), a.identity, "segment");
  b.send(said, "127.0.1.1");
  await soon(() => expect(outcome(a, "misdirected")).toBe(1));
  expect(a.heard).toEqual([]);
  b.send(said, "127.0.2.1");
  await soon(() => expect(a.heard.map(({ path }) => path)).toEqual(["segment"]));
});

test("what was meant for an earlier life of the receiver, or for another replica, is nobody's", async () => {
  nextPort();
  const a = replica(1, "bb");
  const b = await puppet("aa");
  await b.introduce(a, "127.0.1.1");
  b.send(b.packetOf(encodeMessage(message(b.identity, 5)), "vc-1_u1_aa", "pod-network"), "127.0.1.1");
  b.send(b.packetOf(encodeMessage(message(b.identity, 5)), "vc-2_u2_aa", "pod-network"), "127.0.1.1");
  await soon(() => expect(outcome(a, "misdirected")).toBe(2));
  expect(a.heard).toEqual([]);
});

test.each([
  ["another control plane's key", { keyPath: otherKeyPath }],
  ["another VIP", { scope: "kube-system/vcluster-kube-vip 10.100.0.101" }],
])("a replica with %s is never known", async (_, more) => {
  nextPort();
  const a = replica(1, "aa");
  const b = replica(2, "aa", more);
  await soon(() => expect(outcome(a, "forged")).toBeGreaterThan(0));
  expect([...a.peers.known, ...b.peers.known]).toEqual([]);
});

test("a replica that starts again is known again, and heard", async () => {
  nextPort();
  const a = replica(1, "aa");
  const before = replica(2, "aa");
  await soon(() => expect(a.peers.known).toEqual([before.identity]));
  before.peers.close();
  const after = replica(2, "bb");
  await soon(() => expect(a.peers.known).toEqual([after.identity]));
  await soon(() => expect(after.peers.known).toEqual([a.identity]));
  after.peers.send(message(after.identity, 1), { t: "all" });
  await soon(() => expect(a.heard.map((each) => each.message.sender)).toContain(after.identity));
});

test("without the key file it is silent and says why, and takes part when the file is there", async () => {
  nextPort();
  const late = join(folder, "late.key");
  const a = replica(1, "aa", { keyPath: late });
  const b = replica(2, "aa");
  await soon(() => expect(a.problems.at(-1)?.map(({ code }) => code)).toEqual(["QUORUM_KEY_MISSING"]));
  writeFileSync(late, "-----BEGIN EC PRIVATE KEY-----\nhalf");
  await soon(() => expect(a.problems.at(-1)?.map(({ code }) => code)).toEqual(["QUORUM_KEY_INVALID"]));
  expect(JSON.stringify(a.problems)).not.toContain("half");
  expect(b.peers.known).toEqual([]);
  writeFileSync(late, readFileSync(keyPath));
  await soon(() => expect(a.problems.at(-1)).toEqual([]));
  await soon(() => expect(b.peers.known).toEqual([a.identity]));
});

test("a port that is taken is said, and taken when it is free", async () => {
  nextPort();
  const other = dgram.createSocket("udp4");
  await new Promise<void>((resolve) => other.bind(port, "127.0.1.1", resolve));
  const a = replica(1, "aa");
  await soon(() => expect(a.problems.at(-1)?.[0]?.message).toMatch(/QUORUM_SOCKET_FAILED.*127\.0\.1\.1.*EADDRINUSE/));
  other.close();
  await soon(() => expect(a.problems.at(-1)).toEqual([]));
});

test("10,000 forged packets stop nobody: strangers' are not looked at, known replicas' are, and both replicas' are heard", {
  timeout: 30_000,
}, async () => {
  nextPort();
  const a = replica(1, "aa");
  const b = await puppet("aa");
  await b.introduce(a, "127.0.1.1");
  const forger = dgram.createSocket("udp4");
  await new Promise<void>((resolve) => forger.bind(port, "127.0.1.77", resolve));
  open.push({ close: () => forger.close() });
  const forged = b.packetOf(encodeMessage(message(b.identity, 1)), a.identity, "pod-network");
  forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
  const judged = (): number => [...a.peers.counts.values()].reduce((sum, count) => sum + count, 0);
  const burst = async (send: (bytes: Uint8Array) => void): Promise<void> => {
    for (let sent = 0; sent < 5_000; sent += 100) {
      const before = judged();
      for (let each = 0; each < 100; each += 1) send(forged);
      if (sent % 1_000 === 0)
        b.send(b.packetOf(encodeMessage(message(b.identity, sent)), a.identity, "pod-network"), "127.0.1.1");
      // The sockets' buffers are smaller than the flood, and the kernel drops what is over, whoever sent it.
      await soon(() => expect(judged()).toBeGreaterThanOrEqual(before + 100));
    }
  };
  await burst((bytes) => forger.send(bytes, port, "127.0.1.1"));
  const [forgedThen, limitedThen] = [outcome(a, "forged"), outcome(a, "limited")];
  await burst((bytes) => b.send(bytes, "127.0.1.1"));
  await soon(() => expect(a.heard).toHaveLength(10));
  // Of the stranger's 40 at once, and 20 a second.
  expect(forgedThen).toBeLessThan(40 + 20 * 30);
  expect(limitedThen).toBe(5_000 - forgedThen);
  await soon(() => expect(outcome(a, "forged")).toBe(forgedThen + 5_000));
  expect(a.peers.known).toEqual([b.identity]);
});

test("after its end nothing is heard, said or left open", async () => {
  nextPort();
  const a = replica(1, "aa");
  const b = await puppet("aa");
  await b.introduce(a, "127.0.1.1");
  a.peers.close();
  b.send(b.packetOf(encodeMessage(message(b.identity, 1)), a.identity, "pod-network"), "127.0.1.1");
  a.peers.send(message(a.identity, 1), { t: "all" });
  const again = dgram.createSocket("udp4");
  await new Promise<void>((resolve) => again.bind(port, "127.0.1.1", resolve));
  again.close();
  expect(a.heard).toEqual([]);
});
