/** Replicas in memory: real supervisors on memory kernels, one Lease store, one segment, virtual time. */
import { type IpAddress, type MacAddress, ownerOf } from "@vcluster-kube-vip/routing";
import {
  interfaceName,
  ip,
  MemoryGate,
  MemoryKernel,
  MemorySockets,
  mac,
  prefix,
} from "@vcluster-kube-vip/routing/testing";
import type { Config } from "../config/config.ts";
import type { Reach } from "../health/reach.ts";
import type { Happening } from "../observe/happening.ts";
import type { Segment, SegmentNews } from "../segment.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { VipKernel } from "../vip/kernel.ts";
import { LeaseStore } from "./lease-store.ts";
import { MemoryDetour } from "./memory-detour.ts";
import { MemoryHealth } from "./memory-health.ts";
import { MEMORY_LEASE_KEY, MemoryLeaseLock } from "./memory-lease-lock.ts";
import { MemoryQuorum } from "./memory-quorum.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const VIP = ip("10.100.0.100");
export const LEASE_MS = 5_000;
const NET1_INDEX = 7;

/** The page's block, with lease timing that keeps tests short. */
export const MEMORY_CONFIG: Config = {
  vip: {
    address: VIP,
    port: 8443,
    interfaceName: interfaceName("net1"),
    gateway: { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") },
  },
  lease: {
    namespace: "kube-system",
    name: "vcluster-kube-vip",
    leaseDurationMs: LEASE_MS,
    renewDeadlineMs: 3_000,
    retryPeriodMs: 1_000,
    recordResolutionMs: 0,
  },
  routing: { table: 847, rulePriority: 847, protocol: 83 },
  fence: { mode: "best", level: "nft-egress" },
  identity: { podName: "test", podUid: "uid" },
  kubeApi: {
    kubeconfigPath: "/data/pki/admin.conf",
    server: undefined,
    peersHost: undefined,
    peersInSlice: false,
    peersPort: 8443,
    tlsServerName: undefined,
    ownAddress: undefined,
  },
  http: { port: 0, addresses: [] },
  logLevel: "info",
  moves: { max: 4, windowMs: 180_000 },
  quorum: "never",
};

export class Cluster {
  readonly clock = new VirtualClock();
  readonly store = new LeaseStore();
  readonly replicas: MemoryReplica[] = [];
  readonly config: Config;
  /** undefined: nobody speaks it. */
  readonly quorum: MemoryQuorum | undefined;

  constructor({ quorum = "never" }: { readonly quorum?: "auto" | "never" } = {}) {
    this.config = { ...MEMORY_CONFIG, quorum };
    this.quorum = quorum === "auto" ? new MemoryQuorum(this.clock, () => this.replicas.length) : undefined;
  }

  add(name: string, options: { readonly withLink: boolean } = { withLink: true }): MemoryReplica {
    const replica = new MemoryReplica(name, this.replicas.length + 1, this);
    if (options.withLink) replica.plugLink();
    this.replicas.push(replica);
    return replica;
  }

  /** The process of `before` is dead, and another one starts in the same network namespace. */
  restart(before: MemoryReplica): MemoryReplica {
    const replica = new MemoryReplica(before.name, this.replicas.indexOf(before) + 1, this, before);
    this.replicas[this.replicas.indexOf(before)] = replica;
    return replica;
  }

  get lease() {
    return this.store.get(MEMORY_LEASE_KEY);
  }

  /** Whose kernel answers for the VIP. */
  async answering(): Promise<readonly string[]> {
    const answers = await Promise.all(this.replicas.map((replica) => replica.answers()));
    return this.replicas.filter((_, index) => answers[index]).map(({ name }) => name);
  }
}

export class MemoryReplica {
  readonly name: string;
  /** Which life of this name it is. */
  readonly life: number;
  readonly kernel: MemoryKernel;
  readonly gate: MemoryGate;
  readonly sockets: MemorySockets;
  readonly told: Happening[] = [];
  /** What left by this replica's link: "announce" for each burst. */
  readonly wire: string[] = [];
  /** Whether it asks the segment by itself. */
  asksSegment = false;
  readonly supervisor: Supervisor;
  readonly health: MemoryHealth;
  readonly detour: MemoryDetour;
  readonly lock: MemoryLeaseLock;
  /** Its process ended, or was killed. */
  ended = false;
  #reach: Reach = { t: "unknown" };
  #news: SegmentNews | undefined;
  readonly mac: MacAddress;

  constructor(name: string, number: number, cluster: Cluster, before?: MemoryReplica) {
    this.name = name;
    this.life = (before?.life ?? 0) + 1;
    this.kernel = before?.kernel ?? new MemoryKernel();
    this.gate = before?.gate ?? new MemoryGate(cluster.clock, "kube-system/vcluster-kube-vip");
    this.sockets = before?.sockets ?? new MemorySockets();
    this.mac = mac(`02:00:00:00:00:0${number}`);
    // A stopped replica closes its sockets; a test still looks at the kernel that it leaves behind.
    this.kernel.close = () => undefined;
    this.gate.end = () => undefined;
    const livingPeers = () => cluster.replicas.filter((replica) => replica !== this && !replica.ended);
    const peers = () => livingPeers().map(({ supervisor }) => supervisor.snapshot());
    this.lock = new MemoryLeaseLock(cluster.store);
    this.detour = new MemoryDetour(cluster.clock);
    this.health = new MemoryHealth({ clock: cluster.clock, peers });
    const owner = ownerOf(MEMORY_CONFIG.routing.protocol, MEMORY_CONFIG.vip.interfaceName);
    this.supervisor = new Supervisor({
      config: cluster.config,
      identity: `${name}_uid_${this.life}`,
      owner,
      clock: cluster.clock,
      wallTime: () => "2026-01-01T00:00:00.000000Z",
      lock: this.lock,
      kernel: this.kernel,
      gate: this.gate,
      vipKernel: new VipKernel(this, owner),
      segment: this.#segment(cluster),
      health: this.health,
      detour: this.detour,
      quorumPeers: cluster.quorum?.peersOf(this),
      tell: (happening) => this.told.push(happening),
    });
  }

  plugLink(state: { readonly up: boolean } = { up: true }): void {
    const { mac: address } = this;
    const { up } = state;
    this.kernel.putLink({
      index: NET1_INDEX,
      name: "net1",
      mac: address,
      up,
      carrier: up,
      mtuBytes: 1500,
      kind: "veth",
    });
  }

  unplugLink(): void {
    this.kernel.removeLink(NET1_INDEX);
  }

  /** What the gateway says to this replica's questions from now on. */
  set reach(reach: Reach) {
    this.#reach = reach;
    this.#news?.onReach(reach);
  }

  /** A frame in which this MAC address claims the VIP. */
  hearClaim(mac: string): "replica" | "stranger" | undefined {
    return this.#news?.onClaim(mac);
  }

  /** SIGKILL. */
  kill(): void {
    this.ended = true;
    this.supervisor.close();
  }

  async hasVip(address: IpAddress = VIP): Promise<boolean> {
    const { items } = await this.kernel.addresses();
    return items.some((seen) => seen.address === address);
  }

  /** Whether its kernel answers for the VIP. */
  async answers(): Promise<boolean> {
    return (await this.hasVip()) && !this.gate.silences;
  }

  /** Of ours, by protocol number: "address", "rule" and "route" for each. */
  async ours(): Promise<readonly string[]> {
    const { protocol } = MEMORY_CONFIG.routing;
    const addresses = (await this.kernel.addresses()).items.filter((item) => item.protocol === protocol);
    const rules = (await this.kernel.rules(4)).items.filter((item) => item.protocol === protocol);
    const routes = (await this.kernel.routes(4)).items.filter((item) => item.protocol === protocol);
    return [...addresses.map(() => "address"), ...rules.map(() => "rule"), ...routes.map(() => "route")];
  }

  #segment(cluster: Cluster): Segment {
    const reach = () => this.#reach;
    return {
      get reach() {
        return reach();
      },
      follow: (news) => {
        this.#news = news;
      },
      open: () => undefined,
      beginAsking: () => {
        this.asksSegment = true;
      },
      announce: () => void this.wire.push("announce"),
      resume: () => void this.wire.push("resume"),
      extend: () => undefined,
      stop: () => void this.wire.push("stop"),
      ask: async () => {
        const others = cluster.replicas.filter((replica) => replica !== this);
        const answers = await Promise.all(others.map((replica) => replica.answers()));
        return others.filter((_, index) => answers[index]).map((replica) => replica.mac);
      },
      acknowledged: async () => ({ count: 1, total: 1 }),
      acknowledgedBy: () => [],
      unacknowledgedBy: () => [],
      close: () => undefined,
    };
  }
}
