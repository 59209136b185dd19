/** Rules of moving taken out: make before break (DESIGN 4.3), and the budget of voluntary moves (rule 10). */
import { type Mutant, simulation, test } from "./mutant.ts";

export const MOVING: readonly Mutant[] = [
  {
    name: "move: the gate is really closed before the mark is sent (a mute that is forgotten)",
    edits: [
      {
        file: "sidecar/src/vip/kernel.ts",
        find: "const muted = outcomeOf(await apply(this.#ports, changes, NO_PERMIT), [], changes);",
        replace: "const muted = outcomeOf(await apply(this.#ports, [], NO_PERMIT), [], changes);",
      },
      {
        file: "sidecar/src/vip/kernel.ts",
        find: 'if (seen.t !== "closed") return',
        replace: 'if (seen.t === "foreign") return',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "move: muted is said when the gate is closed, not before",
    edits: [
      {
        file: "sidecar/src/vip/vip.ts",
        find: '[{ t: "stop-announcing" }, { t: "mute" }]);',
        replace: '[{ t: "silenced" }, { t: "stop-announcing" }, { t: "mute" }]);',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "move: who resumes makes a compare-and-swap of its own",
    edits: [
      {
        file: "sidecar/src/election/yielding.ts",
        find: 'turn.enter({ t: "suspended", claim: role.claim, reason: "yielding" }, "nobody took what was offered");',
        replace:
          'const deadlineMs = nowMs + turn.holdDurationMs;\n    turn.enter({ t: "holding", claim: { ...role.claim, deadlineMs }, lookupUntilMs: undefined }, "nobody took it");',
      },
    ],
    caughtBy: test(
      "sidecar/src/election/yielding.test.ts",
      "who resumes opens afresh, by a confirmed write of its own and not before",
    ),
  },
  {
    name: "move: a gate that another hand has taken away does not mute",
    edits: [
      {
        file: "sidecar/src/vip/kernel.ts",
        find: 'if (seen.t !== "closed") return',
        replace: 'if (seen.t === "open") return',
      },
    ],
    caughtBy: test(
      "sidecar/src/supervisor/vip-driver.test.ts",
      "is not muted by a gate that another hand has taken away: then its address goes, and it is silent after that",
    ),
  },
  {
    name: "move: a muted VIP whose kernel changes is silenced",
    edits: [
      {
        file: "sidecar/src/vip/vip.ts",
        find: 'if (state.t === "muted") return withdraw',
        replace: "if (state.t !== state.t) return withdraw",
      },
    ],
    caughtBy: test(
      "sidecar/src/vip/vip.test.ts",
      "is withdrawn at once when the kernel changes while it is muted: without its gate it would be answered for",
    ),
  },
  {
    name: "move: the address is kept until the successor's own write",
    edits: [
      {
        file: "sidecar/src/election/yielding.ts",
        find: 'turn.mute("yielding");',
        replace: 'turn.silence("yielding");',
      },
    ],
    caughtBy: test(
      "sidecar/src/election/yielding.test.ts",
      "silent first, the mark only when nobody is answered here any more",
    ),
  },
  {
    name: "move: the successor is given time to be heard of",
    edits: [
      { file: "sidecar/src/election/yielding.ts", find: "RELIEVED_MAX_MS = 200", replace: "RELIEVED_MAX_MS = 0" },
    ],
    caughtBy: test("sidecar/src/election/yielding.test.ts", "a successor that does not say so is waited for 200 ms"),
  },
  {
    name: "move: what is muted does not stay so",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
        find: "this.nowMs >= mutedSinceMs + MUTED_MAX_MS)",
        replace: "this.nowMs < 0)",
      },
    ],
    caughtBy: test(
      "sidecar/src/election/yielding.test.ts",
      "whatever goes wrong, nothing stays muted for more than 2 s",
    ),
  },
  {
    name: "move: connections end before their address goes",
    edits: [
      {
        file: "routing/src/plan.ts",
        find: "return [...mutingOf(desired), ...socketsOf(addresses), ...deletions];",
        replace: "return [...mutingOf(desired), ...deletions, ...socketsOf(addresses)];",
      },
    ],
    caughtBy: test("routing/src/plan.test.ts", "ends in three steps: gate, sockets, address"),
  },
  {
    name: "rule 10: four moves within 180 s",
    edits: [{ file: "sidecar/src/election/moves.ts", find: "length < settings.movesMax", replace: "length < 1_000" }],
    caughtBy: test(
      "sidecar/src/election/moves.test.ts",
      "four within 180 s, then refused until the first is 180 s old",
    ),
  },
  {
    name: "rule 10: a confirmation that comes late is no reason for one more move",
    edits: [
      {
        file: "sidecar/src/election/holder.ts",
        find: 'role.t !== "holding" && state.eligible.t === "no" && mayMove(state.movesAtMs, state.settings, nowMs)',
        replace: 'role.t !== "holding" && state.eligible.t === "no"',
      },
    ],
    caughtBy: test(
      "sidecar/src/election/moves.test.ts",
      "who is not fit takes up again what it was suspended from, while it is used up: to yield it is a move too",
    ),
  },
  {
    name: "rule 10: never to nobody",
    edits: [{ file: "sidecar/src/election/yielding.ts", find: "if (readyPeers < 1)", replace: "if (readyPeers < 0)" }],
    caughtBy: test("sidecar/src/election/moves.test.ts", "never to nobody"),
  },
];
