/**
 * The page's network around the pods, each machine in a namespace of its own:
 *
 *   client 10.200.0.50 -- gateway 10.200.0.1 | 10.100.0.1 --.
 *   worker 10.100.0.50 (its pods: 10.64.0.0/24) ------------+-- br-private on the host -- net1 of each pod
 *   sampler (no address) -----------------------------------'
 *   host: routes the pods' eth0 (10.244.0.0/16 unless told otherwise); has no address on br-private
 *
 * Pods are pod.ts's.
 */
import { Namespace } from "./namespace.ts";

/** The addresses of the page's own example. */
export const PAGE = {
  vip: "10.100.0.100",
  port: 8443,
  interfaceName: "net1",
  gateway: "10.100.0.1/24",
  endpoint: "10.100.0.100:8443",
  worker: "10.100.0.50",
  client: "10.200.0.50",
  podCidr: "10.64.0.0/16",
  serviceCidr: "10.128.0.0/16",
} as const;

/** The host's end of every pod's eth0, as routed CNIs have it. */
export const POD_GATEWAY = "169.254.1.1";

export interface SegmentOptions {
  /**
   * The host cluster's pod network, by its first two bytes. "10.64" is the case in which the virtual cluster's pod
   * CIDR (the worker's pods) overlaps it. Default "10.244".
   */
  readonly podNetwork?: string;
}

export class Segment {
  readonly host: Namespace;
  readonly worker: Namespace;
  readonly gateway: Namespace;
  readonly client: Namespace;
  readonly sampler: Namespace;
  readonly podNetwork: string;
  #podsMade = 0;

  private constructor(namespaces: readonly Namespace[], podNetwork: string) {
    const [host, worker, gateway, client, sampler] = namespaces as [
      Namespace,
      Namespace,
      Namespace,
      Namespace,
      Namespace,
    ];
    this.host = host;
    this.worker = worker;
    this.gateway = gateway;
    this.client = client;
    this.sampler = sampler;
    this.podNetwork = podNetwork;
  }

  static async create(options: SegmentOptions = {}): Promise<Segment> {
    const namespaces = await Promise.all(
      ["host", "worker", "gateway", "client", "sampler"].map((name) => Namespace.add(name)),
    );
    const segment = new Segment(namespaces, options.podNetwork ?? "10.244");
    await segment.#connect();
    return segment;
  }

  /** The number of a pod that has not been made yet: its address and the names of its links are drawn from it. */
  nextPodNumber(): number {
    this.#podsMade += 1;
    return this.#podsMade;
  }

  /** The address of a pod's eth0 by its number: fresh for every pod, as after a rescheduling. */
  podAddress(podNumber: number): string {
    return `${this.podNetwork}.0.${10 + podNumber}`;
  }

  /** Kills everything in the five namespaces and deletes them. Pods are closed by their own owner before. */
  async close(): Promise<void> {
    await Promise.all([this.worker, this.gateway, this.client, this.sampler].map((namespace) => namespace.delete()));
    await this.host.delete();
  }

  async #connect(): Promise<void> {
    await this.host.ip(
      [
        "link add br-private type bridge",
        "link set br-private up",
        ...["worker", "gateway", "sampler"].flatMap((name) => [
          `link add seg-${name} type veth peer name net0 netns ${name}`,
          `link set seg-${name} master br-private up`,
        ]),
      ].join("\n"),
    );
    await Promise.all([
      this.host.sysctl("net/ipv4/ip_forward", 1),
      this.gateway.sysctl("net/ipv4/ip_forward", 1),
      this.sampler.ip("link set net0 up"),
      this.#connectWorker(),
      this.#connectClient(),
    ]);
  }

  async #connectWorker(): Promise<void> {
    await this.worker.ip(
      [
        `addr add ${PAGE.worker}/24 dev net0`,
        "link set net0 up",
        "route add default via 10.100.0.1",
        // Where a worker's CNI has its pods: part of the page's pod CIDR 10.64.0.0/16.
        "link add cni0 type bridge",
        "addr add 10.64.0.1/24 dev cni0",
        "link set cni0 up",
      ].join("\n"),
    );
  }

  async #connectClient(): Promise<void> {
    await this.gateway.ip(
      [
        `addr add ${PAGE.gateway} dev net0`,
        "link set net0 up",
        "link add far type veth peer name net0 netns client",
        "addr add 10.200.0.1/24 dev far",
        "link set far up",
      ].join("\n"),
    );
    await this.client.ip(
      [`addr add ${PAGE.client}/24 dev net0`, "link set net0 up", "route add default via 10.200.0.1"].join("\n"),
    );
  }
}
