/**
 * The VIP on this replica: `stepVip(state, event) -> [state, effects]`. Turns what the election allows (hold until a
 * deadline, silence) into one kernel change at a time, and keeps the kernel true while the VIP is held. Pure; the
 * objects themselves are routing's matter (desired-state.ts), the frames announce's.
 */

/** Until when, by the own monotonic clock, and as which term the VIP may be answered here. */
export interface Permission {
  readonly deadlineMs: number;
  /** Where the Lease alone ends the hold: never before deadlineMs. The address, which counts whole seconds, goes by it. */
  readonly leaseDeadlineMs: number;
  readonly transitions: number;
}

export function permissionOf({ deadlineMs, leaseDeadlineMs, transitions }: Permission): Permission {
  return { deadlineMs, leaseDeadlineMs, transitions };
}

export type VipState =
  /** Nothing of ours is in the kernel, or it is prepared: the gate is closed and there is no address. */
  | { readonly t: "absent" }
  /** The kernel is heard for the VIP on behalf of an earlier life (rule 8): touched by nobody until that is settled. */
  | { readonly t: "inherited" }
  /** Routes, rule, gate and address are being made; or, `adopting`, what an earlier life left is being refreshed. */
  | {
      readonly t: "configuring";
      readonly permission: Permission;
      readonly adopting: boolean;
      readonly renewed: boolean;
    }
  | { readonly t: "held"; readonly permission: Permission; readonly work: HeldWork }
  /** The gate is being closed before a planned move; what was begun under the permission may end. */
  | { readonly t: "muting"; readonly permission: Permission }
  /** Nobody is answered anew, and those who are here already are served: the gate is closed and the address kept. */
  | { readonly t: "muted" }
  /** The gate has closed under a hold that goes on: silent by the kernel until the next confirmed write opens it. */
  | { readonly t: "lapsed" }
  /** The gate is closed, connections ended and the address taken away. `next` is what was allowed again meanwhile. */
  | { readonly t: "withdrawing"; readonly next: Permission | undefined; readonly retryAtMs: number | undefined }
  /** The kernel refused; tried again at retryAtMs while the permission lasts. */
  | { readonly t: "failed"; readonly permission: Permission; readonly retryAtMs: number };

/** Whether the kernel is being put right, and whether it changed again since. */
type HeldWork = "none" | "restoring" | "restoring-again";

/** How a change of the kernel ended. "lapsed": it keeps silent until the next confirmed hold. */
type Outcome = "done" | "lapsed" | "not-allowed" | "failed";

export type VipEvent = {
  readonly nowMs: number;
} /** A write was confirmed: the VIP may be answered until then. `adopted`: as an earlier life left it, unchanged. */ & (
  | { readonly t: "hold"; readonly permission: Permission; readonly adopted: boolean }
  /** Promises of peers moved the deadline, or tighten it: what is open stays so until then, and what is not stays shut. */
  | { readonly t: "bound"; readonly permission: Permission }
  /** Silence, but for those who are connected; and: silence. Each is answered by "silenced". */
  | { readonly t: "mute" }
  | { readonly t: "silence" }
  /** An earlier life's opening is live; and: it is swept away, there is nothing to adopt. */
  | { readonly t: "inherit" }
  | { readonly t: "disinherit" }
  /** The end of "mute". */
  | { readonly t: "muted"; readonly outcome: "done" | "failed" }
  /** The end of "configure". */
  | { readonly t: "configured"; readonly outcome: Outcome }
  /** The end of "restore"; "changed": something was missing. */
  | { readonly t: "restored"; readonly outcome: Outcome | "changed" }
  /** The end of "refresh". */
  | { readonly t: "refreshed"; readonly outcome: Outcome }
  /** The end of "withdraw". */
  | { readonly t: "withdrawn"; readonly outcome: "done" | "failed" }
  /** Something of ours, or its link, changed in the kernel. */
  | { readonly t: "kernel-changed" }
  | { readonly t: "tick" }
);

export type VipEffect =
  | { readonly t: "configure" }
  | { readonly t: "restore" }
  /** Gate and address for as long as is allowed now: two requests to the kernel. */
  | { readonly t: "refresh" }
  /** The gate alone, for as long as is allowed now: one request. */
  | { readonly t: "refresh-gate" }
  | { readonly t: "mute" }
  | { readonly t: "withdraw" }
  | { readonly t: "announce" }
  | { readonly t: "announce-again" }
  /** Frames go on until the new deadline. */
  | { readonly t: "extend-announcing" }
  /** Frames go on as an earlier life would have sent them: no burst, for nothing has moved. */
  | { readonly t: "resume-announcing" }
  | { readonly t: "stop-announcing" }
  /** Nobody is answered for the VIP here. */
  | { readonly t: "silenced" }
  | { readonly t: "transition"; readonly from: VipState["t"]; readonly to: VipState["t"]; readonly reason: string };

