/**
 * The detour on a real kernel: which connections to the VIP go by a peer, and how they end. The VIP is in the sandbox's
 * own namespace beside a listener that answers "own"; the peer is another listener there, the client at the other end of
 * a veth pair. `nft` is the second opinion.
 */
import { connect, createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NftDetour } from "../../packages/routing/src/nftables/nft-detour.ts";
import { openSockDiag } from "../../packages/routing/src/sock-diag/sock-diag.ts";
import { ip } from "../../packages/routing/src/testing/index.ts";
import { LiveDetour } from "../../packages/sidecar/src/adapters/detour/vip-detour.ts";
import type { Endpoint } from "../../packages/sidecar/src/adapters/kube-api/endpoints.ts";
import { run } from "../bed/command.ts";
import { measured } from "../bed/measured.ts";
import { Namespace } from "../bed/namespace.ts";
import type { BedProcess } from "../bed/process.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";
import { type PeerLine, RELAY_PEER, serve } from "./relay-peer.ts";

const LINK = "detour0";
const PORT = 8443;
const PEER_PORT = 9443;
const DEAD_PORT = 9444;
const BYTES = 10;
const TABLE = "vcluster-kube-vip-77-detour";
const LONG_MS = 60_000;
const HOSTS = {
  4: { vip: ip("10.100.0.100"), length: 32, loopback: "127.0.0.1" },
  6: { vip: ip("fd00:100::64"), length: 128, loopback: "::1" },
} as const;
const SOON = { withinMs: 5_000, everyMs: 1 } as const;

let client: Namespace;
let linkIndex: number;

async function shell(commands: string): Promise<void> {
  await run(["sh", "-ec", commands]);
}

function tables(): Promise<string> {
  return run(["nft", "list", "ruleset"]);
}

async function listen(port: number, name: string): Promise<Server> {
  const server = createServer((socket) => serve(socket, name, BYTES));
  await new Promise<void>((resolve) => server.listen(port, "::", resolve));
  return server;
}

beforeAll(async () => {
  client = await Namespace.add("detour-client");
  await shell(
    `ip link add ${LINK} type veth peer name net0 netns ${client.name}; ip link set ${LINK} up; ip link set lo up`,
  );
  linkIndex = JSON.parse(await run(["ip", "-j", "link", "show", "dev", LINK]))[0].ifindex;
  await client.ip("link set net0 up\naddr add 10.100.0.50/24 dev net0\naddr add fd00:100::50/64 dev net0 nodad");
  await shell(`ip addr add 10.100.0.101/24 dev ${LINK}; ip addr add fd00:100::65/64 dev ${LINK} nodad`);
});

afterAll(async () => {
  await shell(`ip link del ${LINK}`);
  await client.delete();
});

