/**
 * One replica of the simulation: the real election, a clock of its own rate, a process that may be frozen or killed at
 * any moment, and the kernel's gate, which keeps its deadline whatever the process does (rule 6 as a given).
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
import type { ApiPath } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** An event without its times, which are the replica's to say. */
export type Happening = ElectionEvent extends infer E
  ? E extends ElectionEvent
    ? Omit<E, "nowMs" | "wallTime">
    : never
  : never;

export interface ReplicaHooks {
  readonly onOpen: (replica: Replica) => void;
  readonly answeringMacs: () => readonly string[];
  readonly trace: (line: string) => void;
  /** Called with each effect: a chance to freeze the process at the worst moment. */
  readonly onEffect: (replica: Replica, effect: ElectionEffect) => void;
}

export class Replica {
  readonly name: string;
  readonly api: ApiPath;
  /** The process runs (it may be frozen). */
  alive = false;
  lives = 0;
  mac = "";
  #state: ElectionState;
  #settings: Omit<ElectionSettings, "identity">;
  #timeline: Timeline;
  #random: Random;
  #hooks: ReplicaHooks;
  #clock: { readonly offsetMs: number; readonly rate: number };
  #gateDeadlineMs = Number.NEGATIVE_INFINITY;
  #frozenUntilMs = 0;
  #ticks = 0;
  #executorFreeAtMs = 0;

  constructor(
    name: string,
    parts: { api: ApiPath; timeline: Timeline; random: Random; hooks: ReplicaHooks },
    settings: Omit<ElectionSettings, "identity">,
    clock: { readonly offsetMs: number; readonly rate: number },
  ) {
    this.name = name;
    this.api = parts.api;
    this.#timeline = parts.timeline;
    this.#random = parts.random;
    this.#hooks = parts.hooks;
    this.#settings = settings;
    this.#clock = clock;
    this.#state = initialState({ ...settings, identity: "" });
  }

  get role(): ElectionState["role"]["t"] {
    return this.#state.role.t;
  }

  get identity(): string {
    return this.#state.settings.identity;
  }

  /** Own monotonic clock. */
  nowMs(): number {
    return this.#clock.offsetMs + this.#clock.rate * this.#timeline.nowMs;
  }

  /** The kernel answers for the VIP. */
  answers(): boolean {
    return this.nowMs() < this.#gateDeadlineMs;
  }

  /** A process begins: what an earlier life left in the kernel is swept (rule 8). */
  start(sameNamespace: boolean): void {
    this.lives += 1;
    this.alive = true;
    if (!sameNamespace || this.mac === "") this.mac = `02:${this.name}:${this.lives}`;
    this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
    this.#frozenUntilMs = 0;
    this.#executorFreeAtMs = this.#timeline.nowMs;
    this.#state = initialState({ ...this.#settings, identity: `${this.name}_uid_${this.lives}` });
    this.#hooks.trace(`${this.name} starts as ${this.identity}`);
    const life = this.lives;
    this.api.watch((event) => this.deliver({ t: "watch", event }, life));
    this.deliver({ t: "eligible", mac: this.mac }, life);
  }

  /** SIGKILL: the process ends, the kernel keeps the gate. `powerOff` takes the kernel's state along. */
  kill(powerOff: boolean): void {
    this.alive = false;
    this.api.unwatch();
    if (powerOff) this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
    this.#hooks.trace(`${this.name} killed${powerOff ? " with its kernel" : ""}`);
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#timeline.nowMs + forMs);
    this.#hooks.trace(`${this.name} frozen for ${forMs.toFixed(0)} ms`);
  }

  deliver(happening: Happening, life = this.lives): void {
    if (!this.alive || life !== this.lives) return;
    if (this.#timeline.nowMs < this.#frozenUntilMs) {
      this.#timeline.at(this.#frozenUntilMs, () => this.deliver(happening, life));
      return;
    }
    const event = { ...happening, nowMs: this.nowMs(), wallTime: `${this.#timeline.nowMs}` } as ElectionEvent;
    const before = this.#state.role.t;
    const [state, effects] = step(this.#state, event);
    this.#state = state;
    if (happening.t !== "tick" || before !== state.role.t) this.#hooks.trace(`${this.name} < ${describe(happening)}`);
    for (const effect of effects) this.#execute(effect, life);
    if (state.role.t === "stopped") this.kill(false);
    else this.#armTick(life);
  }

  #armTick(life: number): void {
    const wakeMs = nextWakeMs(this.#state, this.nowMs());
    this.#ticks += 1;
    const tick = this.#ticks;
    if (wakeMs === undefined) return;
    const delayMs = (wakeMs - this.nowMs()) / this.#clock.rate + this.#random.between(0, 3);
    this.#timeline.after(delayMs, () => {
      if (tick === this.#ticks) this.deliver({ t: "tick" }, life);
    });
  }

  #execute(effect: ElectionEffect, life: number): void {
    this.#hooks.trace(`${this.name} > ${describe(effect)}`);
    this.#hooks.onEffect(this, effect);
    switch (effect.t) {
      case "write":
        return this.api.write(effect.draft, effect.timeoutMs, (result) =>
          this.deliver({ t: "write", number: effect.number, result }, life),
        );
      case "read":
        return this.api.read(effect.timeoutMs, (result) =>
          this.deliver({ t: "read", number: effect.number, result }, life),
        );
      case "exact-read":
        return this.api.readExact(effect.resourceVersion, effect.timeoutMs, (result) =>
          this.deliver({ t: "exact-read", resourceVersion: effect.resourceVersion, result }, life),
        );
      case "ask-segment":
        return this.#timeline.after(60, () =>
          this.deliver({ t: "segment", answeredBy: this.#hooks.answeringMacs().filter((m) => m !== this.mac) }, life),
        );
      case "hold":
        return this.#inOrder(life, () => this.#open(effect.deadlineMs));
      case "silence":
        return this.#inOrder(life, () => this.#close(life));
      case "transition":
      case "notice":
        return;
    }
  }

  /** The executor does one thing after the other, each taking its time, none while the process is frozen. */
  #inOrder(life: number, act: () => void): void {
    this.#executorFreeAtMs = Math.max(this.#executorFreeAtMs, this.#timeline.nowMs) + this.#random.between(0.05, 3);
    const attempt = () => {
      if (!this.alive || life !== this.lives) return;
      if (this.#timeline.nowMs < this.#frozenUntilMs) this.#timeline.at(this.#frozenUntilMs, attempt);
      else act();
    };
    this.#timeline.at(this.#executorFreeAtMs, attempt);
  }

  #open(deadlineMs: number): void {
    this.#gateDeadlineMs = deadlineMs;
    if (this.answers()) this.#hooks.onOpen(this);
  }

  #close(life: number): void {
    this.#gateDeadlineMs = Number.NEGATIVE_INFINITY;
    this.deliver({ t: "silenced" }, life);
  }
}

function describe(value: Happening | ElectionEffect): string {
  const { t, ...rest } = value;
  return `${t} ${JSON.stringify(rest, (key, inner: unknown) => (key === "raw" || key === "base" ? undefined : inner))}`;
}
