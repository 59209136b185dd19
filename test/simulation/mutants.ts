/**
 * The rules of holding, each taken out of the election's source by an edit of its text. Nothing of this is in the
 * source itself: load-mutant.ts applies an edit while the file is loaded. Every mutant must be caught.
 */

export interface Mutant {
  /** What is missing, in the words of DESIGN section 3. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Seeds of the simulation within which it must be caught; or the test that catches what no schedule can. */
  readonly caughtBy: { readonly t: "simulation"; readonly withinSchedules: number } | DirectedTest;
}

interface Edit {
  /** In packages/sidecar/src/election. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface DirectedTest {
  readonly t: "test";
  /** In packages/sidecar/src/election. */
  readonly file: string;
  /** The test's own name. */
  readonly name: string;
}

const simulation = (withinSchedules: number): Mutant["caughtBy"] => ({ t: "simulation", withinSchedules });
const test = (file: string, name: string): Mutant["caughtBy"] => ({ t: "test", file, name });

export const MUTANTS: readonly Mutant[] = [
  {
    name: "rule 1: the hold counts from the send, never from the response",
    edits: [
      {
        file: "holder.ts",
        find: "deadlineMs: write.sentAtMs + turn.holdDurationMs",
        replace: "deadlineMs: nowMs + turn.holdDurationMs",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 1: the clock-rate error is taken off",
    edits: [
      {
        file: "hold-deadline.ts",
        find: "(countedMs * (1 - CLOCK_RATE_ERROR)) / (1 + CLOCK_RATE_ERROR)",
        replace: "countedMs",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 1: q is taken off where a client-go candidate shares the Lease",
    edits: [
      {
        file: "hold-deadline.ts",
        find: "timing.leaseDurationMs - timing.recordResolutionMs",
        replace: "timing.leaseDurationMs",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 1: renewDeadline does not end the hold",
    edits: [
      {
        file: "holder.ts",
        find: 'if (nowMs >= claim.deadlineMs) return suspend(turn, claim, "deadline-passed");\n  const found',
        replace:
          'if (nowMs >= claim.deadlineMs - turn.holdDurationMs + state.settings.renewDeadlineMs) return suspend(turn, claim, "deadline-passed");\n  const found',
      },
    ],
    caughtBy: test("holder.test.ts", "renewDeadline does not end the hold: it lasts to its own end"),
  },
  {
    name: "rule 2a: a version must stand for L",
    edits: [
      {
        file: "candidate.ts",
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
        file: "observation.ts",
        find: "Math.max(ownMs, ...said)",
        replace: "(isRecord(known.current) ? recordDurationMs(known.current) : ownMs)",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2a: what the record said in the last 60 s counts",
    edits: [{ file: "observation.ts", find: "nowMs - p.untilMs < DURATION_MEMORY_MS).map", replace: "false).map" }],
    caughtBy: test("candidate.test.ts", "a length of the last 60 s counts though the record was shortened"),
  },
  {
    name: "rule 2a: nobody waits longer than 60 s",
    edits: [{ file: "observation.ts", find: "LEASE_DURATION_MAX_MS);", replace: "3_600_000);" }],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2a: a Lease is created vacant",
    edits: [
      {
        file: "drafts.ts",
        find: 'holderIdentity: "",\n    leaseDurationSeconds',
        replace: "holderIdentity: context.settings.identity,\n    leaseDurationSeconds",
      },
      {
        file: "step.ts",
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
        file: "mark.ts",
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
        file: "observation.ts",
        find: "return { ...next, predecessor: undefined, watchTail: record };",
        replace:
          "return { ...next, predecessor: isRecord(known.current) ? known.current : undefined, watchTail: record };",
      },
    ],
    caughtBy: test("mark.test.ts", "a new list in between breaks the proof"),
  },
  {
    name: "rule 2b: the mark names the version that it replaced",
    edits: [{ file: "mark.ts", find: "predecessor.resourceVersion === mark.replaced &&", replace: "" }],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2b: a process too young to have watched needs the exact list",
    edits: [
      {
        file: "candidate.ts",
        find: "if (!provesMark(current, predecessor)) return expiry;",
        replace: "if (!provesMark(current, predecessor) && state.lease.versionsSeen !== 1) return expiry;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2b: a mark for another is reserved for 500 ms",
    edits: [{ file: "candidate.ts", find: "(reserved ? MARK_RESERVED_MS : 0)", replace: "0" }],
    caughtBy: test("mark.test.ts", "handed to another it is everybody's after 500 ms"),
  },
  {
    name: "rule 2: only before the own deadline is the Lease put back",
    edits: [
      {
        file: "holder.ts",
        find: "if (nowMs < claim.deadlineMs) return restore(turn, claim);",
        replace: "if (nowMs < Number.POSITIVE_INFINITY) return restore(turn, claim);",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 2: the segment is asked before the first take",
    edits: [{ file: "candidate.ts", find: "if (state.hasTaken) return take", replace: "if (nowMs > 0) return take" }],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 3: another holder ends the hold at once",
    edits: [{ file: "claim.ts", find: 'if (isForeign(turn, current)) return "other-holder";', replace: "" }],
    caughtBy: test("claim.test.ts", "another holder: silent at once"),
  },
  {
    name: "rule 3: no Lease ends the hold at once",
    edits: [
      {
        file: "claim.ts",
        find: 'if (current === "missing") return "lease-missing";\n  if (!isRecord(current) || isOlder',
        replace: "if (!isRecord(current) || isOlder",
      },
    ],
    caughtBy: test("claim.test.ts", "no Lease: silent at once"),
  },
  {
    name: "rule 3: another uid ends the hold at once",
    edits: [{ file: "claim.ts", find: 'if (current.uid !== claim.record.uid) return "lease-recreated";', replace: "" }],
    caughtBy: test("claim.test.ts", "another uid: silent at once, even where the Lease names us"),
  },
  {
    name: "rule 3: a look-up without an answer ends the hold after 300 ms",
    edits: [{ file: "holder.ts", find: "nowMs >= lookupUntilMs)", replace: "nowMs < 0)" }],
    caughtBy: test("holder.test.ts", "ends the hold when the look-up is not answered within 300 ms"),
  },
  {
    name: "rule 3: past the deadline only the version of the last confirmed write may be built on",
    edits: [
      {
        file: "holder.ts",
        find: "if (isOvertaken(turn, claim)) {",
        replace: "if (isOvertaken(turn, claim) && nowMs < 0) {",
      },
      {
        file: "holder.ts",
        find: "else turn.renew(claim.record, claim.record.leaseTransitions);\n}",
        replace: 'else turn.take("restore", newestVersion(turn, claim), claim.record.leaseTransitions);\n}',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: a lost answer is confirmed by its number only",
    edits: [
      {
        file: "turn.ts",
        find: "write.number === number);",
        replace: "number !== undefined && write.inFlight === false);",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: a number found by a read counts from its send",
    edits: [
      {
        file: "step.ts",
        find: "  confirm(turn, record, write);\n}",
        replace: "  confirm(turn, record, { ...write, sentAtMs: turn.nowMs });\n}",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: sending a mark voids every earlier deadline",
    edits: [
      { file: "turn.ts", find: "this.voidWrites();\n    return number;", replace: "return number;" },
      {
        file: "yielding.ts",
        find: "deadlineMs: Number.NEGATIVE_INFINITY }",
        replace: "deadlineMs: role.claim.deadlineMs }",
      },
      { file: "yielding.ts", find: "phase.tries >= MARK_TRIES_MAX", replace: "phase.tries >= 1" },
      {
        file: "yielding.ts",
        find: 'turn.enter({ t: "suspended", claim: role.claim, reason: "mark-not-sent" }, reason);',
        replace: 'turn.enter({ t: "holding", claim: role.claim, lookupUntilMs: undefined }, reason);',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: the gate is closed before the mark is sent",
    edits: [
      {
        file: "yielding.ts",
        find: 'turn.enter({ t: "yielding", claim, to, phase: { t: "silencing" } }, reason);',
        replace: 'turn.enter({ t: "yielding", claim, to, phase: { t: "silencing" } }, reason);\n  afterSilenced(turn);',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: nothing opens while a silence is unanswered",
    edits: [{ file: "turn.ts", find: 'role.t !== "holding" || silencing ||', replace: 'role.t !== "holding" ||' }],
    caughtBy: test("step.test.ts", "every mark comes after a silence that was answered, with no hold in between"),
  },
  {
    name: "rule 4: a number found by a read never lets the sender of a mark resume",
    edits: [
      { file: "yielding.ts", find: "|| !role.phase.certain) return;", replace: ") return;" },
      { file: "yielding.ts", find: "if (turn.nowMs >= renewal.sentAtMs + turn.holdDurationMs) return;", replace: "" },
      {
        file: "yielding.ts",
        find: "turn.state.role = { ...role, phase: { ...role.phase, base: record } };",
        replace:
          'turn.enter({ t: "suspended", claim: { ...role.claim, record }, reason: "mark-not-sent" }, "own number");',
      },
    ],
    caughtBy: test("yielding.test.ts", "an old copy with the number of a renewal gives no right to resume"),
  },
  {
    name: "rule 4: a mark that may have been applied is not moved to another version",
    edits: [
      { file: "yielding.ts", find: "|| !role.phase.certain) return;", replace: ") return;" },
      { file: "yielding.ts", find: "if (turn.nowMs >= renewal.sentAtMs + turn.holdDurationMs) return;", replace: "" },
    ],
    caughtBy: test("yielding.test.ts", "is not rebased on a number once it may have been applied itself"),
  },
  {
    name: "rule 2: a foreign name is left for L",
    edits: [
      { file: "holder.ts", find: "  turn.voidWrites();\n", replace: "" },
      { file: "holder.ts", find: "  turn.state.pending = [];\n", replace: "" },
    ],
    caughtBy: test(
      "holder.test.ts",
      "a foreign name is left for L, even if an old copy with an unanswered number of ours comes back",
    ),
  },
  {
    name: "rule 10: four moves within 180 s",
    edits: [{ file: "moves.ts", find: "length < settings.movesMax", replace: "length < 1_000" }],
    caughtBy: test("moves.test.ts", "four within 180 s, then refused until the first is 180 s old"),
  },
  {
    name: "rule 10: never to nobody",
    edits: [{ file: "yielding.ts", find: "if (readyPeers < 1)", replace: "if (readyPeers < 0)" }],
    caughtBy: test("moves.test.ts", "never to nobody"),
  },
];
