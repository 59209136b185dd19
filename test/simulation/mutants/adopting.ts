/** Rule 8 taken out: what a new life adopts, and what it sweeps. */
import { type Mutant, simulation, test } from "./mutant.ts";

export const ADOPTING: readonly Mutant[] = [
  {
    name: "rule 8: adoption is a compare-and-swap",
    edits: [
      {
        file: "sidecar/src/election/adopting.ts",
        find: "turn.adopt(role.seen);",
        replace:
          '{\n    const deadlineMs = nowMs + turn.holdDurationMs;\n    state.nextTryAtMs = deadlineMs;\n    turn.effects.push({ t: "hold", deadlineMs, transitions: role.seen.leaseTransitions, adopted: true });\n  }',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 8: what is adopted is known by the gate's user data, never by the pod's name",
    edits: [
      {
        file: "sidecar/src/supervisor/inheritance.ts",
        find: 'if (reading.t !== "open") return { t: "none" };',
        replace:
          'if (reading.t !== "open") return { t: "inherited", holderIdentity: "by name", untilMs: nowMs + 60_000 };',
      },
      {
        file: "sidecar/src/election/adopting.ts",
        find: "current.holderIdentity === inherited.holderIdentity ||",
        replace: 'current.holderIdentity.split("_")[0] === turn.state.settings.identity.split("_")[0] ||',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 8: only a live opening is adopted",
    edits: [
      {
        file: "sidecar/src/election/adopting.ts",
        find: "turn.nowMs >= role.inherited.untilMs)",
        replace: "turn.nowMs < 0)",
      },
    ],
    caughtBy: test(
      "sidecar/src/election/adopting.test.ts",
      "when the API stays away until the opening lapses, and not a moment before",
    ),
  },
  {
    name: "rule 8: what the wall clock has closed is not adopted",
    edits: [
      {
        file: "sidecar/src/supervisor/inheritance.ts",
        find: "Math.min(timeoutMs, untilWallMs - wallTimeMs)",
        replace: "timeoutMs + 0 * (untilWallMs - wallTimeMs)",
      },
    ],
    caughtBy: test("sidecar/src/supervisor/inheritance.test.ts", "what the wall clock has closed is not inherited"),
  },
  {
    name: "rule 8: leftovers of an earlier life are swept, whatever their prefix",
    edits: [
      {
        file: "routing/src/plan.ts",
        find: "(seen) => isOwnAddress(seen, owner) && ",
        replace: "(seen) => isOwnAddress(seen, owner) && seen.prefixLength === 32 && ",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 8: what is not adopted is silent before a silence is answered",
    edits: [
      {
        file: "sidecar/src/vip/vip.ts",
        find: 'enter(state, WITHDRAWING, "nothing to adopt", [{ t: "withdraw" }])',
        replace: 'enter(state, { t: "absent" }, "nothing to adopt", [])',
      },
    ],
    caughtBy: test(
      "sidecar/src/supervisor/vip-driver.test.ts",
      "answers for its silence only when what is not adopted is silent, too",
    ),
  },
];
