/**
 * The VIP on this replica: `stepVip(state, event) -> [state, effects]`. Turns what the election allows (hold until a
 * deadline, silence) into one kernel change at a time, and keeps the kernel true while the VIP is held. Pure; the
 * objects themselves are routing's matter (desired-state.ts), the frames announce's.
 */

/** Until when, by the own monotonic clock, and as which term the VIP may be answered here. */
export interface Permission {
  readonly deadlineMs: number;
  readonly transitions: number;
}

export type VipState =
  /** Nothing of ours is in the kernel. */
  | { readonly t: "absent" }
  /** Routes, rule and address are being made. */
  | { readonly t: "configuring"; readonly permission: Permission }
  | { readonly t: "held"; readonly permission: Permission; readonly work: HeldWork }
  /** The address is being taken away, then the rest. `next` is what was allowed again meanwhile. */
  | { readonly t: "withdrawing"; readonly next: Permission | undefined; readonly retryAtMs: number | undefined }
  /** The kernel refused; tried again at retryAtMs while the permission lasts. */
  | { readonly t: "failed"; readonly permission: Permission; readonly retryAtMs: number };

/** Whether the kernel is being put right, and whether it changed again since. */
type HeldWork = "none" | "restoring" | "restoring-again";

export type VipEvent = { readonly nowMs: number } & (
  | { readonly t: "hold"; readonly permission: Permission }
  | { readonly t: "silence" }
  /** The end of "configure" or "restore". */
  | { readonly t: "configured"; readonly outcome: "done" | "restored" | "not-allowed" | "failed" }
  /** The end of "withdraw". */
  | { readonly t: "withdrawn"; readonly outcome: "done" | "failed" }
  /** Something of ours, or its link, changed in the kernel. */
  | { readonly t: "kernel-changed" }
  | { readonly t: "tick" }
);

export type VipEffect =
  | { readonly t: "configure" }
  | { readonly t: "restore" }
  | { readonly t: "withdraw" }
  | { readonly t: "announce" }
  | { readonly t: "announce-again" }
  | { readonly t: "stop-announcing" }
  /** Nobody is answered for the VIP here. */
  | { readonly t: "silenced" }
  | { readonly t: "transition"; readonly from: VipState["t"]; readonly to: VipState["t"]; readonly reason: string };

export type VipStep = readonly [VipState, readonly VipEffect[]];

/** Between two tries at what the kernel refused. */
export const RETRY_MS = 500;

export function stepVip(state: VipState, event: VipEvent): VipStep {
  switch (event.t) {
    case "hold":
      return onHold(state, event.permission);
    case "silence":
      return onSilence(state);
    case "configured":
      return onConfigured(state, event.outcome, event.nowMs);
    case "withdrawn":
      return onWithdrawn(state, event.outcome, event.nowMs);
    case "kernel-changed":
      return onKernelChanged(state);
    case "tick":
      return onTick(state, event.nowMs);
    default:
      return assertNever(event);
  }
}

function onHold(state: VipState, permission: Permission): VipStep {
  switch (state.t) {
    case "absent":
      return enter(state, { t: "configuring", permission }, "the lease is held", [{ t: "configure" }]);
    case "configuring":
    case "held":
    case "failed":
      return [{ ...state, permission }, []];
    case "withdrawing":
      return [{ ...state, next: permission }, []];
    default:
      return assertNever(state);
  }
}

function onSilence(state: VipState): VipStep {
  switch (state.t) {
    case "absent":
      return [state, [{ t: "silenced" }]];
    case "withdrawing":
      return [{ ...state, next: undefined }, []];
    case "configuring":
    case "held":
    case "failed":
      return withdraw(state, undefined, "silence asked for");
    default:
      return assertNever(state);
  }
}

function onConfigured(
  state: VipState,
  outcome: "done" | "restored" | "not-allowed" | "failed",
  nowMs: number,
): VipStep {
  // A withdrawal that began meanwhile is carried out after this change, one at a time.
  if (state.t === "configuring") {
    if (outcome === "done" || outcome === "restored") {
      const held: VipState = { t: "held", permission: state.permission, work: "none" };
      return enter(state, held, "address added", [{ t: "announce" }]);
    }
    if (outcome === "not-allowed") return withdraw(state, undefined, "the deadline passed while configuring");
    return fail(state, state.permission, nowMs);
  }
  if (state.t !== "held") return [state, []];
  if (outcome === "not-allowed") return withdraw(state, undefined, "the deadline passed while restoring");
  if (outcome === "failed") return fail(state, state.permission, nowMs);
  const announce: readonly VipEffect[] = outcome === "restored" ? [{ t: "announce-again" }] : [];
  if (state.work === "restoring-again") return [{ ...state, work: "restoring" }, [...announce, { t: "restore" }]];
  return [{ ...state, work: "none" }, announce];
}

function onWithdrawn(state: VipState, outcome: "done" | "failed", nowMs: number): VipStep {
  if (state.t !== "withdrawing") return [state, []];
  if (outcome === "failed") return [{ ...state, retryAtMs: nowMs + RETRY_MS }, []];
  const silenced: VipEffect = { t: "silenced" };
  if (state.next === undefined) return enter(state, { t: "absent" }, "address taken away", [silenced]);
  const again: VipState = { t: "configuring", permission: state.next };
  return enter(state, again, "the lease is held again", [silenced, { t: "configure" }]);
}

function onKernelChanged(state: VipState): VipStep {
  if (state.t !== "held") return [state, []];
  if (state.work !== "none") return [{ ...state, work: "restoring-again" }, []];
  return [{ ...state, work: "restoring" }, [{ t: "restore" }]];
}

function onTick(state: VipState, nowMs: number): VipStep {
  if (state.t === "failed" && nowMs >= state.retryAtMs) {
    return enter(state, { t: "configuring", permission: state.permission }, "trying again", [{ t: "configure" }]);
  }
  if (state.t === "withdrawing" && state.retryAtMs !== undefined && nowMs >= state.retryAtMs) {
    return [{ ...state, retryAtMs: undefined }, [{ t: "withdraw" }]];
  }
  return [state, []];
}

/** When a tick is wanted. */
export function vipWakeMs(state: VipState): number | undefined {
  return state.t === "failed" || state.t === "withdrawing" ? state.retryAtMs : undefined;
}

function withdraw(state: VipState, next: Permission | undefined, reason: string): VipStep {
  const withdrawing: VipState = { t: "withdrawing", next, retryAtMs: undefined };
  return enter(state, withdrawing, reason, [{ t: "stop-announcing" }, { t: "withdraw" }]);
}

function fail(state: VipState, permission: Permission, nowMs: number): VipStep {
  const failed: VipState = { t: "failed", permission, retryAtMs: nowMs + RETRY_MS };
  return enter(state, failed, "the kernel refused", [{ t: "stop-announcing" }]);
}

function enter(from: VipState, to: VipState, reason: string, effects: readonly VipEffect[]): VipStep {
  if (from.t === to.t) return [to, effects];
  return [to, [{ t: "transition", from: from.t, to: to.t, reason }, ...effects]];
}

function assertNever(value: never): never {
  throw new TypeError(`vip: impossible value ${JSON.stringify(value)}`);
}
