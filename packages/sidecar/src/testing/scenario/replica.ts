/**
 * One replica of a scenario: the real election by itself, a clock of its own rate, a process that may be frozen or
 * killed, and a gate that keeps its deadline whatever the process does (rule 6 as a given: simulation/ doubts it).
 */
import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionSettings,
  type ElectionState,
  initialState,
} from "../../election/election.ts";
import { step } from "../../election/step.ts";
import { nextWakeMs } from "../../election/wake.ts";
import type { Timeline } from "../simulation/timeline.ts";
import type { ApiPath } from "./api-path.ts";
import { effectInWords, happeningInWords } from "./narrate.ts";

/** An event without its times, which are the replica's to say. */
export type Happening = ElectionEvent extends infer E
  ? E extends ElectionEvent
    ? Omit<E, "nowMs" | "wallTime">
    : never
  : never;

export interface ReplicaHooks {
  /** The gate opened, or its deadline moved. */
  readonly onOpen: (replica: Replica) => void;
  /** MAC addresses that answer for the VIP on the segment now. */
  readonly answeringMacs: () => readonly string[];
  /** `routine` is what a healthy holder does every retry period. */
  readonly trace: (replica: Replica, line: () => string, routine: boolean) => void;
}

/** The gateway and the worker have heard of a take. */
const ACKNOWLEDGED_AFTER_MS = 2;
/** The executor takes this long for each thing it does. */
const EXECUTE_MS = 1;

export interface ReplicaParts {
  readonly api: ApiPath;
  readonly timeline: Timeline;
  readonly hooks: ReplicaHooks;
  readonly settings: Omit<ElectionSettings, "identity">;
  /** How fast the monotonic clock runs. */
  readonly clockRate: number;
}

export class Replica {
  readonly name: string;
  readonly api: ApiPath;
  /** The process runs (it may be frozen). */
  alive = false;
  lives = 0;
  mac = "";
  readonly #parts: ReplicaParts;
  readonly #timeline: Timeline;
  #state: ElectionState;
  #gateDeadlineMs = Number.NEGATIVE_INFINITY;
  /** The gate's user data: for which life it is open. */
  #gateIdentity = "";
  #keepsAddress = false;
  #frozenUntilMs = 0;
  #ticks = 0;
  #executorFreeAtMs = 0;

  constructor(name: string, parts: ReplicaParts) {
    this.name = name;
    this.api = parts.api;
    this.#parts = parts;
    this.#timeline = parts.timeline;
    this.#state = initialState({ ...parts.settings, identity: "" });
  }

  get role(): ElectionState["role"]["t"] {
    return this.#state.role.t;
  }

  get identity(): string {
    return this.#state.settings.identity;
  }

  get isFrozen(): boolean {
    return this.#timeline.nowMs < this.#frozenUntilMs;
  }

  /** Own monotonic clock. */
  nowMs(): number {
    return this.#parts.clockRate * this.#timeline.nowMs;
  }

  /** The kernel answers for the VIP. */
  answers(): boolean {
    return this.nowMs() < this.#gateDeadlineMs;
  }

  /** A process begins: a gate of this namespace that is still open it may adopt; anything else is swept (rule 8). */
  start(sameNamespace: boolean): void {
    this.lives += 1;
    this.alive = true;
    if (!sameNamespace || this.mac === "") this.mac = `02:${this.name}:${this.lives}`;
    const isOpen = sameNamespace && this.answers();
    if (!isOpen) this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
    this.#frozenUntilMs = 0;
    this.#executorFreeAtMs = this.#timeline.nowMs;
    this.#state = initialState({ ...this.#parts.settings, identity: `${this.name}${this.lives}` });
    this.#trace(() => `starts as ${this.identity}`);
    const life = this.lives;
    this.api.watch((event) => this.deliver({ t: "watch", event }, life));
    if (isOpen) this.deliver(this.#inheritance(), life);
    else this.deliver({ t: "eligible", mac: this.mac }, life);
  }

  #inheritance(): Happening {
    return { t: "inherited", holderIdentity: this.#gateIdentity, untilMs: this.#gateDeadlineMs, mac: this.mac };
  }

  /** SIGKILL: the process ends, the kernel keeps the gate. `powerOff` takes the kernel's state along. */
  kill(powerOff: boolean): void {
    this.alive = false;
    this.api.unwatch();
    if (powerOff) this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
    this.#trace(() => `is killed${powerOff ? " with its kernel" : ", its kernel keeps the gate"}`);
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#timeline.nowMs + forMs);
    this.#trace(() => `is frozen for ${forMs.toFixed(0)} ms`);
  }

  deliver(happening: Happening, life = this.lives): void {
    this.#whenRunning(life, () => this.#step(happening, life));
  }

  /** What a frozen process would do, it does when it thaws, in order; what a dead one would do, never. */
  #whenRunning(life: number, act: () => void): void {
    if (!this.alive || life !== this.lives) return;
    if (this.isFrozen) this.#timeline.at(this.#frozenUntilMs, () => this.#whenRunning(life, act));
    else act();
  }

