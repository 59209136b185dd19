/**
 * What the election wants of the kernel, done one request after the other: the newest wish next, a tightening answered
 * only when it is in force, a silence before anything that comes after it. Each request is worked out when it is made,
 * leaves the process when that runs, and is carried out whatever becomes of its sender.
 */
import type { MachineClock } from "../machine-clock.ts";
import type { Process } from "../process.ts";
import type { Timeline } from "../timeline.ts";
import type { GateModel, GateRequest } from "./gate-model.ts";

/** The margin of rule 6: a write that took longer is written again. */
const HELD_UP_MS = 50;

export interface HoldExecutorParts {
  readonly timeline: Timeline;
  readonly clock: MachineClock;
  readonly process: Process;
  readonly gate: GateModel;
  readonly holderIdentity: string;
  readonly executionMs: () => number;
  /** A request is about to leave, or its answer to be taken. */
  readonly atCall: () => void;
  /** Somebody may have begun to answer. */
  readonly onKernel: () => void;
  readonly onTightened: (term: number) => void;
  readonly onSilenced: () => void;
}

export class HoldExecutor {
  readonly #parts: HoldExecutorParts;
  #isBusy = false;
  #open: { readonly deadlineMs: number; readonly isConfirmed: boolean } | undefined;
  #close = false;
  #terms: number[] = [];

  constructor(parts: HoldExecutorParts) {
    this.#parts = parts;
  }

  hold(deadlineMs: number, isConfirmed: boolean): void {
    this.#open = { deadlineMs, isConfirmed: isConfirmed || this.#open?.isConfirmed === true };
    this.#next();
  }

  tighten(deadlineMs: number, term: number): void {
    this.#terms.push(term);
    this.hold(deadlineMs, false);
  }

  silence(): void {
    this.#open = undefined;
    this.#close = true;
    this.#next();
  }

  #next(): void {
    if (this.#isBusy) return;
    if (this.#close) {
      this.#close = false;
      return this.#request({ t: "close" }, () => this.#parts.onSilenced());
    }
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const terms = this.#terms;
    this.#terms = [];
    this.#write(open, terms);
  }

  #write({ deadlineMs, isConfirmed }: { deadlineMs: number; isConfirmed: boolean }, terms: readonly number[]): void {
    const { clock, holderIdentity } = this.#parts;
    const begunAtMs = clock.nowMs();
    const timeoutMs = deadlineMs - begunAtMs;
    if (timeoutMs <= 0) return;
    const opening = { holderIdentity, untilWallMs: clock.wallTimeMs() + timeoutMs, timeoutMs };
    this.#request({ t: isConfirmed ? "add" : "refresh", opening }, () => {
      const nowMs = clock.nowMs();
      // Check, act, check: what came too late is taken back, what was held up is written over.
      if (nowMs >= deadlineMs) this.#close = true;
      else if (nowMs - begunAtMs > HELD_UP_MS) this.#open ??= { deadlineMs, isConfirmed: false };
      for (const term of terms) this.#parts.onTightened(term);
    });
  }

  #request(request: GateRequest, done: () => void): void {
    const { timeline, process, gate, executionMs, atCall, onKernel } = this.#parts;
    this.#isBusy = true;
    atCall();
    process.run(() =>
      timeline.after(executionMs(), () => {
        gate.execute(request);
        onKernel();
        atCall();
        process.run(() => {
          this.#isBusy = false;
          done();
          this.#next();
        });
      }),
    );
  }
}