describe.each([4, 6] as const)("IPv%i:", (family) => {
  const { vip, length, loopback } = HOSTS[family];
  const peer = (port: number): Endpoint => ({ protocol: "https:", host: loopback, port, tlsServerName: undefined });
  let own: Server;
  let other: Server;
  let peers: readonly Endpoint[];
  let detour: LiveDetour;
  const callers: BedProcess[] = [];
  const target = () => ({ vip, port: PORT, linkIndex });

  beforeEach(async () => {
    await shell(`ip addr add ${vip}/${length} dev ${LINK} ${family === 6 ? "nodad" : ""}`);
    own = await listen(PORT, "own");
    other = await listen(PEER_PORT, "peer");
    peers = [peer(PEER_PORT)];
    detour = new LiveDetour(new NftDetour({ family, protocol: 77 }), () => peers);
    expect(await detour.prepare()).toEqual({ t: "done" });
  });

  afterEach(async () => {
    for (const caller of callers.splice(0)) await caller.close();
    await detour.close();
    detour.end();
    own.close();
    other.close();
    await shell(`ip addr del ${vip}/${length} dev ${LINK}; nft flush ruleset`);
  });

  /** A connection of the client's, which is silent until it is asked. */
  async function call() {
    const said: PeerLine[] = [];
    const argv = [process.execPath, RELAY_PEER, "connect", vip, String(PORT), String(BYTES)];
    const caller = client.spawn(argv, { name: "caller", onLine: (line) => said.push(JSON.parse(line)) });
    callers.push(caller);
    const diagnose = () => caller.tail();
    const next = () => waitFor("the client to say something", () => said.shift(), { ...SOON, diagnose });
    const first = await next();
    const ask = (): Promise<PeerLine> => {
      caller.signal("SIGUSR2");
      return next();
    };
    return { first, ask, next };
  }

  const open = (timeoutMs = LONG_MS) => detour.open(target(), timeoutMs);

  test("prepared, it is not there; open, it is what nft would make of its text; closed, nothing is left", async () => {
    expect(await tables()).toBe("");
    expect(await open()).toEqual({ t: "done" });
    const address = family === 4 ? "ip" : "ip6";
    const there = await tables();
    expect(there).toContain("type nat hook prerouting priority dstnat; policy accept;");
    const to = family === 4 ? `${vip}:` : `[${vip}]:`;
    expect(there).toContain(
      `iif "${LINK}" ${address} daddr @detoured tcp dport ${PORT} tcp flags syn / syn,ack dnat ${address} to ${to}`,
    );
    expect(await detour.close()).toEqual({ t: "done" });
    expect(await tables()).toBe("");
  });

  test("new connections go by the peer, and those that are there stay", async () => {
    const before = await call();
    expect(await open()).toEqual({ t: "done" });
    const since = await call();
    expect(await since.ask()).toEqual({ answeredBy: "peer" });
    expect(await before.ask()).toEqual({ answeredBy: "own" });
  });

  test("nobody is refused once it is open, whatever becomes of the own listener", async () => {
    await open();
    own.close();
    const since = await call();
    expect(since.first).toBe("connected");
    expect(await since.ask()).toEqual({ answeredBy: "peer" });
  });

  test("a peer that refuses costs nothing but the next one's turn; with none at all the client is reset", async () => {
    peers = [peer(DEAD_PORT), peer(PEER_PORT)];
    await open();
    expect(await (await call()).ask()).toEqual({ answeredBy: "peer" });
    peers = [peer(DEAD_PORT)];
    const lost = await call();
    const end = lost.first === "connected" ? await lost.next() : lost.first;
    expect(end).toEqual({ lostBy: "ECONNRESET" });
  });

  test("connections that come by another link reach the own listener", async () => {
    await open();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect({ host: vip, port: PORT }, () => socket.write(Buffer.alloc(BYTES)));
    socket.on("data", (answer) => resolve(answer.toString())).on("error", reject);
    expect(await promise).toBe("own");
    socket.destroy();
  });

  test("it lasts as long as it was last asked to", async () => {
    await open(300);
    await open(2_000);
    await sleep(400);
    expect(await (await call()).ask()).toEqual({ answeredBy: "peer" });
    await sleep(2_000);
    expect(await (await call()).ask()).toEqual({ answeredBy: "own" });
  });

  test("opened again after another hand has taken it away, it is there again", async () => {
    await open();
    await shell("nft flush ruleset");
    expect(await open()).toEqual({ t: "done" });
    expect(await (await call()).ask()).toEqual({ answeredBy: "peer" });
  });

  test("who came by it is reset when it is closed, and when the VIP's connections are destroyed", async () => {
    await open();
    const [closed, destroyed] = [await call(), await call()];
    const sockets = await openSockDiag();
    // Both of them: what a withdrawal does.
    expect(await sockets.destroy(vip)).toBe(2);
    sockets.close();
    expect([await closed.next(), await destroyed.next()]).toEqual([{ lostBy: "ECONNRESET" }, { lostBy: "ECONNRESET" }]);
    const again = await call();
    await detour.close();
    expect(await again.next()).toEqual({ lostBy: "ECONNRESET" });
    expect(await (await call()).ask()).toEqual({ answeredBy: "own" });
  });

  test("what an earlier life left is taken away; a table of another hand's stays, and is not used", async () => {
    await open();
    const later = new LiveDetour(new NftDetour({ family, protocol: 77 }), () => peers);
    expect(await later.prepare()).toEqual({ t: "done" });
    expect(await tables()).toBe("");
    await shell(`nft add table inet ${TABLE}`);
    for (const refused of [await later.prepare(), await later.open(target(), LONG_MS)])
      expect(refused).toMatchObject({ t: "failed", code: "DETOUR_UNSUPPORTED" });
    expect(await tables()).toContain(TABLE);
    later.end();
  });

  test("opening takes a few milliseconds, for longer less", async () => {
    const openedMs: number[] = [];
    const extendedMs: number[] = [];
    for (let time = 0; time < 10; time += 1) {
      for (const toMs of [openedMs, extendedMs]) {
        const startMs = monotonicMs();
        expect(await open()).toEqual({ t: "done" });
        toMs.push(monotonicMs() - startMs);
      }
      await detour.close();
    }
    expect(measured(`IPv${family} detour opened`, openedMs)).toBeLessThan(50);
    measured(`IPv${family} detour for longer`, extendedMs);
  });
});
