/**
 * The VIP's segment over one packet socket: runs announce's schedule and question, and sorts what is heard. Keeps the
 * socket open between takeovers, since opening one that receives costs 16 ms of a blocked loop.
 */
import { openPacketSocket, type RawSocket, type RawSocketError } from "@vcluster-kube-vip/raw-socket";
import { familyOf, type IpAddress, type Kernel, type Link, type MacAddress } from "@vcluster-kube-vip/routing";
import * as ask from "../announce/ask-segment.ts";
import { captureFilter } from "../announce/capture-filter.ts";
import { ETHER_TYPE_ARP, ETHER_TYPE_IPV6 } from "../announce/ethernet.ts";
import type { Claim, Neighbour } from "../announce/forms.ts";
import { classify } from "../announce/listen.ts";
import * as schedule from "../announce/schedule.ts";
import type { Clock } from "../clock.ts";
import type { Happening } from "../observe/happening.ts";
import type { Segment } from "../segment.ts";

export interface PacketSegmentOptions {
  readonly vip: IpAddress;
  readonly gateway: IpAddress | undefined;
  readonly clock: Clock;
  readonly kernel: Pick<Kernel, "neighbours">;
  readonly tell: (happening: Happening) => void;
}

/** Neighbours remembered because they asked for the VIP; the schedule asks no more than that many. */
const ASKERS_MAX = 256;
/** A claim of the same stranger is told once in this time (RFC 5227: DEFEND_INTERVAL). */
const CONFLICT_SILENCE_MS = 10_000;

export class PacketSegment implements Segment {
  readonly #o: PacketSegmentOptions;
  #socket: RawSocket | undefined;
  #linkIndex = 0;
  #self: Claim | undefined;
  #schedule: schedule.ScheduleState = schedule.SILENT;
  #ask: ask.AskState = ask.IDLE;
  #onDecided: (answeredBy: readonly string[]) => void = () => undefined;
  #questionLost = false;
  #cancelScheduleTimer: () => void = () => undefined;
  #cancelAskTimer: () => void = () => undefined;
  /** In the order in which they were last heard. */
  #askers = new Map<IpAddress, MacAddress>();
  #toldConflict: { readonly mac: MacAddress; readonly atMs: number } | undefined;
  #wireFailed = false;

  constructor(options: PacketSegmentOptions) {
    this.#o = options;
  }

  open(link: Link, mac: MacAddress): void {
    this.#socket?.close();
    this.#self = { vip: this.#o.vip, mac };
    this.#linkIndex = link.index;
    this.#socket = openPacketSocket({
      linkIndex: link.index,
      etherType: familyOf(this.#o.vip) === 4 ? ETHER_TYPE_ARP : ETHER_TYPE_IPV6,
      filter: captureFilter(this.#self),
      onMessage: (frame) => this.#onFrame(frame),
      onError: (error) => this.#onWireError(error),
    });
  }

