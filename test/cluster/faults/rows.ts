/** A part of the fault matrix as a table: one bed for all of its rows, one test for each, all observers always on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../../packages/sidecar/src/testing/simulation/random.ts";
import type { Fault } from "../../bed/faults/fault.ts";
import { FaultBed } from "../../bed/faults/fault-bed.ts";
import { type FaultRun, runFault } from "../../bed/faults/run-fault.ts";
import { violationsIn } from "../../bed/faults/violations.ts";
import { measured } from "../../bed/measured.ts";

/** Bounds of a row: medians over its runs, in ms; what is left out is measured and not bounded. */
export interface Row {
  readonly fault: Fault;
  /** Default 1. */
  readonly times?: number;
  /** How long the fault stays; default: the least that it is for. */
  readonly lastsMs?: number;
  /** The longest time in which nobody answered. */
  readonly silentMs?: number;
  /** The longest time from a failed connection of the worker to the next served one. */
  readonly unservedMs?: number;
  /** From the heal to the worker's next served connection. */
  readonly servedAfterHealMs?: number;
  /** The most moves to another pod in one run. */
  readonly moves?: number;
}

/** Defines the tests. Two of ours answering, frames of a standby and residue are 0 in every run of every row. */
export function faultRows(rows: readonly Row[]): void {
  let bed: FaultBed;

  beforeAll(async () => {
    bed = await FaultBed.start();
  });

  afterAll(() => bed.close());

  test.each(rows.map((row) => ({ ...row, name: `${row.fault.name}: ${bounds(row)}` })))("$name", async (row) => {
    const random = new Random(rows.findIndex(({ fault }) => fault === row.fault) + 1);
    const runs: FaultRun[] = [];
    for (let time = 0; time < (row.times ?? 1); time += 1) {
      const lastsMs = row.lastsMs ?? row.fault.lastsMs[0];
      const run = await runFault(bed, row.fault, { random: () => random.next(), lastsMs });
      expect(violationsIn(run.seen)).toEqual([]);
      runs.push(run);
    }
    check(row, runs);
  });
}

function check({ fault, ...row }: Row, runs: readonly FaultRun[]): void {
  const middle = (what: string, value: (run: FaultRun) => number) =>
    measured(`${fault.name}: ${what}`, runs.map(value));
  const silentMs = middle("nobody answered", ({ seen }) => seen.longestNoneMs);
  const unservedMs = middle("worker not served", ({ seen }) => seen.connectGapMs);
  const servedAfterHealMs = middle("heal to served", (run) => run.servedAfterHealMs);
  if (row.silentMs !== undefined) expect(silentMs).toBeLessThanOrEqual(row.silentMs);
  if (row.unservedMs !== undefined) expect(unservedMs).toBeLessThanOrEqual(row.unservedMs);
  if (row.servedAfterHealMs !== undefined) expect(servedAfterHealMs).toBeLessThanOrEqual(row.servedAfterHealMs);
  for (const { seen } of runs) expect(seen.moves).toBeLessThanOrEqual(row.moves ?? Number.POSITIVE_INFINITY);
}

function bounds({ silentMs, unservedMs, servedAfterHealMs, moves }: Row): string {
  const said = [
    "never two",
    ...(silentMs === undefined ? [] : [`silent at most ${silentMs} ms`]),
    ...(unservedMs === undefined ? [] : [`unserved at most ${unservedMs} ms`]),
    ...(servedAfterHealMs === undefined ? [] : [`served ${servedAfterHealMs} ms after the heal`]),
    ...(moves === undefined ? [] : [`at most ${moves} moves`]),
  ];
  return said.join(", ");
}
