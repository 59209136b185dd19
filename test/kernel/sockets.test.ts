/**
 * Connections of the VIP on a real kernel: listed and destroyed, with `ss` as the second opinion, and which resets reach
 * an idle client. The VIP is in the sandbox's own namespace, the client at the other end of a veth pair.
 */
import { createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Gate, GateTarget } from "../../packages/routing/src/gate.ts";
import type { Kernel } from "../../packages/routing/src/kernel.ts";
import { openNftGate } from "../../packages/routing/src/nftables/nft-gate.ts";
import { openRtNetlink } from "../../packages/routing/src/rtnetlink/rtnetlink.ts";
import { openSockDiag } from "../../packages/routing/src/sock-diag/sock-diag.ts";
import type { SocketTable } from "../../packages/routing/src/sockets.ts";
import { ip } from "../../packages/routing/src/testing/index.ts";
import { run } from "../bed/command.ts";
import { IdleClients } from "../bed/idle-clients.ts";
import { measured } from "../bed/measured.ts";
import { Namespace } from "../bed/namespace.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const LINK = "sock0";
const PORT = 8443;
const HOSTS = {
  4: { vip: ip("10.100.0.100"), other: ip("10.100.0.101"), client: ip("10.100.0.50"), listen: "0.0.0.0" },
  6: { vip: ip("fd00:100::64"), other: ip("fd00:100::65"), client: ip("fd00:100::50"), listen: "::" },
} as const;
/** How long one that is not told is waited for. */
const HANGS_FOR_MS = 300;

let clients: Namespace;
let linkIndex: number;
let kernel: Kernel;
let sockets: SocketTable;

beforeAll(async () => {
  clients = await Namespace.add("sock-clients");
  await shell(`ip link add ${LINK} type veth peer name net0 netns ${clients.name}; ip link set ${LINK} up`);
  linkIndex = JSON.parse(await run(["ip", "-j", "link", "show", "dev", LINK]))[0].ifindex;
  await clients.ip("link set net0 up\naddr add 10.100.0.50/24 dev net0\naddr add fd00:100::50/64 dev net0 nodad");
  await shell(`ip addr add 10.100.0.101/24 dev ${LINK}; ip addr add fd00:100::65/64 dev ${LINK} nodad`);
  kernel = await openRtNetlink();
  sockets = await openSockDiag();
});

afterAll(async () => {
  sockets.close();
  kernel.close();
  await shell(`ip link del ${LINK}`);
  await clients.delete();
});

async function shell(commands: string): Promise<void> {
  await run(["sh", "-ec", commands]);
}

async function listen(host: string): Promise<Server> {
  // What is destroyed comes back as ECONNABORTED.
  const server = createServer((socket) => socket.on("error", () => undefined));
  await new Promise<void>((resolve) => server.listen({ port: PORT, host, backlog: 4_096 }, resolve));
  return server;
}

/** Local and peer address of every connection of an address, as `ss` prints them. */
async function ss(address: string): Promise<readonly string[]> {
  const lines = (await run(["ss", "-tnH", "src", address.includes(":") ? `[${address}]` : address]))
    .split("\n")
    .filter(Boolean);
  return lines.map((line) => line.trim().split(/\s+/)[4] ?? "").toSorted();
}