  announce(deadlineMs: number): void {
    const { clock, kernel } = this.#o;
    if (this.#self === undefined) return;
    const nowMs = clock.nowMs();
    this.#stepSchedule({ t: "start", nowMs, claim: this.#self, neighbours: this.#known(), deadlineMs });
    // Not waited for: the first frames are out before the kernel's table was read.
    void kernel.neighbours(this.#linkIndex).then(
      ({ items }) => {
        // The table has both families; only the VIP's can be asked for it.
        const family = familyOf(this.#o.vip);
        const neighbours = items.flatMap(({ address, mac }) =>
          mac === undefined || familyOf(address) !== family ? [] : [{ address, mac }],
        );
        this.#stepSchedule({ t: "neighbours", nowMs: clock.nowMs(), neighbours });
      },
      (error: unknown) => this.#tellTrouble("NEIGHBOURS_UNREADABLE", error),
    );
  }

  resume(deadlineMs: number): void {
    if (this.#self === undefined) return;
    this.#stepSchedule({ t: "resume", nowMs: this.#o.clock.nowMs(), claim: this.#self, deadlineMs });
  }

  extend(deadlineMs: number): void {
    this.#stepSchedule({ t: "extend", deadlineMs });
  }

  stop(): void {
    this.#stepSchedule({ t: "stop" });
  }

  ask(): Promise<readonly string[]> {
    const self = this.#self;
    if (self === undefined) return Promise.resolve([]);
    // A question that is under way is replaced, and answered with the new one.
    const replaced = this.#onDecided;
    return new Promise((resolve) => {
      this.#onDecided = (answeredBy) => {
        replaced(answeredBy);
        resolve(answeredBy);
      };
      this.#questionLost = false;
      this.#stepAsk({ t: "start", nowMs: this.#o.clock.nowMs(), self });
    });
  }

  acknowledgedBy(): readonly { readonly address: string; readonly afterMs: number }[] {
    if (this.#schedule.t === "silent") return [];
    return this.#schedule.asked.flatMap(({ address, acknowledgedAfterMs }) =>
      acknowledgedAfterMs === undefined ? [] : [{ address, afterMs: acknowledgedAfterMs }],
    );
  }

  close(): void {
    this.#cancelScheduleTimer();
    this.#cancelAskTimer();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #known(): readonly Neighbour[] {
    const { gateway } = this.#o;
    const askers = [...this.#askers].reverse().map(([address, mac]) => ({ address, mac }));
    const first = gateway === undefined ? [] : [{ address: gateway, mac: this.#askers.get(gateway) }];
    return [...first, ...askers.filter(({ address }) => address !== gateway)];
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#self === undefined) return;
    const heard = classify(frame, this.#self);
    switch (heard.t) {
      case "acknowledgement": {
        const { address, mac } = heard;
        this.#remember(address, mac);
        return this.#stepSchedule({ t: "acknowledged", nowMs: this.#o.clock.nowMs(), address, mac });
      }
      case "question":
        return this.#remember(heard.address, heard.mac);
      case "foreign-claim":
        this.#stepAsk({ t: "answered", mac: heard.mac });
        return this.#noteConflict(heard.mac);
      case "probe":
      case "dropped":
        return;
    }
  }

  #remember(address: IpAddress, mac: MacAddress): void {
    this.#askers.delete(address);
    this.#askers.set(address, mac);
    if (this.#askers.size <= ASKERS_MAX) return;
    for (const oldest of this.#askers.keys()) {
      this.#askers.delete(oldest);
      return;
    }
  }

  #noteConflict(mac: MacAddress): void {
    if (this.#schedule.t === "silent") return;
    const nowMs = this.#o.clock.nowMs();
    const told = this.#toldConflict;
    if (told !== undefined && told.mac === mac && nowMs - told.atMs < CONFLICT_SILENCE_MS) return;
    this.#toldConflict = { mac, atMs: nowMs };
    this.#o.tell({ t: "conflict", mac });
  }

  #stepSchedule(event: schedule.ScheduleEvent): void {
    const [state, effects] = schedule.step(this.#schedule, event);
    this.#schedule = state;
    let sent = 0;
    for (const effect of effects) {
      if (effect.t === "send") sent += this.#send(effect.frame, effect.deadlineMs);
      else if (effect.t === "acknowledged") this.#o.tell(effect);
      else this.#armSchedule(effect.atMs);
    }
    if (sent > 0) this.#o.tell({ t: "frames-sent", form: event.t === "start" ? "takeover" : "repeat", count: sent });
  }

  #armSchedule(atMs: number | undefined): void {
    const { clock } = this.#o;
    this.#cancelScheduleTimer();
    if (atMs === undefined) return;
    this.#cancelScheduleTimer = clock.at(atMs, () => this.#stepSchedule({ t: "tick", nowMs: clock.nowMs() }));
  }

  #stepAsk(event: ask.AskEvent): void {
    const [state, effects] = ask.step(this.#ask, event);
    this.#ask = state;
    for (const effect of effects) {
      if (effect.t === "send") this.#questionLost ||= this.#send(effect.frame, Number.POSITIVE_INFINITY) === 0;
      else if (effect.t === "timer") this.#armAsk(effect.atMs);
      else this.#decided(effect.answeredBy);
    }
  }

  #armAsk(atMs: number | undefined): void {
    const { clock } = this.#o;
    this.#cancelAskTimer();
    if (atMs === undefined) return;
    this.#cancelAskTimer = clock.at(atMs, () => this.#stepAsk({ t: "tick", nowMs: clock.nowMs() }));
  }

  #decided(answeredBy: readonly string[]): void {
    // A question that did not go out has no answer: who asked asks again.
    if (this.#questionLost) return;
    const decided = this.#onDecided;
    this.#onDecided = () => undefined;
    decided(answeredBy);
  }

  /** Rule 7: looked at again right before, since the process may have been stopped since the schedule decided. */
  #send(frame: Uint8Array, deadlineMs: number): number {
    if (this.#socket === undefined || this.#o.clock.nowMs() >= deadlineMs) return 0;
    const error = this.#socket.send(frame);
    if (error !== undefined) {
      this.#onWireError(error);
      return 0;
    }
    if (this.#wireFailed) this.#o.tell({ t: "recovered", where: "wire" });
    this.#wireFailed = false;
    return 1;
  }

  /** Links do go down: told once until a frame goes out again. */
  #onWireError(error: RawSocketError): void {
    if (this.#wireFailed) return;
    this.#wireFailed = true;
    this.#tellTrouble(error.code, error);
  }

  #tellTrouble(code: string, error: unknown): void {
    this.#o.tell({
      t: "trouble",
      where: "wire",
      code,
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
