/**
 * The kernel's side of one pod: its link, its addresses with their lifetimes, its gate. It goes on whatever becomes of
 * the process, and answers for the VIP exactly while the address is there, the link is up and the gate lets it.
 */
import { type Address, type KernelEvent, type MacAddress, validSecondsOf } from "@vcluster-kube-vip/routing";
import { MemoryGate, MemoryKernel, MemorySockets } from "@vcluster-kube-vip/routing/testing";
import { VIP } from "../replicas.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Timeline } from "./timeline.ts";

/** check_lifetime rounds and defers: an address outlives its lifetime by up to this. */
const LIFETIME_LATE_MAX_MS = 1_250;
const NET1_INDEX = 7;

export interface NamespaceParts {
  readonly timeline: Timeline;
  readonly clock: MachineClock;
  readonly mac: MacAddress;
  readonly lease: string;
  /** In [0, 1). */
  readonly random: () => number;
  /** Whether addresses end with their lifetime: without it the gate alone must keep the deadline. */
  readonly withLifetimes: boolean;
}

export class Namespace {
  readonly kernel = new MemoryKernel();
  readonly gate: MemoryGate;
  readonly sockets = new MemorySockets();
  readonly mac: MacAddress;
  /** To be called with every event; the process that lives here now. */
  onEvent: (event: KernelEvent) => void = () => undefined;
  onGateChanged: () => void = () => undefined;
  readonly #parts: NamespaceParts;
  #vip: Address | undefined;
  #cancelLapse: () => void = () => undefined;
  #linkIndex = NET1_INDEX;
  #linkUp = false;

  constructor(parts: NamespaceParts) {
    this.#parts = parts;
    this.mac = parts.mac;
    this.gate = new MemoryGate(parts.clock, parts.lease);
    void this.kernel.subscribe((event) => this.#onEvent(event));
    void this.gate.subscribe(() => this.onGateChanged());
    this.setLink(true);
  }

  /** Somebody who asks the segment for the VIP is answered from here. */
  get answers(): boolean {
    return this.#vip !== undefined && this.#linkUp && !this.gate.silences;
  }

  /** The address is kept behind a gate that was closed on purpose: another may hold by now. */
  get isMuted(): boolean {
    return this.#vip !== undefined && this.gate.calls.at(-1) === "close";
  }

  /** Left over from an earlier life with another prefix length, whose hold goes on for holdMs. */
  leave(protocol: number, holdMs: number): void {
    const linkIndex = this.#linkIndex;
    const untilWallMs = this.#parts.clock.wallTimeMs() + holdMs;
    const target = { vip: VIP, linkName: "net1", linkIndex };
    void this.gate.install(target, { holderIdentity: "left_over", untilWallMs, timeoutMs: holdMs });
    const address = { linkIndex, address: VIP, prefixLength: 24, protocol, label: undefined };
    void this.kernel.replaceAddress({ ...address, validSeconds: validSecondsOf(holdMs) });
  }

  /** Addresses of this kernel that are the VIP. */
  async vipAddresses(): Promise<readonly Address[]> {
    const { items } = await this.kernel.addresses();
    return items.filter(({ address }) => address === VIP);
  }

  setLink(up: boolean): void {
    this.#linkUp = up;
    const { mac } = this;
    this.kernel.putLink({
      index: this.#linkIndex,
      name: "net1",
      mac,
      up,
      carrier: up,
      mtuBytes: 1500,
      kind: "veth",
    });
  }

  /** Equivalent to: ip link del net1, and another of the same name made. */
  replaceLink(): void {
    this.kernel.removeLink(this.#linkIndex);
    this.#linkIndex += 1;
    this.setLink(true);
  }

  /** Equivalent to: ip addr del VIP dev net1, by another hand or by its lifetime's end. */
  dropAddress(): void {
    if (this.#vip !== undefined) void this.kernel.deleteAddress(this.#vip);
  }

  /** The machine is off, or the pod gone with all that was in it. */
  destroy(): void {
    this.#linkUp = false;
    this.#vip = undefined;
    this.#cancelLapse();
    this.onEvent = () => undefined;
    this.onGateChanged = () => undefined;
  }

  #onEvent(event: KernelEvent): void {
    if (event.t === "address" && event.address.address === VIP) this.#keep(event.address);
    if (event.t === "address-removed" && event.address.address === VIP) {
      this.#vip = undefined;
      this.#cancelLapse();
    }
    this.onEvent(event);
  }

  #keep(address: Address): void {
    this.#vip = address;
    this.#cancelLapse();
    const { timeline, clock, random, withLifetimes } = this.#parts;
    if (address.validSeconds === undefined || !withLifetimes) return;
    const endsAtMs = clock.timeOf(clock.nowMs() + address.validSeconds * 1000);
    this.#cancelLapse = timeline.at(endsAtMs + random() * LIFETIME_LATE_MAX_MS, () => this.dropAddress());
  }
}
