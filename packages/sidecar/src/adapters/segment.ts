/**
 * The VIP's segment over two packet sockets: runs announce's schedule and question, and sorts what is heard. Keeps the
 * sockets open between takeovers, since opening one that receives costs 16 ms of a blocked loop. Two, so that a storm of
 * questions for the VIP fills a queue in which no answer and no claim waits.
 */
import { openPacketSocket, type RawSocketError } from "@vcluster-kube-vip/raw-socket";
import { familyOf, type IpAddress, type Kernel, type Link, type MacAddress } from "@vcluster-kube-vip/routing";
import { claimFilter, type FilterInstruction, questionFilter } from "../announce/capture-filter.ts";
import { DEFEND_INTERVAL_MS } from "../announce/defence.ts";
import { ETHER_TYPE_ARP, ETHER_TYPE_IPV6 } from "../announce/ethernet.ts";
import { type Claim, greeting, type Neighbour, question } from "../announce/forms.ts";
import { classify } from "../announce/listen.ts";
import * as schedule from "../announce/schedule.ts";
import type { Clock } from "../clock.ts";
import type { Reach } from "../health/reach.ts";
import type { Happening } from "../observe/happening.ts";
import type { Acknowledgement, Segment, SegmentNews } from "../segment.ts";
import { SegmentDefence } from "./segment-defence.ts";
import { SegmentEar } from "./segment-ear.ts";
import { SegmentQuestions } from "./segment-questions.ts";
import { SegmentReach } from "./segment-reach.ts";

export interface PacketSegmentOptions {
  readonly vip: IpAddress;
  readonly gateway: IpAddress | undefined;
  readonly clock: Clock;
  readonly kernel: Pick<Kernel, "neighbours">;
  readonly tell: (happening: Happening) => void;
}

/** Neighbours remembered because they asked for the VIP; the schedule asks no more than that many. */
const ASKERS_MAX = 256;
/** As long as between two frames of a steady holder: on the wire a new life is nothing new. */
const AFTER_ADOPTION_MS = 10_000;

export class PacketSegment implements Segment {
  readonly #o: PacketSegmentOptions;
  #claims: SegmentEar | undefined;
  #asked: SegmentEar | undefined;
  #linkIndex = 0;
  /** False: it may be that an earlier life is heard for the VIP, whose holder says nothing more than it did. */
  #mayAsk = false;
  #self: Claim | undefined;
  #schedule: schedule.ScheduleState = schedule.SILENT;
  /** Whether the kernel's neighbours are among those that were asked for this announcement. */
  #neighboursRead = false;
  #onAllAcknowledged: () => void = () => undefined;
  #cancelScheduleTimer: () => void = () => undefined;
  /** In the order in which they were last heard. */
  #askers = new Map<IpAddress, MacAddress>();
  #toldConflict: { readonly mac: MacAddress; readonly atMs: number } | undefined;
  #wireFailed = false;
  #onClaim: SegmentNews["onClaim"] = () => "stranger";
  readonly #reach: SegmentReach;
  readonly #questions: SegmentQuestions;
  readonly #defence: SegmentDefence;

