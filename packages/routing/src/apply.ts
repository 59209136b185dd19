/**
 * Makes the changes of a plan, one after the other. Whether the VIP may be held is the caller's to say and is asked
 * around every change that loosens (DESIGN: check, act, check): a process may be stopped between any two instructions,
 * and a VIP added after its deadline would be a second one.
 */
import type { Kernel, Outcome } from "./kernel.ts";
import type { Address } from "./model.ts";
import type { Change } from "./plan.ts";
import { RoutingError } from "./routing-error.ts";

/** False once the hold deadline has passed. Asked synchronously, right before and right after. */
export type StillAllowed = () => boolean;

export interface Failure {
  readonly change: Change;
  /** "missing": what the change builds on is not there (the link was deleted). */
  readonly cause: RoutingError | "missing";
}

export type Applied =
  | { readonly t: "done" }
  /** The deadline passed. No address of this plan is there, unless a failure says that it could not be taken back. */
  | { readonly t: "not-allowed"; readonly failures: readonly Failure[] }
  /** All deletions were tried, whatever failed; of the rest, nothing after the first failure. */
  | { readonly t: "failed"; readonly failures: readonly Failure[] };

export async function apply(kernel: Kernel, changes: readonly Change[], stillAllowed: StillAllowed): Promise<Applied> {
  const failures: Failure[] = [];
  for (const change of changes) {
    if (isDeletion(change)) {
      failures.push(...(await attempt(kernel, change)));
      continue;
    }
    if (failures.length > 0) break;
    if (change.t !== "put-address") {
      failures.push(...(await attempt(kernel, change)));
      continue;
    }
    if (!stillAllowed()) return { t: "not-allowed", failures };
    failures.push(...(await attempt(kernel, change)));
    // Also after a failure: a request without an answer may have been granted.
    if (!stillAllowed()) return { t: "not-allowed", failures: await takeBack(kernel, change.address) };
  }
  return failures.length === 0 ? { t: "done" } : { t: "failed", failures };
}

function takeBack(kernel: Kernel, address: Address): Promise<readonly Failure[]> {
  return attempt(kernel, { t: "delete-address", address });
}

async function attempt(kernel: Kernel, change: Change): Promise<readonly Failure[]> {
  try {
    const outcome = await request(kernel, change);
    return outcome === "missing" && !isDeletion(change) ? [{ change, cause: "missing" }] : [];
  } catch (cause) {
    if (cause instanceof RoutingError) return [{ change, cause }];
    throw cause;
  }
}

function isDeletion(change: Change): boolean {
  return change.t === "delete-address" || change.t === "delete-rule" || change.t === "delete-route";
}

function request(kernel: Kernel, change: Change): Promise<Outcome> {
  switch (change.t) {
    case "delete-address":
      return kernel.deleteAddress(change.address);
    case "delete-rule":
      return kernel.deleteRule(change.rule);
    case "delete-route":
      return kernel.deleteRoute(change.route);
    case "put-route":
      return kernel.replaceRoute(change.route);
    case "add-rule":
      return kernel.addRule(change.rule);
    case "put-address":
      return kernel.replaceAddress(change.address);
  }
}
