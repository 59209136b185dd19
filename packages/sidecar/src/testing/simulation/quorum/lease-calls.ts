/** Requests for the Lease by one machine's ways, answered by calling back: no promise, so that time need not wait. */
import type { ReadResult, WriteResult } from "../../../election/lease-lock.ts";
import type { LeaseDraft } from "../../../election/lease-record.ts";
import type { LeaseStore } from "../../lease-store.ts";
import { MEMORY_LEASE_KEY } from "../../memory-lease-lock.ts";
import type { ApiWays } from "../api-servers.ts";
import { applyDraft, FAILED, found, writeResult } from "../lease-way.ts";
import type { Process } from "../process.ts";

export interface LeaseCallsParts {
  readonly store: LeaseStore;
  readonly ways: ApiWays;
  readonly process: Process;
  readonly atCall: () => void;
  readonly onRequest: () => void;
}

export class LeaseCalls {
  readonly #parts: LeaseCallsParts;

  constructor(parts: LeaseCallsParts) {
    this.#parts = parts;
  }

  write(draft: LeaseDraft, timeoutMs: number, onResult: (result: WriteResult) => void): void {
    const atServer = () => applyDraft(this.#parts.store, draft);
    const judge = (answer: WriteResult) => (answer.t === "written" ? "settles" : "final");
    this.#ask(timeoutMs, atServer, judge, (answers, unanswered) => onResult(writeResult(answers, unanswered)));
  }

  read(timeoutMs: number, onResult: (result: ReadResult) => void): void {
    const atServer = () => found(this.#parts.store.get(MEMORY_LEASE_KEY));
    this.#ask(timeoutMs, atServer, settles, ([answer]) => onResult(answer ?? FAILED));
  }

  readExact(resourceVersion: string, timeoutMs: number, onResult: (result: ReadResult) => void): void {
    const atServer = () => {
      const list = this.#parts.store.listAt(Number(resourceVersion));
      return list.t === "listed" ? found(list.leases.get(MEMORY_LEASE_KEY)) : FAILED;
    };
    this.#ask(timeoutMs, atServer, settles, ([answer]) => onResult(answer ?? FAILED));
  }

  #ask<A>(
    timeoutMs: number,
    atServer: () => A,
    judge: (answer: A) => "settles" | "final",
    onAnswers: (answers: readonly A[], unanswered: number) => void,
  ): void {
    const { process, ways, atCall, onRequest } = this.#parts;
    onRequest();
    atCall();
    const done = (answers: readonly A[], unanswered: number) => {
      atCall();
      process.run(() => onAnswers(answers, unanswered));
    };
    process.run(() => ways.ask({ timeoutMs, atServer, judge, done }, (act) => process.run(act)));
  }
}

function settles(): "settles" {
  return "settles";
}