  #step(happening: Happening, life: number): void {
    const event = { ...happening, nowMs: this.nowMs(), wallTime: String(this.#timeline.nowMs) } as ElectionEvent;
    const [state, effects] = step(this.#state, event);
    this.#state = state;
    const isNews = ["read", "exact-read", "segment"].includes(happening.t);
    if (happening.t !== "tick") this.#trace(() => `< ${happeningInWords(happening)}`, !isNews);
    for (const effect of effects) this.#execute(effect, life);
    if (state.role.t === "stopped") this.#end();
    else this.#armTick(life);
  }

  /** The process exits by itself. What it did not take from the kernel stays there: nothing is made easier here. */
  #end(): void {
    this.alive = false;
    this.api.unwatch();
    this.#trace(() => "exits");
  }

  #armTick(life: number): void {
    const wakeMs = nextWakeMs(this.#state, this.nowMs());
    this.#ticks += 1;
    const tick = this.#ticks;
    if (wakeMs === undefined) return;
    const delayMs = (wakeMs - this.nowMs()) / this.#parts.clockRate;
    this.#timeline.after(delayMs, () => {
      if (tick === this.#ticks) this.deliver({ t: "tick" }, life);
    });
  }

  #execute(effect: ElectionEffect, life: number): void {
    const isRenewal = effect.t === "write" && effect.purpose === "renew";
    const isRefresh = effect.t === "hold" && !effect.adopted && this.answers();
    this.#trace(() => effectInWords(effect, this.nowMs()), isRenewal || isRefresh);
    const { api } = this;
    switch (effect.t) {
      case "write":
        return this.#whenRunning(life, () =>
          api.write(effect.draft, effect.timeoutMs, (result) =>
            this.deliver({ t: "write", number: effect.number, result }, life),
          ),
        );
      case "read":
        return this.#whenRunning(life, () =>
          api.read(effect.timeoutMs, (result) => this.deliver({ t: "read", number: effect.number, result }, life)),
        );
      case "exact-read":
        return this.#whenRunning(life, () =>
          api.readExact(effect.resourceVersion, effect.timeoutMs, (result) =>
            this.deliver({ t: "exact-read", resourceVersion: effect.resourceVersion, result }, life),
          ),
        );
      case "ask-segment":
        return this.#whenRunning(life, () => this.#askSegment(life));
      case "hold":
        return this.#inOrder(life, () => this.#open(effect.deadlineMs));
      case "disinherit":
        return this.#inOrder(life, () => this.#sweep(life));
      case "mute":
        return this.#inOrder(life, () => this.#mute(life));
      case "silence":
        return this.#inOrder(life, () => this.#close(life));
      case "transition":
      case "notice":
        return;
    }
  }

  #askSegment(life: number): void {
    this.#timeline.after(60, () => {
      const answeredBy = this.#parts.hooks.answeringMacs().filter((mac) => mac !== this.mac);
      this.deliver({ t: "segment", answeredBy }, life);
    });
  }

  /** The executor does one thing after the other, each taking its time, none while the process is frozen. */
  #inOrder(life: number, act: () => void): void {
    this.#executorFreeAtMs = Math.max(this.#executorFreeAtMs, this.#timeline.nowMs) + EXECUTE_MS;
    this.#timeline.at(this.#executorFreeAtMs, () => this.#whenRunning(life, act));
  }

  #open(deadlineMs: number): void {
    const wasOpen = this.answers();
    this.#gateDeadlineMs = deadlineMs;
    this.#gateIdentity = this.identity;
    if (!this.answers()) return;
    this.#keepsAddress = false;
    this.#parts.hooks.onOpen(this);
    this.#trace(() => "answers for the VIP", wasOpen);
    const { lives } = this;
    const heard: Happening = { t: "acknowledged", count: 2, total: 2 };
    if (!wasOpen) this.#timeline.after(ACKNOWLEDGED_AFTER_MS, () => this.deliver(heard, lives));
    this.#timeline.after((deadlineMs - this.nowMs()) / this.#parts.clockRate, () => {
      if (this.#gateDeadlineMs === deadlineMs) this.#trace(() => "is closed by its kernel: deadline");
    });
  }

  /** The address stays: who has not heard of the next holder is served on. */
  #mute(life: number): void {
    if (this.answers()) this.#trace(() => "is mute");
    this.#keepsAddress = this.answers();
    this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
    this.deliver({ t: "silenced" }, life);
  }

  #close(life: number): void {
    if (this.#keepsAddress) this.#trace(() => "ends its connections");
    this.#keepsAddress = false;
    this.#shut();
    this.deliver({ t: "silenced" }, life);
  }

  #sweep(life: number): void {
    this.#shut();
    this.deliver({ t: "eligible", mac: this.mac }, life);
  }

  #shut(): void {
    if (this.answers()) this.#trace(() => "is silent");
    this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
  }

  #trace(line: () => string, routine = false): void {
    this.#parts.hooks.trace(this, line, routine);
  }
}