export type VipStep = readonly [VipState, readonly VipEffect[]];

const WITHDRAWING: VipState = { t: "withdrawing", next: undefined, retryAtMs: undefined };
/** Between two tries at what the kernel refused. */
export const RETRY_MS = 500;

export function stepVip(state: VipState, event: VipEvent): VipStep {
  switch (event.t) {
    case "hold":
      return onHold(state, event);
    case "bound":
      return onBound(state, event.permission);
    case "mute":
      return onMute(state);
    case "muted":
      return onMuted(state, event.outcome);
    case "silence":
      return onSilence(state);
    case "inherit":
      return state.t === "absent"
        ? enter(state, { t: "inherited" }, "an earlier life is still heard", [])
        : [state, []];
    case "disinherit":
      // The kernel may be heard for longer than what was read of it says: a wall clock set back ends nothing.
      return state.t === "inherited" ? enter(state, WITHDRAWING, "nothing to adopt", [{ t: "withdraw" }]) : [state, []];
    case "configured":
      return onConfigured(state, event.outcome, event.nowMs);
    case "restored":
      return onRestored(state, event.outcome, event.nowMs);
    case "refreshed":
      return onRefreshed(state, event.outcome, event.nowMs);
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

function onHold(state: VipState, { permission, adopted }: Extract<VipEvent, { t: "hold" }>): VipStep {
  switch (state.t) {
    case "absent":
      return configure(state, permission, "the lease is held");
    case "inherited": {
      if (!adopted) return configure(state, permission, "the lease is held");
      const adopting: VipState = { t: "configuring", permission, adopting: true, renewed: false };
      return enter(state, adopting, "the lease is held on", [{ t: "refresh" }]);
    }
    case "lapsed":
      return configure(state, permission, "a renewal was confirmed after the gate had closed");
    case "muting":
    case "muted":
      return configure(state, permission, "nobody took what was offered");
    case "configuring":
      return [{ ...state, permission, renewed: true }, []];
    case "held":
      return [{ ...state, permission }, [{ t: "refresh" }]];
    case "failed":
      return [{ ...state, permission }, []];
    case "withdrawing":
      return [{ ...state, next: permission }, []];
    default:
      return assertNever(state);
  }
}

/** Nothing was confirmed: it opens nothing. */
function onBound(state: VipState, permission: Permission): VipStep {
  switch (state.t) {
    case "held":
      return [{ ...state, permission }, [{ t: "refresh-gate" }]];
    case "configuring":
      return [{ ...state, permission, renewed: true }, []];
    case "failed":
      return [{ ...state, permission }, []];
    case "withdrawing":
      return state.next === undefined ? [state, []] : [{ ...state, next: permission }, []];
    default:
      return [state, []];
  }
}

/** Only what is held has connections worth keeping. */
function onMute(state: VipState): VipStep {
  switch (state.t) {
    case "held": {
      const { permission } = state;
      return enter(state, { t: "muting", permission }, "to be moved", [{ t: "stop-announcing" }, { t: "mute" }]);
    }
    case "muting":
      return [state, []];
    case "muted":
      return [state, [{ t: "silenced" }]];
    default:
      return onSilence(state);
  }
}

function onMuted(state: VipState, outcome: "done" | "failed"): VipStep {
  if (state.t !== "muting") return [state, []];
  if (outcome === "failed") return withdraw(state, "the gate could not be closed by itself");
  return enter(state, { t: "muted" }, "gate closed", [{ t: "silenced" }]);
}

function onSilence(state: VipState): VipStep {
  switch (state.t) {
    case "absent":
      return [state, [{ t: "silenced" }]];
    case "withdrawing":
      return [{ ...state, next: undefined }, []];
    case "inherited":
    case "configuring":
    case "held":
    case "muting":
    case "muted":
    case "lapsed":
    case "failed":
      return withdraw(state, "silence asked for");
    default:
      return assertNever(state);
  }
}

/** A withdrawal that began meanwhile is carried out after this change, one at a time. */
function onConfigured(state: VipState, outcome: Outcome, nowMs: number): VipStep {
  if (state.t !== "configuring" || state.adopting) return [state, []];
  if (outcome !== "done") return failedTo(state, outcome, nowMs, "configuring");
  return hold(state, "address added", { t: "announce" });
}

function onRefreshed(state: VipState, outcome: Outcome, nowMs: number): VipStep {
  const isAdoption = state.t === "configuring" && state.adopting;
  if (state.t !== "held" && !isAdoption) return [state, []];
  if (outcome !== "done") return failedTo(state, outcome, nowMs, "renewing");
  return state.t === "held"
    ? [state, [{ t: "extend-announcing" }]]
    : hold(state, "adopted", { t: "resume-announcing" });
}

function onRestored(state: VipState, outcome: Outcome | "changed", nowMs: number): VipStep {
  if (state.t !== "held") return [state, []];
  if (outcome !== "done" && outcome !== "changed") return failedTo(state, outcome, nowMs, "restoring");
  const announce: readonly VipEffect[] = outcome === "changed" ? [{ t: "announce-again" }] : [];
  if (state.work === "restoring-again") return [{ ...state, work: "restoring" }, [...announce, { t: "restore" }]];
  return [{ ...state, work: "none" }, announce];
}

function onWithdrawn(state: VipState, outcome: "done" | "failed", nowMs: number): VipStep {
  if (state.t !== "withdrawing") return [state, []];
  if (outcome === "failed") return [{ ...state, retryAtMs: nowMs + RETRY_MS }, []];
  const silenced: VipEffect = { t: "silenced" };
  if (state.next === undefined) return enter(state, { t: "absent" }, "address taken away", [silenced]);
  const [next, effects] = configure(state, state.next, "the lease is held again");
  return [next, [silenced, ...effects]];
}

function onKernelChanged(state: VipState): VipStep {
  // Without the gate the address would be answered for again, and another may hold by now.
  if (state.t === "muted") return withdraw(state, "the kernel changed while muted");
  if (state.t !== "held") return [state, []];
  if (state.work !== "none") return [{ ...state, work: "restoring-again" }, []];
  return [{ ...state, work: "restoring" }, [{ t: "restore" }]];
}

function onTick(state: VipState, nowMs: number): VipStep {
  if (state.t === "failed" && nowMs >= state.retryAtMs) return configure(state, state.permission, "trying again");
  if (state.t === "withdrawing" && state.retryAtMs !== undefined && nowMs >= state.retryAtMs) {
    return [{ ...state, retryAtMs: undefined }, [{ t: "withdraw" }]];
  }
  return [state, []];
}

/** When a tick is wanted. */
export function vipWakeMs(state: VipState): number | undefined {
  return state.t === "failed" || state.t === "withdrawing" ? state.retryAtMs : undefined;
}

function configure(from: VipState, permission: Permission, reason: string): VipStep {
  const configuring: VipState = { t: "configuring", permission, adopting: false, renewed: false };
  return enter(from, configuring, reason, [{ t: "configure" }]);
}

function hold(from: Extract<VipState, { t: "configuring" }>, reason: string, told: VipEffect): VipStep {
  const { permission, renewed } = from;
  const held: VipState = { t: "held", permission, work: "none" };
  // A renewal that was confirmed meanwhile is in the kernel only if its write came first.
  return enter(from, held, reason, renewed ? [told, { t: "refresh" }] : [told]);
}

function failedTo(
  state: Extract<VipState, { readonly permission: Permission }>,
  outcome: Exclude<Outcome, "done">,
  nowMs: number,
  doing: string,
): VipStep {
  switch (outcome) {
    case "lapsed":
      return enter(state, { t: "lapsed" }, `what the kernel was given has run out while ${doing}`, [
        { t: "stop-announcing" },
      ]);
    case "not-allowed":
      return withdraw(state, `the deadline passed while ${doing}`);
    case "failed": {
      const failed: VipState = { t: "failed", permission: state.permission, retryAtMs: nowMs + RETRY_MS };
      return enter(state, failed, "the kernel refused", [{ t: "stop-announcing" }]);
    }
    default:
      return assertNever(outcome);
  }
}

function withdraw(state: VipState, reason: string): VipStep {
  return enter(state, WITHDRAWING, reason, [{ t: "stop-announcing" }, { t: "withdraw" }]);
}

function enter(from: VipState, to: VipState, reason: string, effects: readonly VipEffect[]): VipStep {
  if (from.t === to.t) return [to, effects];
  return [to, [{ t: "transition", from: from.t, to: to.t, reason }, ...effects]];
}

function assertNever(value: never): never {
  throw new TypeError(`vip: impossible value ${JSON.stringify(value)}`);
}
