/**
 * One replica's pod as the host cluster makes it: a namespace with a routed eth0 and with net1 on the segment.
 * What runs in it is started by others through `namespace.spawn`.
 */
import { randomUUID } from "node:crypto";
import { type Attachment, attachByHand, attachByPlugin, attachMacvlan, bridgePlugin } from "./attachment.ts";
import { BedError } from "./bed-error.ts";
import { Namespace } from "./namespace.ts";
import { POD_GATEWAY, type Segment } from "./segment.ts";

export interface PodOptions {
  /** metadata.name; a StatefulSet's recreated pod has its predecessor's. */
  readonly name: string;
  /** "plugin" (default) fails without the bridge CNI plugin; "any" makes the same veth by hand where it is missing. */
  readonly net1?: "plugin" | "any" | "none";
}

export class Pod {
  readonly name: string;
  /** metadata.uid: new for every pod. */
  readonly uid: string;
  readonly namespace: Namespace;
  /** Address of eth0. */
  readonly address: string;
  /** net1; undefined as long as it is not attached. */
  attachment: Attachment | undefined;
  readonly #segment: Segment;
  readonly #number: number;

  private constructor(name: string, namespace: Namespace, segment: Segment, podNumber: number) {
    this.name = name;
    this.uid = randomUUID();
    this.namespace = namespace;
    this.#segment = segment;
    this.#number = podNumber;
    this.address = segment.podAddress(podNumber);
  }

  static async create(segment: Segment, options: PodOptions): Promise<Pod> {
    const podNumber = segment.nextPodNumber();
    // The kernel's name is new for every pod, also when metadata.name is not.
    const namespace = await Namespace.add(`${options.name}.${podNumber}`);
    const pod = new Pod(options.name, namespace, segment, podNumber);
    await pod.#connectEth0();
    if (options.net1 !== "none") await pod.attachNet1(options.net1 ?? "plugin");
    return pod;
  }

  /** MAC address of net1. */
  get mac(): string {
    if (this.attachment === undefined) throw new BedError("BED_MISUSED", `pod ${this.name} has no net1`);
    return this.attachment.mac;
  }

  /** Adds net1, possibly late: the interface of the block may appear after the sidecar. */
  async attachNet1(by: "plugin" | "any" | "macvlan" = "plugin"): Promise<void> {
    const plugin = bridgePlugin();
    if (by === "macvlan") {
      this.attachment = await attachMacvlan(this.#segment.host, this.namespace, this.#number);
    } else if (plugin !== undefined) {
      this.attachment = await attachByPlugin(plugin, this.#segment.host, this.namespace);
    } else if (by === "any") {
      this.attachment = await attachByHand(this.#segment.host, this.namespace, this.#number);
    } else {
      throw new BedError("BED_TOOL_MISSING", "the bridge CNI plugin is missing; install containernetworking-plugins");
    }
  }

  /** Takes net1 away, as a CNI DEL does. */
  async detachNet1(): Promise<void> {
    if (this.attachment === undefined) return;
    await this.#segment.host.ip(`link del ${this.attachment.hostLink}`);
    this.attachment = undefined;
  }

  /**
   * The pod's node is gone: its links go first, so that no FIN and no RST is ever sent, then processes and namespace.
   * eth0 before net1: a sidecar that sees its link go and can still speak hands the VIP over in 0.2 s.
   */
  async lose(): Promise<void> {
    const net1 = this.attachment === undefined ? [] : [`link del ${this.attachment.hostLink}`];
    this.attachment = undefined;
    await this.#segment.host.ip([`link del ${this.#eth0HostLink}`, ...net1].join("\n"));
    await this.namespace.delete();
  }

  /** The pod is deleted: every process killed, links removed, then the namespace. */
  async close(): Promise<void> {
    await this.namespace.killAll();
    await this.lose();
  }

  get #eth0HostLink(): string {
    return `veth-eth0-${this.#number}`;
  }

  async #connectEth0(): Promise<void> {
    await this.#segment.host.ip(
      [
        `link add ${this.#eth0HostLink} type veth peer name eth0 netns ${this.namespace.name}`,
        `addr add ${POD_GATEWAY}/32 dev ${this.#eth0HostLink}`,
        `link set ${this.#eth0HostLink} up`,
        `route add ${this.address}/32 dev ${this.#eth0HostLink}`,
      ].join("\n"),
    );
    await this.namespace.ip(
      [
        `addr add ${this.address}/32 dev eth0`,
        "link set eth0 up",
        `route add ${POD_GATEWAY} dev eth0 scope link`,
        `route add default via ${POD_GATEWAY} dev eth0`,
      ].join("\n"),
    );
  }
}
