/**
 * Tells the kernel to answer no ARP on a link (arp_ignore 8), and puts back what was. What was stands in the link's
 * alias (mute-mark.ts), so that it can be put back by a process that never saw it. An arp_ignore of 8 without our mark
 * is somebody else's, and stays. Answers nothing itself.
 */
import { type Kernel, type Link, RoutingError } from "@vcluster-kube-vip/routing";
import { type MuteMark, readMark, writeMark } from "./mute-mark.ts";

/** "Do not reply for all local addresses" (networking/ip-sysctl.rst). */
const ARP_IGNORE_ALL = 8;

export class LinkMute {
  readonly #kernel: Pick<Kernel, "links" | "setArp">;
  readonly #lease: string;
  /** By link index: what this process has muted, so that it knows what was even where the mark was taken away. */
  readonly #before = new Map<number, number>();

  /** @param lease - namespace and name; what is muted for another Lease is not ours. */
  constructor(kernel: Pick<Kernel, "links" | "setArp">, lease: string) {
    this.#kernel = kernel;
    this.#lease = lease;
  }

  /** @throws RoutingError KERNEL_TIMEOUT where they cannot be read whole: what is not seen may be there. */
  async links(): Promise<readonly Link[]> {
    const { complete, items } = await this.#kernel.links();
    if (complete) return items;
    throw new RoutingError("KERNEL_TIMEOUT", "the kernel's links changed each time while they were read. Retry.");
  }

  /** The sentence for a link that is muted for another Lease; undefined where it is not. */
  foreignTo({ name, alias }: Link): string | undefined {
    const lease = readMark(alias)?.lease;
    if (lease === undefined || lease === this.#lease) return undefined;
    return `the process of Lease ${lease} answers ARP on ${name}, or has left it muted (see ip link show dev ${name})`;
  }

  /** Muted for our Lease, by this process or an earlier one. */
  isOurs({ index, alias }: Link): boolean {
    return this.#before.has(index) || readMark(alias)?.lease === this.#lease;
  }

  /** What another hand has changed of a link that this process muted; undefined: it is as it was left. */
  damageOf({ index, name, alias, arpIgnore }: Link): string | undefined {
    if (!this.#before.has(index)) return `${name} was muted by an earlier life, and nobody answers there`;
    if (arpIgnore !== ARP_IGNORE_ALL) return `arp_ignore of ${name} is ${arpIgnore}, no longer ${ARP_IGNORE_ALL}`;
    return readMark(alias) === undefined ? `the alias of ${name} no longer says that it is muted` : undefined;
  }

  /** @throws RoutingError KERNEL_PERMISSION without NET_ADMIN, … */
  async mute(link: Link): Promise<void> {
    const was = this.#markOf(link);
    const alias = writeMark(was);
    const outcome = await this.#kernel.setArp({ linkIndex: link.index, arpIgnore: ARP_IGNORE_ALL, alias });
    if (outcome === "missing") throw linkMissing(link.name);
    this.#before.set(link.index, was.arpIgnore);
  }

  /** False: nothing of ours is there. What another hand has set meanwhile stays. */
  async restore(link: Link): Promise<boolean> {
    if (!this.isOurs(link) || this.foreignTo(link) !== undefined) return false;
    const { arpIgnore: was, alias } = this.#markOf(link);
    const arpIgnore = link.arpIgnore === ARP_IGNORE_ALL ? was : (link.arpIgnore ?? was);
    await this.#kernel.setArp({ linkIndex: link.index, arpIgnore, alias });
    this.#before.delete(link.index);
    return true;
  }

  #markOf({ index, alias, arpIgnore }: Link): MuteMark {
    const lease = this.#lease;
    return readMark(alias) ?? { lease, arpIgnore: this.#before.get(index) ?? arpIgnore ?? 0, alias };
  }
}

export function linkMissing(name: string): RoutingError {
  return new RoutingError("KERNEL_REFUSED", `cannot mute ${name}: there is no such link. Wait until it is back.`);
}
