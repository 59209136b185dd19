/**
 * A planned move by hand: the giver of a VIP, its next holder and a client on one bridge. The next holder is the sandbox's
 * own namespace, so that the test is its sidecar. Where the client sends what is for the VIP, the test says.
 */
import { createServer, type Server } from "node:net";
import type { Gate, GateOutcome, GateTarget } from "../../packages/routing/src/gate.ts";
import { openNftGate } from "../../packages/routing/src/nftables/nft-gate.ts";
import { ip, mac } from "../../packages/routing/src/testing/index.ts";
import { run } from "../bed/command.ts";
import { Namespace } from "../bed/namespace.ts";
import type { BedProcess } from "../bed/process.ts";
import { waitFor } from "../bed/wait.ts";
import { type PeerLine, RELAY_PEER, serve } from "./relay-peer.ts";

const PORT = 8443;
const LINK = "relay0";
const MACS = {
  giver: mac("02:00:00:00:00:0a"),
  taker: mac("02:00:00:00:00:0b"),
  client: mac("02:00:00:00:00:0c"),
} as const;
const HOSTS = {
  4: {
    vip: ip("10.100.0.100"),
    length: 32,
    giver: "10.100.0.10/24",
    taker: "10.100.0.11/24",
    client: "10.100.0.50/24",
  },
  6: {
    vip: ip("fd00:100::64"),
    length: 128,
    giver: "fd00:100::a/64",
    taker: "fd00:100::b/64",
    client: "fd00:100::50/64",
  },
} as const;
const FORWARDING = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;
const MUTE_RESETS = `add table inet mute; add chain inet mute out { type filter hook output priority 0; }
  add rule inet mute out tcp flags rst drop\n`;
const COUNT_RELAYED = `add table netdev relayed
  add chain netdev relayed in { type filter hook ingress device net1 priority 0; }
  add rule netdev relayed in ether saddr ${MACS.taker} meta l4proto tcp counter\n`;
const SOON = { withinMs: 5_000, everyMs: 1 } as const;

type Party = "giver" | "taker";

/** One connection of the client's. */
export interface Caller {
  /** Sends its request, and resolves with who answered or how it was lost. */
  readonly ask: () => Promise<PeerLine>;
  /** What it said since it was connected. */
  readonly said: readonly PeerLine[];
}

export class RelayScene {
  readonly #family: 4 | 6;
  readonly #requestBytes: number;
  readonly #gate: Gate;
  readonly #bridge: Namespace;
  readonly giver: Namespace;
  readonly #client: Namespace;
  readonly #callers: BedProcess[] = [];
  #server: Server | undefined;
  #linkIndex = 0;

  private constructor(family: 4 | 6, requestBytes: number, gate: Gate, namespaces: readonly Namespace[]) {
    const [bridge, giver, client] = namespaces as [Namespace, Namespace, Namespace];
    this.#family = family;
    this.#requestBytes = requestBytes;
    this.#gate = gate;
    this.#bridge = bridge;
    this.giver = giver;
    this.#client = client;
  }

  static async set(family: 4 | 6, requestBytes: number): Promise<RelayScene> {
    const gate = await openNftGate({ level: "nft-egress", family, protocol: 77, lease: "kube-system/relay" });
    const names = ["relay-bridge", "relay-giver", "relay-client"];
    const namespaces = await Promise.all(names.map((name) => Namespace.add(name)));
    const scene = new RelayScene(family, requestBytes, gate, namespaces);
    await scene.#connect();
    await scene.#serve();
    return scene;
  }