describe.each([4, 6] as const)("IPv%i:", (family) => {
  const { vip, other, client, listen: anyHost } = HOSTS[family];
  const length = family === 4 ? 32 : 128;
  const address = { linkIndex, address: vip, prefixLength: length, validSeconds: 60, protocol: 77, label: undefined };
  const target = (): GateTarget => ({ vip, linkName: LINK, linkIndex });
  let server: Server;
  let gate: Gate;
  let connected: IdleClients[] = [];
  const toldMs: number[] = [];

  const putVip = () => kernel.replaceAddress({ ...address, linkIndex });
  const connect = async (host: string = vip, count = 1): Promise<IdleClients> => {
    const made = await IdleClients.connect(clients, host, PORT, count);
    connected.push(made);
    return made;
  };

  beforeAll(async () => {
    gate = await openNftGate({ level: "nft-egress", family, protocol: 77, lease: "kube-system/sockets" });
  });
  afterAll(() => {
    measured(`IPv${family} from the request to destroy until an idle client knows`, toldMs);
    gate.end();
  });

  beforeEach(async () => {
    await putVip();
    server = await listen(anyHost);
  });

  afterEach(async () => {
    await gate.remove();
    await clients.exec(["nft", "flush", "ruleset"]);
    for (const made of connected) await made.close();
    connected = [];
    for (const local of [vip, other]) await sockets.destroy(local);
    server.close();
    await shell(`ip neigh flush dev ${LINK}; ip -6 neigh flush dev ${LINK}`);
  });

  /** Destroys what there is of the VIP, and waits until the client knows of it. */
  async function destroyTold(idle: IdleClients): Promise<void> {
    const startMs = monotonicMs();
    expect(await sockets.destroy(vip)).toBe(1);
    const [end] = await idle.ended();
    expect(end?.code).toBe("ECONNRESET");
    toldMs.push((end?.atMs ?? Number.NaN) - startMs);
  }

  async function destroyUntold(idle: IdleClients): Promise<void> {
    expect(await sockets.destroy(vip)).toBe(1);
    await sleep(HANGS_FOR_MS);
    expect(idle.ends).toEqual([]);
  }

  async function isNeighbour(): Promise<boolean> {
    const { items } = await kernel.neighbours(linkIndex);
    return items.some((neighbour) => neighbour.address === client && neighbour.mac !== undefined);
  }

  /** As when it has expired. */
  async function forgetClient(): Promise<void> {
    await shell(`ip -${family} neigh flush dev ${LINK}`);
    expect(await isNeighbour()).toBe(false);
  }

  test("an idle connection is listed as ss lists it, and reset when it is destroyed", async () => {
    const idle = await connect();
    const { complete, items } = await sockets.connections(vip);
    expect(complete).toBe(true);
    expect(items).toMatchObject([{ localPort: PORT, remoteAddress: client, state: "established" }]);
    const { remotePort } = items[0] ?? {};
    expect(await ss(vip)).toEqual([family === 4 ? `${client}:${remotePort}` : `[${client}]:${remotePort}`]);
    await destroyTold(idle);
    expect(await ss(vip)).toEqual([]);
    expect(await sockets.destroy(vip)).toBe(0);
  });

  // IPv6 asks for no route afresh, and sends from an address that is no more; nothing here builds on that.
  test(`destroyed after the address was deleted, it ${family === 4 ? "leaves its client hanging" : "is reset all the same"}`, async () => {
    const idle = await connect();
    await kernel.deleteAddress({ ...address, linkIndex });
    await (family === 4 ? destroyUntold(idle) : destroyTold(idle));
  });

  test("a closed gate lets the reset pass", async () => {
    const idle = await connect();
    await gate.install(target(), undefined);
    await destroyTold(idle);
  });

  test("behind a closed gate no reset reaches a client whose neighbour entry is gone", async () => {
    const idle = await connect();
    await gate.install(target(), undefined);
    await forgetClient();
    await destroyUntold(idle);
  });

  test("with its neighbour looked up before the gate is closed, it does", async () => {
    const idle = await connect();
    await forgetClient();
    const hop = await kernel.nextHop(client, vip);
    expect(hop).toEqual({ linkIndex, address: client });
    const startMs = monotonicMs();
    expect(await kernel.resolve(linkIndex, [client])).toEqual([client]);
    const isKnown = async () => (await kernel.resolve(linkIndex, [client])).length === 0 || undefined;
    await waitFor("the neighbour", isKnown, { withinMs: 1_000, everyMs: 1 });
    measured(`IPv${family} neighbour resolved`, [monotonicMs() - startMs]);
    await gate.install(target(), undefined);
    await destroyTold(idle);
  });

  test("connections of other addresses and the listener stay", async () => {
    const idle = await connect();
    const bystander = await connect(other);
    await destroyTold(idle);
    expect(await ss(other)).toHaveLength(1);
    expect(bystander.ends).toEqual([]);
    await connect();
    expect((await sockets.connections(vip)).items).toHaveLength(1);
  });

  test("a listener on the VIP alone stays, too", async () => {
    server.close();
    server = await listen(vip);
    await destroyTold(await connect());
    await connect();
  });

  test("a dual-stack listener's connections are found and reset", async () => {
    server.close();
    server = await listen("::");
    const idle = await connect();
    expect((await sockets.connections(vip)).items).toMatchObject([{ remoteAddress: client, state: "established" }]);
    await destroyTold(idle);
    expect(await ss(vip)).toEqual([]);
  });

  test("a handshake that its client never ends is listed and destroyed", async () => {
    await clients.exec(["nft", "-f", "-"], {
      input: `add table inet mute; add chain inet mute in { type filter hook input priority 0; }
        add rule inet mute in tcp sport ${PORT} drop`,
    });
    const prober = clients.spawn(["bash", "-c", `exec 3<>/dev/tcp/${vip}/${PORT}`], { name: "half-open" });
    const halfOpen = async () => (await sockets.connections(vip)).items.find(({ state }) => state === "syn-recv");
    await waitFor("a half-open connection", halfOpen, { withinMs: 2_000, everyMs: 5 });
    expect(await sockets.destroy(vip)).toBe(1);
    expect((await sockets.connections(vip)).items).toEqual([]);
    await prober.close();
  });

  test("2,000 connections are listed and destroyed, and every client knows", async () => {
    const count = 2_000;
    const idle = await connect(vip, count);
    const listMs: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const startMs = performance.now();
      expect((await sockets.connections(vip)).items).toHaveLength(count);
      listMs.push(performance.now() - startMs);
    }
    measured(`IPv${family} list of ${count} connections`, listMs);
    expect(await ss(vip)).toHaveLength(count);
    const startMs = monotonicMs();
    expect(await sockets.destroy(vip)).toBe(count);
    measured(`IPv${family} list and destruction of ${count} connections`, [monotonicMs() - startMs]);
    const ends = await idle.ended(count);
    measured(
      `IPv${family} reset known to the client`,
      ends.map(({ atMs }) => atMs - startMs),
    );
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set(["ECONNRESET"]));
    expect(await ss(vip)).toEqual([]);
  });
});