  constructor(options: PacketSegmentOptions) {
    this.#o = options;
    const { clock, gateway } = options;
    this.#reach = new SegmentReach({
      clock,
      gateway,
      neighbours: () => [...this.#askers.keys()].reverse(),
      asker: () => this.#asker(),
      ask: (addresses, by) => this.#greet(addresses, by),
    });
    this.#questions = new SegmentQuestions({
      clock,
      send: (frame) => this.#send(frame, Number.POSITIVE_INFINITY) > 0,
    });
    this.#defence = new SegmentDefence({
      clock,
      ask: () => this.#questions.ask(),
      announce: (why) => this.#stepSchedule({ t: "again", nowMs: clock.nowMs() }, why),
    });
  }

  get reach(): Reach {
    return this.#reach.reach;
  }

  follow({ onReach, onClaim }: SegmentNews): void {
    this.#reach.follow(onReach);
    this.#onClaim = onClaim;
  }

  open(link: Link, mac: MacAddress): void {
    this.#closeEars();
    this.#self = { vip: this.#o.vip, mac };
    this.#linkIndex = link.index;
    this.#claims = this.#listen(claimFilter(this.#self));
    this.#asked = this.#listen(questionFilter(this.#self));
    this.#questions.start(this.#self);
    if (this.#mayAsk) this.#askFrom(this.#o.clock.nowMs());
  }

  beginAsking(): void {
    if (!this.#mayAsk) this.#askFrom(this.#o.clock.nowMs());
  }

  announce(deadlineMs: number): void {
    const { clock, kernel } = this.#o;
    if (this.#self === undefined) return;
    const nowMs = clock.nowMs();
    this.#neighboursRead = false;
    this.#stepSchedule({ t: "start", nowMs, claim: this.#self, neighbours: this.#known(), deadlineMs });
    // Not waited for: the first frames are out before the kernel's table was read.
    void kernel.neighbours(this.#linkIndex).then(
      ({ items }) => {
        // The table has both families; only the VIP's can be asked for it.
        const family = familyOf(this.#o.vip);
        const neighbours = items.flatMap(({ address, mac }) =>
          mac === undefined || familyOf(address) !== family ? [] : [{ address, mac }],
        );
        this.#neighboursRead = true;
        this.#stepSchedule({ t: "neighbours", nowMs: clock.nowMs(), neighbours });
      },
      (error: unknown) => this.#tellTrouble("NEIGHBOURS_UNREADABLE", error),
    );
  }

  resume(deadlineMs: number): void {
    if (this.#self === undefined) return;
    const nowMs = this.#o.clock.nowMs();
    this.#stepSchedule({ t: "resume", nowMs, claim: this.#self, deadlineMs });
    this.#askFrom(nowMs + AFTER_ADOPTION_MS);
  }

  extend(deadlineMs: number): void {
    this.#stepSchedule({ t: "extend", deadlineMs });
  }

  stop(): void {
    this.#defence.stop();
    this.#stepSchedule({ t: "stop" });
  }

  ask(isExpected: (mac: string) => boolean): Promise<readonly string[]> {
    return this.#questions.expecting(isExpected);
  }

  acknowledged(withinMs: number): Promise<Acknowledgement> {
    const { clock } = this.#o;
    // A question that waits is answered with the new one.
    const replaced = this.#onAllAcknowledged;
    return new Promise((resolve) => {
      const cancel = clock.at(clock.nowMs() + withinMs, () => this.#onAllAcknowledged());
      this.#onAllAcknowledged = () => {
        this.#onAllAcknowledged = () => undefined;
        cancel();
        replaced();
        resolve(this.#acknowledgement);
      };
      this.#lookWhoAcknowledged();
    });
  }

  get #acknowledgement(): Acknowledgement {
    const total = this.#schedule.t === "silent" ? 0 : this.#schedule.asked.length;
    return { count: this.acknowledgedBy().length, total };
  }

  #lookWhoAcknowledged(): void {
    const { count, total } = this.#acknowledgement;
    if (this.#neighboursRead && count === total) this.#onAllAcknowledged();
  }

  acknowledgedBy(): readonly { readonly address: string; readonly afterMs: number }[] {
    if (this.#schedule.t === "silent") return [];
    return this.#schedule.asked.flatMap(({ address, acknowledgedAfterMs }) =>
      acknowledgedAfterMs === undefined ? [] : [{ address, afterMs: acknowledgedAfterMs }],
    );
  }

  unacknowledgedBy(): readonly string[] {
    if (this.#schedule.t === "silent") return [];
    return this.#schedule.asked.flatMap(({ address, acknowledgedAfterMs }) =>
      acknowledgedAfterMs === undefined ? [address] : [],
    );
  }

  close(): void {
    this.#onAllAcknowledged();
    this.#cancelScheduleTimer();
    this.#reach.stop();
    this.#questions.stop();
    this.#defence.stop();
    this.#closeEars();
  }

  #askFrom(fromMs: number): void {
    this.#mayAsk = true;
    if (this.#self === undefined) return;
    this.#reach.start(fromMs);
    this.#questions.askEverySoOften(fromMs);
  }

  #listen(filter: readonly FilterInstruction[]): SegmentEar {
    const etherType = familyOf(this.#o.vip) === 4 ? ETHER_TYPE_ARP : ETHER_TYPE_IPV6;
    const onMessage = (frame: Uint8Array): void => this.#onFrame(frame);
    const onError = (error: RawSocketError): void => this.#onWireError(error);
    return new SegmentEar({
      clock: this.#o.clock,
      openSocket: openPacketSocket,
      socket: { linkIndex: this.#linkIndex, etherType, filter, onMessage, onError },
    });
  }

  #closeEars(): void {
    for (const ear of [this.#claims, this.#asked]) ear?.close();
    this.#claims = undefined;
    this.#asked = undefined;
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
        this.#reach.heard(address);
        return this.#stepSchedule({ t: "acknowledged", nowMs: this.#o.clock.nowMs(), address, mac });
      }
      case "answer":
        this.#remember(heard.address, heard.mac);
        return this.#reach.heard(heard.address);
      case "question":
        return this.#remember(heard.address, heard.mac);
      case "foreign-claim":
        this.#questions.heard(heard.mac);
        return this.#noteConflict(heard.mac);
      case "probe":
      case "dropped":
        return;
    }
  }

  #asker(): "holder" | "standby" | "nobody" {
    if (this.#schedule.t === "announcing") return "holder";
    return familyOf(this.#o.vip) === 4 ? "standby" : "nobody";
  }

  /** A holder asks as the VIP, and only before its deadline; a standby claims nothing. */
  #greet(addresses: readonly IpAddress[], by: "unicast" | "broadcast"): void {
    const self = this.#self;
    if (self === undefined) return;
    const holding = this.#schedule.t === "announcing" ? this.#schedule : undefined;
    const deadlineMs = holding?.deadlineMs ?? Number.POSITIVE_INFINITY;
    let sent = 0;
    for (const address of addresses) {
      const neighbour = { address, mac: by === "unicast" ? this.#askers.get(address) : undefined };
      const frame = holding === undefined ? greeting(self, neighbour) : question(holding.claim, neighbour);
      if (frame !== undefined) sent += this.#send(frame, deadlineMs);
    }
    if (sent > 0) this.#o.tell({ t: "frames-sent", form: "reach", count: sent });
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
    if (this.#onClaim(mac) === "stranger") this.#defence.claimed();
    const nowMs = this.#o.clock.nowMs();
    const told = this.#toldConflict;
    if (told !== undefined && told.mac === mac && nowMs - told.atMs < DEFEND_INTERVAL_MS) return;
    this.#toldConflict = { mac, atMs: nowMs };
    this.#o.tell({ t: "conflict", mac });
  }

  #stepSchedule(event: schedule.ScheduleEvent, form: string = event.t === "start" ? "takeover" : "repeat"): void {
    const [state, effects] = schedule.step(this.#schedule, event);
    this.#schedule = state;
    let sent = 0;
    for (const effect of effects) {
      if (effect.t === "send") sent += this.#send(effect.frame, effect.deadlineMs);
      else if (effect.t === "acknowledged") this.#o.tell(effect);
      else this.#armSchedule(effect.atMs);
    }
    this.#lookWhoAcknowledged();
    if (sent > 0) this.#o.tell({ t: "frames-sent", form, count: sent });
  }

  #armSchedule(atMs: number | undefined): void {
    const { clock } = this.#o;
    this.#cancelScheduleTimer();
    if (atMs === undefined) return;
    this.#cancelScheduleTimer = clock.at(atMs, () => this.#stepSchedule({ t: "tick", nowMs: clock.nowMs() }));
  }

  /** Rule 7: looked at again right before, since the process may have been stopped since the schedule decided. */
  #send(frame: Uint8Array, deadlineMs: number): number {
    if (this.#claims === undefined || this.#o.clock.nowMs() >= deadlineMs) return 0;
    const error = this.#claims.send(frame);
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
