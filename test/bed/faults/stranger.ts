/** Machines on the segment that are none of ours: one that claims the VIP, and one that floods it with questions. */
import { Namespace } from "../namespace.ts";
import { Oracle } from "../oracle.ts";
import { PAGE, type Segment } from "../segment.ts";
import type { Fault } from "./fault.ts";
import type { FrameSenderOptions, FramesSent } from "./frame-sender.ts";
import { STRANGER_MAC } from "./stranger-mac.ts";

const SENDER = "faults/frame-sender.ts";

export class Stranger {
  readonly namespace: Namespace;
  readonly #segment: Segment;
  #sender: Oracle<FramesSent> | undefined;

  private constructor(segment: Segment, namespace: Namespace) {
    this.#segment = segment;
    this.namespace = namespace;
  }

  /** On the bridge, without an address. */
  static async join(segment: Segment): Promise<Stranger> {
    const namespace = await Namespace.add("stranger");
    await segment.host.ip(
      "link add seg-stranger type veth peer name net0 netns stranger\nlink set seg-stranger master br-private up",
    );
    await namespace.ip(`link set net0 address ${STRANGER_MAC}:00:01 up`);
    return new Stranger(segment, namespace);
  }

  /** Answers for the VIP, and says once a second that it is here. */
  async claimVip(): Promise<void> {
    await this.namespace.ip(`addr add ${PAGE.vip}/32 dev net0`);
    await this.send({ form: "claim", perSecond: 1 });
  }

  /** Replaces what it sent before. */
  async send(what: Pick<FrameSenderOptions, "form" | "perSecond">): Promise<void> {
    await this.#sender?.close();
    this.#sender = await Oracle.start(this.namespace, SENDER, { vip: PAGE.vip, ...what });
  }

  /** What the kernel took of what was to be sent. */
  get sent(): readonly FramesSent[] {
    return this.#sender?.records ?? [];
  }

  async leave(): Promise<void> {
    await this.#sender?.close();
    await this.#segment.host.ip("link del seg-stranger");
    await this.namespace.delete();
  }
}

export const VIP_CLAIMED: Fault = {
  name: "a stranger claims the VIP",
  victim: "any",
  lastsMs: [1_000, 8_000],
  async apply({ cluster }) {
    const stranger = await Stranger.join(cluster.segment);
    await stranger.claimVip();
    return () => stranger.leave();
  },
};

export const ARP_STORM: Fault = {
  name: "10,000 ARP requests a second for the VIP",
  victim: "any",
  lastsMs: [2_000, 6_000],
  async apply({ cluster }) {
    const stranger = await Stranger.join(cluster.segment);
    await stranger.send({ form: "question", perSecond: 10_000 });
    return () => stranger.leave();
  },
};
