/** Rule 9 taken out: what a quorum-accelerated Lease promises, and until when (R1 to R6). */
import { type Mutant, simulation, test } from "./mutant.ts";

export const QUORUM: readonly Mutant[] = [
  {
    name: "R1: the kernel has the earlier deadline before the Lease says mode quorum",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/election/quorum-hold.ts",
        find: 'untilMs, phase: { t: "tightening" } });',
        replace: 'untilMs, phase: { t: "published" } });',
      },
      {
        file: "sidecar/src/election/quorum-hold.ts",
        find: 'turn.effects.push({ t: "tighten", deadlineMs, leaseDeadlineMs, transitions: record.leaseTransitions, term });',
        replace: "turn.tryAgainSoon();",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "R1: the answer to an earlier tightening says nothing of this one",
    edits: [
      {
        file: "sidecar/src/election/quorum-hold.ts",
        find: "|| quorum.term !== term) return;",
        replace: ") return;",
      },
    ],
    caughtBy: test(
      "sidecar/src/election/quorum-hold.test.ts",
      "the answer to the tightening of an earlier use publishes nothing",
    ),
  },
  {
    name: "R2: what has lapsed is not revived by acknowledgements",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/quorum/deadline.ts",
        find: "return nowMs < untilMs ? Math.max(untilMs, nextMs) : untilMs;",
        replace: "return Math.max(untilMs, nextMs);",
      },
      {
        file: "sidecar/src/quorum/heartbeats.ts",
        find: "if (isLapsed(state, nowMs)) return [state, []];",
        replace: "",
      },
      {
        file: "sidecar/src/quorum/holding.ts",
        find: 'if (use === "none" || isLapsed(state.heartbeats, nowMs))',
        replace: 'if (use === "none")',
      },
      {
        file: "sidecar/src/election/holder.ts",
        find: "if (nowMs >= claim.deadlineMs) return suspend(turn, claim, passed(claim, nowMs));\n  const found",
        replace:
          "if (nowMs >= claim.leaseDeadlineMs) return suspend(turn, claim, passed(claim, nowMs));\n  const found",
      },
      { file: "sidecar/src/election/turn.ts", find: "byPromise: this.byPromise,", replace: "byPromise: undefined," },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "R2: only a confirmed write of mode lease, sent after the last of mode quorum, ends the quorum's deadline",
    edits: [
      {
        file: "sidecar/src/election/quorum-hold.ts",
        find: "&& write.order > quorum.phase.afterOrder) turn",
        replace: ") turn",
      },
    ],
    caughtBy: test(
      "sidecar/src/election/quorum-hold.test.ts",
      "a renewal of mode quorum that is confirmed while leaving does not end the quorum's deadline",
    ),
  },
  {
    name: "R3: a restarted promiser grants nothing for the longest promise",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/quorum/promiser.ts",
        find: "return startedAtMs + PROMISE_MAX_MS - nowMs;",
        replace: "return startedAtMs - nowMs;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "R4: the quorum's deadline counts until the Lease is confirmed to say mode lease",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/election/quorum-hold.ts",
        find: "  if (turn.leaveQuorum()) turn.tryAgainSoon();",
        replace:
          '  const { role } = turn.state;\n  if (turn.leaveQuorum()) turn.tryAgainSoon();\n  turn.state.quorum = undefined;\n  if (role.t === "holding") turn.state.role = { ...role, claim: bounded(turn, role.claim) };',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "R4: the mode is left while half of the hold is left",
    edits: [
      {
        file: "sidecar/src/quorum/holding.ts",
        find: "return atMs !== undefined && nowMs >= atMs;",
        replace: "return atMs !== undefined && isLapsed(heartbeats, nowMs);",
      },
    ],
    caughtBy: test(
      "sidecar/src/quorum/member.test.ts",
      "a holder without a majority asks to leave while half of its hold is left, and not before",
    ),
  },
  {
    name: "R5: challengers come one after the other",
    edits: [
      {
        file: "sidecar/src/quorum/challenger.ts",
        find: "others.indexOf(voterOf(identity)) * RANK_STAGGER_MS",
        replace: "others.indexOf(voterOf(identity)) * 0",
      },
    ],
    caughtBy: test("sidecar/src/quorum/challenger.test.ts", "the second in rank lets the first go first for 150 ms"),
  },
  {
    name: "R6: the mode is bound to the holder and the transitions of its record",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/election/mode.ts",
        find: "return mode.holder === record.holderIdentity && mode.transitions === record.leaseTransitions;",
        replace: 'return record.holderIdentity !== "" && mode.holder !== "";',
      },
      {
        file: "sidecar/src/election/mode.ts",
        find: "predecessor.uid === record.uid &&\n    predecessor.resourceVersion === mode.replaced &&\n    predecessor.holderIdentity === record.holderIdentity &&\n    predecessor.leaseTransitions === record.leaseTransitions;",
        replace: "predecessor.uid === record.uid;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "R6: the mode names the version that its record replaced",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/election/mode.ts",
        find: "    predecessor.resourceVersion === mode.replaced &&\n",
        replace: "",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 9: Dq is shorter than Lq, whatever the clock rates",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/quorum/deadline.ts",
        find: "return countedPromiseMs(promisedMs) - HOLD_MARGIN_MS;",
        replace: "return promisedMs * 1.1;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 9: a promise counts from the send of its heartbeat, never from the acknowledgement",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/quorum/heartbeats.ts",
        find: "const grantedMs = sent.atMs + quorumHoldMs",
        replace: "const grantedMs = nowMs + quorumHoldMs",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 9: who has promised helps nobody else",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/quorum/promiser.ts",
        find: "restartedMs(state, nowMs), promisedMs, elsewhereMs",
        replace: "restartedMs(state, nowMs), promisedMs * 0, elsewhereMs",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 9: who has helped promises that term nothing",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/quorum/promiser.ts",
        find: "return isOver ? help.untilMs - nowMs : 0;",
        replace: "return isOver ? 0 : 0;",
      },
    ],
    caughtBy: test(
      "sidecar/src/quorum/promiser.test.ts",
      "who has helped promises that term nothing, nor one before it",
    ),
  },
  {
    name: "rule 9: a majority is one moment's",
    edits: [
      {
        file: "sidecar/src/quorum/challenger.ts",
        find: ".filter((untilMs) => nowMs < untilMs).length",
        replace: ".length",
      },
    ],
    caughtBy: test("sidecar/src/quorum/challenger.test.ts", "help that has run out is no part of a majority"),
  },
  {
    name: "rule 9: what was proven of one term proves nothing of the next",
    world: "quorum",
    edits: [
      {
        file: "sidecar/src/election/candidate.ts",
        find: "sameTerm(target, quorumProof)) {",
        replace: "target.holderIdentity === quorumProof.holderIdentity) {",
      },
    ],
    caughtBy: simulation(4_000),
  },
];