test("a permanent neighbour is not asked for, and keeps its permanence", async () => {
  await shell(`ip neigh replace 10.100.0.7 lladdr 02:00:00:00:00:07 dev ${LINK} nud permanent`);
  expect(await kernel.resolve(linkIndex, [ip("10.100.0.7")])).toEqual([]);
  expect(await run(["ip", "neigh", "show", "10.100.0.7", "dev", LINK])).toContain("PERMANENT");
});

test("a next hop is chosen by the VIP's own rule, and there is none where there is no way", async () => {
  await shell(`ip addr add 10.100.0.102/32 dev ${LINK}; ip rule add pref 1000 from 10.100.0.102 lookup 1079;
    ip route add default via 10.100.0.50 dev ${LINK} table 1079`);
  const far = ip("10.200.0.50");
  expect(await kernel.nextHop(far, ip("10.100.0.102"))).toEqual({ linkIndex, address: ip("10.100.0.50") });
  expect(await kernel.nextHop(far, ip("10.100.0.101"))).toBeUndefined();
  expect(await kernel.nextHop(ip("10.100.0.101"), ip("10.100.0.102"))).toBeUndefined();
  expect(await kernel.nextHop(far, ip("198.51.100.1"))).toBeUndefined();
  await shell("ip rule del pref 1000; ip route flush table 1079");
});

test("without NET_ADMIN connections are listed, and destroying them is refused with what to do", async () => {
  const source = `
    import { connect, createServer } from "node:net";
    import { openSockDiag } from ${JSON.stringify(import.meta.resolve("../../packages/routing/src/sock-diag/sock-diag.ts"))};
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    await new Promise((resolve) => connect(server.address().port, "127.0.0.1", resolve));
    const sockets = await openSockDiag();
    console.log((await sockets.connections("127.0.0.1")).items.length);
    await sockets.destroy("127.0.0.1").catch((error) => console.log(error.message));
    process.exit(0);
  `;
  const bounded = ["setpriv", "--bounding-set", "-all", "--inh-caps=-all", "--no-new-privs"];
  const [count, words] = (
    await clients.exec([...bounded, process.execPath, "--input-type=module", "-e", source])
  ).split("\n");
  expect(Number(count)).toBe(2);
  expect(words).toBe(
    "KERNEL_PERMISSION: cannot destroy the connections of 127.0.0.1: EPERM. Grant NET_ADMIN to the container.",
  );
});
