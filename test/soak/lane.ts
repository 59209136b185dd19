/**
 * A lane's process, twice: outside it makes a sandbox, in which it runs again with a bed of its own. Reads indices from
 * standard input, one a line, and writes an outcome for each; "ready" comes first. Ends with its input, or after a fault
 * that left the bed unusable. Started by lane-process.ts.
 */
import { createInterface } from "node:readline";
import { FAULTS } from "../bed/faults/catalogue.ts";
import { FaultBed } from "../bed/faults/fault-bed.ts";
import { insideSandbox, runInSandbox } from "../bed/sandbox.ts";
import { drawAt } from "./draw.ts";
import type { LaneOrder } from "./lane-process.ts";
import { runDraw } from "./run-draw.ts";
import { TIMERS } from "./timers.ts";

/**
 * Beds share the cores: observers at half the pace of the matrix still see what lasts 3 ms. When a starved holder hears
 * of a hand on the Lease is the matrix's to bound; nobody else may take it before its hold has ended.
 */
const PACE = { connectPeriodMs: 10, samplePeriodMs: 3, heardWithinMs: 3_000 } as const;

const [order = ""] = process.argv.slice(2);
if (insideSandbox()) {
  await inside(JSON.parse(order) as LaneOrder);
  // Sidecars and observers still run: this process's end is theirs.
  process.exit();
} else {
  process.exitCode = await runInSandbox([process.execPath, import.meta.filename, order]);
}

async function inside({ seed, timers: name }: LaneOrder): Promise<void> {
  const timers = TIMERS[name];
  const faults = Object.values(FAULTS).flat();
  const bed = await FaultBed.start({ env: timers.env, ...PACE });
  await tell("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const index = Number(line);
    const outcome = await runDraw(bed, index, drawAt(seed, index, faults, timers));
    await tell(outcome);
    if (outcome.t === "troubled") return;
  }
}

/** Resolves when the line has left: the process may end at once after it. */
function tell(value: unknown): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(value)}\n`, () => resolve()));
}
