/**
 * Makes the changes of a plan, one after the other. Around every change that loosens, whoever grants the hold is asked
 * (rule 7: check, act, check): a process may be stopped between any two instructions, and a gate opened or an address
 * added past the deadline would be a second one.
 */

import type { Opening } from "./gate.ts";
import { type Grant, grantOf, type Permit } from "./hold.ts";
import type { Outcome } from "./kernel.ts";
import type { KernelPorts } from "./kernel-ports.ts";
import type { Change, Loosening } from "./plan.ts";
import { RoutingError } from "./routing-error.ts";

export interface Failure {
  readonly change: Change;
  /** "missing": what the change builds on is not there (the link was deleted, the table flushed). */
  readonly cause: RoutingError | "missing";
}

export type Applied = {
  /** The last opening that the kernel was given: what a refresh begins from. undefined: none of this plan. */
  readonly opened?: Opening;
} & (
  | { readonly t: "done" }
  /** The deadline passed. What was loosened last is taken back, unless a failure says that it could not be. */
  | { readonly t: "not-allowed"; readonly failures: readonly Failure[] }
  /** The opening has lapsed, or too little is left for an address: silent until the next confirmed hold. */
  | { readonly t: "lapsed" }
  /** All deletions were tried, whatever failed; of the rest, nothing after the first failure. */
  | { readonly t: "failed"; readonly failures: readonly Failure[] }
);

/** The margin of a hold deadline (rule 1): a write that took longer has given the kernel too long a time. */
const WRITE_MAX_MS = 50;
/** Three slow writes one after the other: this process is not run often enough to hold anything. */
const WRITES_MAX = 3;

export async function apply(ports: KernelPorts, changes: readonly Change[], permit: Permit): Promise<Applied> {
  const failures: Failure[] = [];
  let opened: Opening | undefined;
  const applied = (result: Applied): Applied => (opened === undefined ? result : { ...result, opened });
  for (const change of changes) {
    if (failures.length > 0 && !tightens(change)) break;
    if (!loosens(change)) {
      failures.push(...failuresOf(change, await attempt(() => request(ports, change))));
      continue;
    }
    const loosened = await loosen(ports, change, permit);
    opened = loosened.opened ?? opened;
    if (loosened.t === "failed") failures.push(...loosened.failures);
    else if (loosened.t !== "done") return applied(loosened);
  }
  return applied(failures.length === 0 ? { t: "done" } : { t: "failed", failures });
}

/** Check, act, check; and act again where it took so long that the kernel counts a time that began too late. */
async function loosen(ports: KernelPorts, change: Loosening, permit: Permit): Promise<Applied> {
  let step = change;
  for (let write = 1; write <= WRITES_MAX; write += 1) {
    const before = grantOf(permit);
    if (before === undefined) return { t: "not-allowed", failures: [] };
    const isTooLate = step.t === "put-address" && before.validSeconds === undefined;
    const result = isTooLate ? "lapsed" : await attempt(() => requestUnder(ports, step, before));
    const after = grantOf(permit);
    // Also after a failure: a request without an answer may have been granted.
    if (after === undefined) return { t: "not-allowed", failures: await takeBack(ports, change) };
    if (result === "lapsed") return { t: "lapsed" };
    if (result === "missing" && step.t === "refresh-gate") return { t: "lapsed" };
    const failures = failuresOf(change, result);
    if (failures.length > 0) return { t: "failed", failures };
    const { opening } = before;
    const isTimely = after.atMs - before.atMs <= WRITE_MAX_MS;
    if (isTimely) return step.t === "put-address" ? { t: "done" } : { t: "done", opened: opening };
    // Never opened twice: what has lapsed meanwhile stays closed.
    if (step.t !== "put-address") step = { t: "refresh-gate", target: step.target, from: opening };
  }
  return { t: "not-allowed", failures: await takeBack(ports, change) };
}

async function takeBack(ports: KernelPorts, change: Loosening): Promise<readonly Failure[]> {
  const undo: Change =
    change.t === "put-address"
      ? { t: "delete-address", address: change.address }
      : { t: "close-gate", target: change.target };
  return failuresOf(undo, await attempt(() => request(ports, undo)));
}

async function attempt(act: () => Promise<Outcome | undefined>): Promise<Outcome | RoutingError | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof RoutingError) return error;
    throw error;
  }
}

/** What is gone already when it is to be deleted is no failure. */
function failuresOf(change: Change, result: Outcome | RoutingError | undefined): readonly Failure[] {
  if (result instanceof RoutingError) return [{ change, cause: result }];
  return result === "missing" && !tightens(change) ? [{ change, cause: "missing" }] : [];
}

const TIGHTENING: readonly Change["t"][] = [
  "close-gate",
  "destroy-sockets",
  "delete-address",
  "delete-rule",
  "delete-route",
  "remove-gate",
];

function tightens({ t }: Change): boolean {
  return TIGHTENING.includes(t);
}

function loosens(change: Change): change is Loosening {
  const { t } = change;
  return t === "install-open-gate" || t === "open-gate" || t === "refresh-gate" || t === "put-address";
}

function requestUnder({ kernel, gate }: KernelPorts, change: Loosening, { opening, validSeconds }: Grant) {
  switch (change.t) {
    case "install-open-gate":
      return gate.install(change.target, opening).then(() => undefined);
    case "open-gate":
      return gate.open(change.target, opening);
    case "refresh-gate":
      return gate.refresh(change.target, change.from, opening);
    case "put-address":
      return kernel.replaceAddress({ ...change.address, validSeconds: least(validSeconds, change.validSecondsMax) });
  }
}

function least(validSeconds: number | undefined, most = Number.POSITIVE_INFINITY): number | undefined {
  return validSeconds === undefined ? undefined : Math.min(validSeconds, most);
}

async function request(
  { kernel, gate, sockets }: KernelPorts,
  change: Exclude<Change, Loosening>,
): Promise<Outcome | undefined> {
  switch (change.t) {
    case "close-gate":
      return gate.close(change.target);
    case "destroy-sockets":
      await sockets?.destroy(change.vip);
      return undefined;
    case "delete-address":
      return kernel.deleteAddress(change.address);
    case "delete-rule":
      return kernel.deleteRule(change.rule);
    case "delete-route":
      return kernel.deleteRoute(change.route);
    case "remove-gate":
      return gate.remove();
    case "put-route":
      return kernel.replaceRoute(change.route);
    case "add-rule":
      return kernel.addRule(change.rule);
    case "install-gate":
      return gate.install(change.target, undefined).then(() => undefined);
  }
}