  get target(): GateTarget {
    return { vip: HOSTS[this.#family].vip, linkName: LINK, linkIndex: this.#linkIndex };
  }

  get gate(): Gate {
    return this.#gate;
  }

  /** As a standby is prepared, and nobody has the VIP. */
  async prepare(): Promise<void> {
    await this.#gate.install(this.target, undefined);
    await this.#gate.relay?.prepare(this.target);
  }

  /** After the giver's mark: from now on the next holder has the VIP, too, and the client sends to it. */
  async take(): Promise<void> {
    const opening = { holderIdentity: "cp-1", untilWallMs: Date.now() + 60_000, timeoutMs: 60_000 };
    await this.#gate.open(this.target, opening);
    await this.#put("taker");
    await this.sendTo("taker");
  }

  /** For RELAY_MS. A sidecar does so before it takes; here nothing is sent meanwhile, and no time is lost. */
  async arm(): Promise<GateOutcome | undefined> {
    return this.#gate.relay?.arm(this.target, MACS.giver);
  }

  /** As the giver has it while it is muted. */
  async begin(): Promise<void> {
    await this.giver.exec(["nft", "-f", "-"], { input: COUNT_RELAYED });
    await this.#put("giver");
    await this.sendTo("giver");
  }

  /** Without a word to its clients; the giver forwards what is not for it, as a machine may. */
  async leave(): Promise<void> {
    const { vip, length } = HOSTS[this.#family];
    await this.giver.sysctl(FORWARDING[this.#family], 1);
    await this.giver.ip(`addr del ${vip}/${length} dev net1`);
    // A connection that is there yet keeps what comes from being forwarded; without the address its reset is lost.
    await this.giver.exec(["nft", "-f", "-"], { input: MUTE_RESETS });
    await this.giver.exec(["ss", "-K", "src", `[${vip}]`]);
  }

  /** To whom the client sends from now on what is for the VIP. */
  async sendTo(party: Party): Promise<void> {
    const { vip } = HOSTS[this.#family];
    await this.#client.ip(`neigh replace ${vip} lladdr ${MACS[party]} dev net1 nud permanent`);
  }

  /** Connected, and silent until it is asked. */
  async call(): Promise<Caller> {
    const said: PeerLine[] = [];
    const argv = [process.execPath, RELAY_PEER, "connect", HOSTS[this.#family].vip, String(PORT), this.#bytes];
    const caller = this.#client.spawn(argv, { name: "caller", onLine: (line) => said.push(JSON.parse(line)) });
    this.#callers.push(caller);
    const diagnose = () => caller.tail();
    await waitFor("the client to be connected", () => said.shift(), { ...SOON, diagnose });
    const ask = async (): Promise<PeerLine> => {
      caller.signal("SIGUSR2");
      return waitFor("an answer", () => said[0], { ...SOON, diagnose });
    };
    return { ask, said };
  }

  /** Segments that the giver got from the next holder since it began. */
  async relayed(): Promise<number> {
    return Number(/packets (\d+)/.exec(await this.giver.exec(["nft", "list", "table", "netdev", "relayed"]))?.[1]);
  }

  /** Segments that the giver's kernel threw away, so far, because their checksum was wrong. */
  async badChecksums(): Promise<number> {
    const printed = await this.giver.exec(["nstat", "-asz", "TcpInCsumErrors"]);
    return Number(/TcpInCsumErrors\s+(\d+)/.exec(printed)?.[1]);
  }

  /** By which of its ports the bridge sends to a machine. */
  async portOf(machine: keyof typeof MACS): Promise<string | undefined> {
    const entries = JSON.parse(await this.#bridge.exec(["bridge", "-j", "fdb", "show", "br", "br0"]));
    const isOf = (entry: { mac: string; state?: string }) => entry.mac === MACS[machine] && entry.state !== "permanent";
    return entries.find(isOf)?.ifname;
  }

  /** What is for the giver goes to all ports, as before a switch has learned where it is. */
  async floodGiver(): Promise<void> {
    await this.#bridge.exec(["bridge", "link", "set", "dev", "giver", "learning", "off"]);
    await this.#bridge.exec(["bridge", "fdb", "del", MACS.giver, "dev", "giver", "master"]);
  }

  /** As before `prepare`. */
  async reset(): Promise<void> {
    for (const caller of this.#callers.splice(0)) await caller.close();
    await this.#gate.remove();
    const { vip, length } = HOSTS[this.#family];
    const family = `-${this.#family}`;
    await run([
      "sh",
      "-c",
      `ip ${family} addr del ${vip}/${length} dev ${LINK}; ss -K src '[${vip}]' >/dev/null; true`,
    ]);
    await this.giver.sysctl(FORWARDING[this.#family], 0);
    await this.giver.exec(["nft", "flush", "ruleset"]);
    await this.giver.exec(["sh", "-c", `ip ${family} addr del ${vip}/${length} dev net1; true`]);
    await this.#bridge.exec(["bridge", "link", "set", "dev", "giver", "learning", "on"]);
  }

  async end(): Promise<void> {
    await this.reset();
    this.#gate.end();
    this.#server?.close();
    await run(["ip", "link", "del", LINK]);
    for (const namespace of [this.giver, this.#client, this.#bridge]) await namespace.delete();
  }

  get #bytes(): string {
    return String(this.#requestBytes);
  }

  async #connect(): Promise<void> {
    await this.#bridge.ip("link add br0 type bridge\nlink set br0 up");
    // Without it an address of its own is not used for a second, and the giver can ask for nobody.
    await this.giver.sysctl("net/ipv6/conf/default/accept_dad", 0);
    const inside = { giver: this.giver.name, client: this.#client.name };
    for (const [port, namespace] of Object.entries(inside)) {
      await this.#bridge.ip(
        `link add ${port} type veth peer name net1 address ${MACS[port as Party]} netns ${namespace}`,
      );
    }
    await run([
      ...["ip", "link", "add", LINK, "address", MACS.taker, "type", "veth"],
      ...["peer", "name", "taker", "netns", this.#bridge.name],
    ]);
    await this.#bridge.ip(["giver", "client", "taker"].map((port) => `link set ${port} master br0 up`).join("\n"));
    const { giver, taker, client } = HOSTS[this.#family];
    const nodad = this.#family === 6 ? "nodad" : "";
    await this.giver.ip(`link set net1 up\naddr add ${giver} dev net1 ${nodad}`);
    await this.#client.ip(`link set net1 up\naddr add ${client} dev net1 ${nodad}`);
    await run(["sh", "-ec", `ip link set ${LINK} up; ip addr add ${taker} dev ${LINK} ${nodad}`]);
    this.#linkIndex = JSON.parse(await run(["ip", "-j", "link", "show", "dev", LINK]))[0].ifindex;
  }

  async #serve(): Promise<void> {
    const said: PeerLine[] = [];
    this.giver.spawn([process.execPath, RELAY_PEER, "serve", "giver", String(PORT), this.#bytes], {
      name: "giver",
      onLine: (line) => said.push(JSON.parse(line)),
    });
    await waitFor("the giver to listen", () => said[0], SOON);
    const server = createServer((socket) => serve(socket, "taker", this.#requestBytes));
    await new Promise<void>((resolve) => server.listen(PORT, "::", resolve));
    this.#server = server;
  }

  async #put(party: Party): Promise<void> {
    const { vip, length } = HOSTS[this.#family];
    const [link, nodad] = [party === "giver" ? "net1" : LINK, this.#family === 6 ? "nodad" : ""];
    const command = `addr add ${vip}/${length} dev ${link} ${nodad}`;
    if (party === "giver") await this.giver.ip(command);
    else await run(["sh", "-ec", `ip ${command}`]);
  }
}
