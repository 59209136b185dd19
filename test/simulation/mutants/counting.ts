/** Rule 1 taken out: how long a holder may keep the VIP, and from when it counts. */
import { type Mutant, simulation, test } from "./mutant.ts";

export const COUNTING: readonly Mutant[] = [
  {
    name: "rule 1: the hold counts from the send, never from the response",
    edits: [
      {
        file: "sidecar/src/election/holder.ts",
        find: "leaseDeadlineMs = write.sentAtMs + turn.holdDurationMs",
        replace: "leaseDeadlineMs = nowMs + turn.holdDurationMs",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 1: the clock-rate error is taken off",
    edits: [
      {
        file: "sidecar/src/election/hold-deadline.ts",
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
        file: "sidecar/src/election/hold-deadline.ts",
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
        file: "sidecar/src/election/holder.ts",
        find: "if (nowMs >= claim.deadlineMs) return suspend(turn, claim, passed(claim, nowMs));\n  const found",
        replace:
          'if (nowMs >= claim.deadlineMs - turn.holdDurationMs + state.settings.renewDeadlineMs) return suspend(turn, claim, "deadline-passed");\n  const found',
      },
    ],
    caughtBy: test(
      "sidecar/src/election/holder.test.ts",
      "renewDeadline does not end the hold: it lasts to its own end",
    ),
  },
];
