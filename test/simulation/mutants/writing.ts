/** Rule 4 taken out: what a write confirms, and what a mark voids. */
import { type Mutant, simulation, test } from "./mutant.ts";

export const WRITING: readonly Mutant[] = [
  {
    name: "rule 4: a lost answer is confirmed by its number only",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
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
        file: "sidecar/src/election/step.ts",
        find: "  confirm(turn, record, write);\n}",
        replace: "  confirm(turn, record, { ...write, sentAtMs: turn.nowMs });\n}",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: sending a mark voids every earlier deadline",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
        find: "this.voidWrites();\n    return number;",
        replace: "return number;",
      },
      {
        file: "sidecar/src/election/yielding.ts",
        find: "leaseDeadlineMs: never, deadlineMs: never }",
        replace: "leaseDeadlineMs: role.claim.leaseDeadlineMs, deadlineMs: role.claim.deadlineMs }",
      },
      { file: "sidecar/src/election/yielding.ts", find: "phase.tries >= MARK_TRIES_MAX", replace: "phase.tries >= 1" },
      {
        file: "sidecar/src/election/yielding.ts",
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
        file: "sidecar/src/election/yielding.ts",
        find: 'turn.enter({ t: "yielding", claim, to, phase: { t: "silencing" } }, reason);',
        replace: 'turn.enter({ t: "yielding", claim, to, phase: { t: "silencing" } }, reason);\n  afterSilenced(turn);',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: nothing opens while a silence is unanswered",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
        find: 'role.t !== "holding" || silencing ||',
        replace: 'role.t !== "holding" ||',
      },
    ],
    caughtBy: test(
      "sidecar/src/election/step.test.ts",
      "every mark comes after a silence that was answered, with no hold in between",
    ),
  },
  {
    name: "rule 4: a number found by a read never lets the sender of a mark resume",
    edits: [
      { file: "sidecar/src/election/yielding.ts", find: "|| !role.phase.certain) return;", replace: ") return;" },
      {
        file: "sidecar/src/election/yielding.ts",
        find: "if (turn.nowMs >= renewal.sentAtMs + turn.holdDurationMs) return;",
        replace: "",
      },
      {
        file: "sidecar/src/election/yielding.ts",
        find: "turn.state.role = { ...role, phase: { ...role.phase, base: record } };",
        replace:
          'turn.enter({ t: "suspended", claim: { ...role.claim, record }, reason: "mark-not-sent" }, "own number");',
      },
    ],
    caughtBy: test(
      "sidecar/src/election/yielding.test.ts",
      "an old copy with the number of a renewal gives no right to resume",
    ),
  },
  {
    name: "rule 4: a mark that may have been applied is not moved to another version",
    edits: [
      { file: "sidecar/src/election/yielding.ts", find: "|| !role.phase.certain) return;", replace: ") return;" },
      {
        file: "sidecar/src/election/yielding.ts",
        find: "if (turn.nowMs >= renewal.sentAtMs + turn.holdDurationMs) return;",
        replace: "",
      },
    ],
    caughtBy: test(
      "sidecar/src/election/yielding.test.ts",
      "is not rebased on a number once it may have been applied itself",
    ),
  },
  {
    name: "rule 4: a number is one life's: no other's write has it",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of a source
        find: "const number = `${settings.identity}/${lastNumber}`;",
        replace: "const number = String(lastNumber);",
      },
      {
        file: "sidecar/src/election/turn.ts",
        find: "if (record.holderIdentity !== this.state.settings.identity) return false;",
        replace: "",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 4: each write has a fresh number",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of a source
        find: "const number = `${settings.identity}/${lastNumber}`;",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of a source
        replace: "const number = `${settings.identity}/${lastNumber % 3}`;",
      },
    ],
    caughtBy: simulation(4_000),
  },
];
