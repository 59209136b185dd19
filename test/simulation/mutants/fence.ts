/** Rules 6 and 7 taken out: the kernel's deadline, the order of loosening and tightening, and the check after the act. */
import { type Mutant, simulation, test } from "./mutant.ts";

export const FENCE: readonly Mutant[] = [
  {
    name: "rule 6: the gate ends at an absolute time",
    edits: [
      {
        file: "routing/src/hold.ts",
        find: "untilWallMs: Math.floor(wallMs + leftMs)",
        replace: "untilWallMs: Math.floor(wallMs + leftMs) + 7_200_000",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: the gate ends by a monotonic timeout as well",
    edits: [
      {
        file: "routing/src/hold.ts",
        find: "timeoutMs: Math.floor(leftMs)",
        replace: "timeoutMs: 7_200_000",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: the gate's time counts from the send",
    edits: [
      {
        file: "sidecar/src/vip/vip.ts",
        find: "return { deadlineMs, leaseDeadlineMs, transitions };",
        replace: "return { deadlineMs: deadlineMs + 250, leaseDeadlineMs: leaseDeadlineMs + 250, transitions };",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: a refresh deletes and adds, so that what has lapsed stays closed (flush and add instead)",
    edits: [
      {
        file: "routing/src/testing/memory-gate.ts",
        find: "this.#live()?.opening.untilWallMs === from.untilWallMs;",
        replace: "this.#table !== undefined && from !== undefined;",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: a write that took more than 50 ms is written again",
    edits: [{ file: "routing/src/apply.ts", find: "<= WRITE_MAX_MS;", replace: "<= WRITE_MAX_MS + 3_600_000;" }],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: what has lapsed is not opened by a refresh",
    edits: [
      {
        file: "routing/src/apply.ts",
        find: 'if (result === "missing" && step.t === "refresh-gate") return { t: "lapsed" };',
        replace:
          'if (result === "missing" && step.t === "refresh-gate") return loosen(ports, { t: "open-gate", target: step.target }, permit);',
      },
    ],
    caughtBy: test("routing/src/apply.test.ts", "is not opened by a refresh, and the address is not put up"),
  },
  {
    name: "rule 6: the address has a lifetime, for the case that the gate is gone",
    edits: [
      {
        file: "routing/src/apply.ts",
        find: "{ ...change.address, validSeconds: least(validSeconds, change.validSecondsMax) }",
        replace: "change.address",
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: the lifetime takes the kernel's lateness off",
    edits: [{ file: "routing/src/hold.ts", find: "REMOVED_LATE_MS = 1_250", replace: "REMOVED_LATE_MS = 0" }],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: loosening follows a confirmed write",
    edits: [
      {
        file: "sidecar/src/election/turn.ts",
        find: 'this.effects.push({ t: "write", number, purpose, draft, timeoutMs: this.requestTimeoutMs });',
        replace:
          'this.effects.push({ t: "write", number, purpose, draft, timeoutMs: this.requestTimeoutMs });\n    const deadlineMs = this.nowMs + this.holdDurationMs;\n    if (purpose === "take" || purpose === "renew") this.effects.push({ t: "hold", deadlineMs, leaseDeadlineMs: deadlineMs, transitions: 0, adopted: false });',
      },
    ],
    caughtBy: simulation(4_000),
  },
  {
    name: "rule 6: silence is said when the kernel is silent, not before",
    edits: [
      {
        file: "sidecar/src/vip/vip.ts",
        find: 'return withdraw(state, "silence asked for");',
        replace:
          'return [withdraw(state, "silence asked for")[0], [{ t: "silenced" }, { t: "stop-announcing" }, { t: "withdraw" }]];',
      },
    ],
    caughtBy: simulation(16_000),
  },
  {
    name: "rule 6: order up: the gate, then the address",
    edits: [
      {
        file: "routing/src/plan.ts",
        find: 'return [...opening, ...addresses.map((address): Change => ({ t: "put-address", address }))];',
        replace: 'return [...addresses.map((address): Change => ({ t: "put-address", address })), ...opening];',
      },
    ],
    caughtBy: test("routing/src/plan.test.ts", "is taken in two steps where all is prepared: gate, address"),
  },
  {
    name: "rule 6: order up where nothing is prepared: the gate, then the address",
    edits: [
      {
        file: "routing/src/plan.ts",
        find: '    ...gateMaking(desired.gate, observed),\n    ...addresses.map((address): Change => ({ t: "put-address", address })),',
        replace:
          '    ...addresses.map((address): Change => ({ t: "put-address", address })),\n    ...gateMaking(desired.gate, observed),',
      },
    ],
    caughtBy: test("routing/src/plan.test.ts", "order up: routes, rule, gate, address"),
  },
  {
    name: "rule 6: order down: the gate, then sockets and address",
    edits: [
      {
        file: "routing/src/plan.ts",
        find: "return [...mutingOf(desired), ...socketsOf(addresses), ...deletions];",
        replace: "return [...socketsOf(addresses), ...deletions, ...mutingOf(desired)];",
      },
    ],
    caughtBy: test("routing/src/plan.test.ts", "ends in three steps: gate, sockets, address"),
  },
  {
    name: "rule 7: a gate opened past the deadline is closed again",
    edits: [
      {
        file: "routing/src/apply.ts",
        find: 'if (after === undefined) return { t: "not-allowed", failures: await takeBack(ports, change) };',
        replace: 'if (after === undefined) return { t: "done" };',
      },
    ],
    caughtBy: test("routing/src/apply.test.ts", "a gate made open past the deadline is closed at once"),
  },
  {
    name: "rule 7: nothing is loosened past the deadline",
    edits: [
      {
        file: "routing/src/hold.ts",
        find: "if (leftMs < 1) return undefined;",
        replace: "if (leftMs < -3_600_000) return undefined;",
      },
    ],
    caughtBy: test("routing/src/apply.test.ts", "a refresh past the deadline is closed at once"),
  },
];
