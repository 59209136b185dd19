/** Looks, plans and applies, until the kernel was seen whole: the way to every state, and to none (the sweep). */
import { type Applied, apply } from "./apply.ts";
import type { DesiredState } from "./desired-state.ts";
import type { GateReading } from "./gate.ts";
import type { Permit } from "./hold.ts";
import type { KernelPorts } from "./kernel-ports.ts";
import { observe } from "./observation.ts";
import { type Change, type Finding, plan } from "./plan.ts";

/** An interrupted dump is rare, two in a row more so; five mean that somebody changes routes without end. */
const LOOKS_MAX = 5;

export interface Reconciled {
  readonly applied: Applied;
  /** Why something desired was not built up; "incomplete" only after five looks. */
  readonly findings: readonly Finding[];
  /** What was changed, or tried; empty where the kernel was right already. */
  readonly changes: readonly Change[];
  /** The gate as it was seen last, before the changes. */
  readonly gate: GateReading | undefined;
}

/** @throws RoutingError where the kernel cannot be read; a change that fails is in the result. */
export async function reconcile(ports: KernelPorts, desired: DesiredState, permit: Permit): Promise<Reconciled> {
  const tried: Change[] = [];
  for (let look = 1; ; look += 1) {
    const observed = await observe(ports, desired.gate.target);
    const { changes, findings } = plan(desired, observed);
    const applied = await apply(ports, changes, permit);
    tried.push(...changes);
    const seenWhole = findings.every((finding) => finding.t !== "incomplete");
    if (seenWhole || applied.t !== "done" || look === LOOKS_MAX) {
      return { applied, findings, changes: tried, gate: observed.gate };
    }
  }
}
