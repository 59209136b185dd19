/**
 * The hold gate of the level "responder", for hosts without nf_tables: the kernel is told never to answer ARP on the
 * VIP's link, and this process answers: for the link's other IPv4 addresses always, for the VIP while the opening lasts
 * by both clocks. A process that does not run says nothing. IPv4 only: the kernel has no such switch for IPv6.
 *
 * What it does not do: silence the kernel's own requests, which name the VIP as their sender when a connection on the
 * VIP looks for its neighbour (until the address's lifetime ends); take back an answer whose process is stopped between
 * the look at the clocks and the sending (one frame, when it goes on); outlive its process, with which the link's other
 * addresses fall silent too. Nothing can be adopted, then: a new life reads "damaged", and installs or removes.
 *
 * A dead process leaves the link muted, and no lifetime ends that. The next life restores it, whatever it knows of the
 * life before: link-mute.ts. Where none comes, the link's alias tells an operator what to put back.
 */
import { openPacketSocket, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import {
  familyOf,
  type Gate,
  type GateOutcome,
  type GateReading,
  type GateTarget,
  isOwnAddress,
  type Kernel,
  type Link,
  type Opening,
  type Owner,
  RoutingError,
} from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import { ArpResponder, type OpenPacketSocket } from "./arp-responder.ts";
import { LinkMute, linkMissing } from "./link-mute.ts";
import { LinkWatch } from "./link-watch.ts";

export interface ResponderGateOptions {
  /** Namespace and name of the Lease. */
  readonly lease: string;
  /** By this, other VIPs of this project on the same link are known: their own sidecar answers for them. */
  readonly owner: Owner;
  /** Closed by its owner. */
  readonly kernel: Pick<Kernel, "links" | "addresses" | "setArp" | "subscribe">;
  readonly clock: Pick<Clock, "nowMs" | "wallTimeMs">;
  /** Default: a real one. */
  readonly openSocket?: OpenPacketSocket;
}

/** Why a packet socket will not open later either. */
const NEVER_HERE: readonly RawSocketError["code"][] = ["RAW_SOCKET_PERMISSION", "RAW_SOCKET_UNSUPPORTED"];

interface Opened {
  readonly opening: Opening;
  /** Monotonic. */
  readonly lapsesAtMs: number;
}

export class ResponderGate implements Gate {
  readonly level = "responder";
  readonly #o: ResponderGateOptions;
  readonly #mute: LinkMute;
  readonly #responder: ArpResponder;
  readonly #watch: LinkWatch;
  #target: GateTarget | undefined;
  #opened: Opened | undefined;
  /** Counts the closings: an opening that was on its way before one comes to nothing. */
  #closings = 0;
  #onChanged: () => void = () => undefined;

  constructor(options: ResponderGateOptions) {
    const { kernel, lease, clock, openSocket = openPacketSocket } = options;
    this.#o = options;
    this.#mute = new LinkMute(kernel, lease);
    this.#responder = new ArpResponder({
      openSocket,
      clock,
      mayAnswer: (address) => address !== this.#target?.vip || this.#isHeard(),
      onLost: () => this.#onChanged(),
    });
    this.#watch = new LinkWatch(kernel, () => this.#look());
  }

  async read(target: GateTarget): Promise<GateReading> {
    const link = linkOf(target, await this.#mute.links());
    if (link === undefined) return { t: "absent" };
    const foreign = this.#mute.foreignTo(link);
    // Not "foreign", which asks for the next level: a muted link is of no use to it either.
    if (foreign !== undefined) return { t: "damaged", what: foreign };
    if (!this.#mute.isOurs(link)) return { t: "absent" };
    const what = this.#damageOf(target, link);
    if (what !== undefined) return { t: "damaged", what };
    const { lease, clock } = this.#o;
    const opened = this.#live();
    if (opened === undefined) return { t: "closed", lease };
    const timeoutMs = Math.ceil(opened.lapsesAtMs - clock.nowMs());
    return { t: "open", lease, opening: { ...opened.opening, timeoutMs } };
  }

  /**
   * Listens first and mutes then, so that the link's other addresses are answered throughout.
   * @throws RoutingError GATE_UNSUPPORTED for IPv6 and without NET_RAW, KERNEL_REFUSED for a link that another
   * Lease's process has muted, KERNEL_*
   */
  async install(target: GateTarget, opening: Opening | undefined): Promise<void> {
    const opened = opening && this.#counted(opening);
    this.#opened = undefined;
    const closings = this.#closings;
    if (familyOf(target.vip) === 6) throw unsupported(target, "the kernel has no switch that mutes it for IPv6.");
    const links = await this.#mute.links();
    const link = linkOf(target, links);
    if (link === undefined) throw linkMissing(target.linkName);
    const foreign = this.#mute.foreignTo(link);
    if (foreign !== undefined) throw new RoutingError("KERNEL_REFUSED", `${foreign}. Stop it, or use another link.`);
    this.#target = target;
    await this.#watch.start(link.index);
    await this.#serveOrRestore(target, link);
    for (const other of links) if (other.index !== link.index) await this.#mute.restore(other);
    await this.#mute.mute(link);
    if (closings === this.#closings) this.#opened = opened;
  }

  async open(target: GateTarget, opening: Opening): Promise<GateOutcome> {
    const opened = this.#counted(opening);
    const closings = this.#closings;
    if (!(await this.#isWhole(target)) || closings !== this.#closings) return "missing";
    this.#opened = opened;
    return "done";
  }

  async refresh(target: GateTarget, from: Opening, to: Opening): Promise<GateOutcome> {
    const opened = this.#counted(to);
    if (!(await this.#isWhole(target))) return "missing";
    // Looked at behind the wait: what has lapsed meanwhile, or was closed, stays closed.
    if (this.#live()?.opening.untilWallMs !== from.untilWallMs) return "missing";
    this.#opened = opened;
    return "done";
  }

  async close(target: GateTarget): Promise<GateOutcome> {
    this.#shut();
    return this.#target?.linkIndex === target.linkIndex ? "done" : "missing";
  }

  /** What an earlier life of this Lease left is restored too. The kernel answers again before this process stops to. */
  async remove(): Promise<GateOutcome> {
    this.#shut();
    let outcome: GateOutcome = "missing";
    for (const link of await this.#mute.links()) if (await this.#mute.restore(link)) outcome = "done";
    this.#stop();
    return outcome;
  }

  /** A change by way of /proc/sys makes no event: the next `read`, `open` or `refresh` sees it. */
  async subscribe(onChanged: () => void): Promise<void> {
    this.#onChanged = onChanged;
  }

  end(): void {
    this.#onChanged = () => undefined;
    this.#stop();
  }

  #stop(): void {
    this.#shut();
    this.#target = undefined;
    this.#watch.stop();
    this.#responder.close();
  }

  // The opening.

  #shut(): void {
    this.#closings += 1;
    this.#opened = undefined;
  }

  /** From now, although the request is still to be made: too early is the safe side. */
  #counted(opening: Opening): Opened {
    return { opening, lapsesAtMs: this.#o.clock.nowMs() + opening.timeoutMs };
  }

  #live(): Opened | undefined {
    const opened = this.#opened;
    return opened !== undefined && this.#o.clock.nowMs() < opened.lapsesAtMs ? opened : undefined;
  }

  /** Both clocks, the earlier one counts. */
  #isHeard(): boolean {
    const opened = this.#live();
    return opened !== undefined && this.#o.clock.wallTimeMs() < opened.opening.untilWallMs;
  }

  // The link.

  async #isWhole(target: GateTarget): Promise<boolean> {
    const link = linkOf(target, await this.#mute.links());
    return link !== undefined && this.#damageOf(target, link) === undefined;
  }

  #damageOf(target: GateTarget, link: Link): string | undefined {
    if (this.#target !== undefined && this.#target.vip !== target.vip) return `it is for ${this.#target.vip}`;
    const what = this.#mute.damageOf(link);
    return what === undefined && !this.#responder.isListening ? `nobody listens for ARP on ${link.name}` : what;
  }

  /** Where nobody can answer, a link that an earlier life left muted is worse than none: the kernel answers again. */
  async #serveOrRestore(target: GateTarget, link: Link): Promise<void> {
    try {
      await this.#serve(target, link);
    } catch (error) {
      if (error instanceof RoutingError && error.code === "GATE_UNSUPPORTED") await this.remove();
      throw error;
    }
  }

  /** Answers for what the link has now. */
  async #serve(target: GateTarget, { index, mac }: Link): Promise<void> {
    const { complete, items } = await this.#o.kernel.addresses();
    if (!complete) throw new RoutingError("KERNEL_TIMEOUT", "the addresses changed each time while they were read.");
    if (mac === undefined) throw refused(target, "it has no MAC address.");
    const ipv4 = items.filter((one) => one.linkIndex === index && familyOf(one.address) === 4);
    const answered = ipv4.filter((one) => one.address === target.vip || !isOwnAddress(one, this.#o.owner));
    const addresses = new Set(answered.map(({ address }) => address));
    try {
      this.#responder.serve(index, { mac, addresses }, target.vip);
    } catch (error) {
      if (!(error instanceof RawSocketError)) throw error;
      throw (NEVER_HERE.includes(error.code) ? unsupported : refused)(target, error.message, error);
    }
  }

  /** Something of the link changed: who is answered for now, and whether the gate is still whole. */
  async #look(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    try {
      const link = linkOf(target, await this.#mute.links());
      // Not muted yet: an installation is under way.
      if (link !== undefined && !this.#mute.isOurs(link)) return;
      if (link === undefined || this.#damageOf(target, link) !== undefined) return this.#onChanged();
      if (this.#target === target) await this.#serve(target, link);
    } catch {
      // Told as a change: who reads the gate then meets the error, and has somebody to say it to.
      this.#onChanged();
    }
  }
}

function linkOf({ linkIndex }: GateTarget, links: readonly Link[]): Link | undefined {
  return links.find(({ index }) => index === linkIndex);
}

/** The level is not to be had on this host. */
function unsupported(target: GateTarget, why: string, cause?: unknown): RoutingError {
  return new RoutingError("GATE_UNSUPPORTED", sentence(target, why), { cause });
}

/** Perhaps only now. */
function refused(target: GateTarget, why: string, cause?: unknown): RoutingError {
  return new RoutingError("KERNEL_REFUSED", sentence(target, why), { cause });
}

function sentence({ linkName, vip }: GateTarget, why: string): string {
  return `cannot answer ARP for ${vip} on ${linkName} ourselves: ${why}`;
}
