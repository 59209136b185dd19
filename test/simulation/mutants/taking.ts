/** Rule 2 taken out: by which proofs the Lease is taken, and who restores it. */
import { type Mutant, simulation, test } from "./mutant.ts";

export const TAKING: readonly Mutant[] = [
  {
    name: "rule 2a: a version must stand for L",
    edits: [
      {
        file: "sidecar/src/election/candidate.ts",
        find: "fromMs: sinceMs + countedDurationMs(state.lease, state.settings.leaseDurationMs, nowMs)",
        replace: "fromMs: sinceMs + countedDurationMs(state.lease, state.settings.leaseDurationMs, nowMs) * 0.9",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2a: L is the longest of the own setting and the record's",
    edits: [
      {
        file: "sidecar/src/election/observation.ts",
        find: "Math.max(ownMs, ...said)",
        replace: "(isRecord(known.current) ? recordDurationMs(known.current) : ownMs)",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2a: what the record said in the last 60 s counts",
    edits: [
      {
        file: "sidecar/src/election/observation.ts",
        find: "nowMs - p.untilMs < DURATION_MEMORY_MS).map",
        replace: "false).map",
      },
    ],
    caughtBy: test(
      "sidecar/src/election/candidate.test.ts",
      "a length of the last 60 s counts though the record was shortened",
    ),
  },
  {
    name: "rule 2a: nobody waits longer than 60 s",
    edits: [{ file: "sidecar/src/election/observation.ts", find: "LEASE_DURATION_MAX_MS);", replace: "3_600_000);" }],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2a: a Lease is created vacant",
    edits: [
      {
        file: "sidecar/src/election/drafts.ts",
        find: 'holderIdentity: "",\n    leaseDurationSeconds',
        replace: "holderIdentity: context.settings.identity,\n    leaseDurationSeconds",
      },
      {
        file: "sidecar/src/election/step.ts",
        find: 'if (write.purpose === "create") state.nextTryAtMs = nowMs;\n      else confirm',
        replace: "confirm",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2b: a mark counts only with the record before it",
    edits: [
      {
        file: "sidecar/src/election/mark.ts",
        find: "if (mark === undefined || predecessor === undefined) return false;",
        replace: "if (mark === undefined) return false;\n  if (predecessor === undefined) return true;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2b: a new list breaks the watch's proof",
    edits: [
      {
        file: "sidecar/src/election/observation.ts",
        find: "return { ...next, predecessor: undefined, watchTail: record };",
        replace:
          "return { ...next, predecessor: isRecord(known.current) ? known.current : undefined, watchTail: record };",
      },
    ],
    caughtBy: test("sidecar/src/election/mark.test.ts", "a new list in between breaks the proof"),
  },
  {
    name: "rule 2b: the mark names the version that it replaced",
    edits: [
      { file: "sidecar/src/election/mark.ts", find: "predecessor.resourceVersion === mark.replaced &&", replace: "" },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2b: a process too young to have watched needs the exact list",
    edits: [
      {
        file: "sidecar/src/election/candidate.ts",
        find: "if (!provesMark(current, predecessor)) return expiry;",
        replace: "if (!provesMark(current, predecessor) && state.lease.versionsSeen !== 1) return expiry;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2b: a mark for another is reserved for 500 ms",
    edits: [{ file: "sidecar/src/election/candidate.ts", find: "(reserved ? MARK_RESERVED_MS : 0)", replace: "0" }],
    caughtBy: test("sidecar/src/election/mark.test.ts", "handed to another it is everybody's after 500 ms"),
  },
  {
    name: "rule 2: only before the own deadline is the Lease put back",
    edits: [
      {
        file: "sidecar/src/election/holder.ts",
        find: "if (nowMs < claim.deadlineMs) return restore(turn, claim);",
        replace: "if (nowMs < Number.POSITIVE_INFINITY) return restore(turn, claim);",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2: the segment is asked before the first take",
    edits: [
      {
        file: "sidecar/src/election/candidate.ts",
        find: "if (state.hasTaken) return take",
        replace: "if (nowMs > 0) return take",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2: a foreign name is left for L",
    edits: [
      { file: "sidecar/src/election/holder.ts", find: "  turn.voidWrites();\n", replace: "" },
      { file: "sidecar/src/election/holder.ts", find: "  turn.state.pending = [];\n", replace: "" },
    ],
    caughtBy: test(
      "sidecar/src/election/holder.test.ts",
      "a foreign name is left for L, even if an old copy with an unanswered number of ours comes back",
    ),
  },
  {
    name: "rule 2b: the successor makes a compare-and-swap of its own",
    edits: [
      {
        file: "sidecar/src/election/candidate.ts",
        find: 'const number = turn.take("take", current, 0);',
        replace:
          'const number = turn.take("take", current, 0);\n  const deadlineMs = turn.nowMs + turn.holdDurationMs;\n  if (by === "mark") turn.effects.push({ t: "hold", deadlineMs, leaseDeadlineMs: deadlineMs, transitions: 0, adopted: false });',
      },
    ],
    caughtBy: simulation(4_000),
  },
];
