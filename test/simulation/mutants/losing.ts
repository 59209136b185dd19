/** Rule 3 taken out: what ends a hold at once. */
import { type Mutant, simulation, test } from "./mutant.ts";

export const LOSING: readonly Mutant[] = [
  {
    name: "rule 3: another holder ends the hold at once",
    edits: [
      {
        file: "sidecar/src/election/claim.ts",
        find: 'if (isForeign(turn, current)) return "other-holder";',
        replace: "",
      },
    ],
    caughtBy: test("sidecar/src/election/claim.test.ts", "another holder: silent at once"),
  },
  {
    name: "rule 3: no Lease ends the hold at once",
    edits: [
      {
        file: "sidecar/src/election/claim.ts",
        find: 'if (current === "missing") return "lease-missing";\n  if (!isRecord(current) || isOlder',
        replace: "if (!isRecord(current) || isOlder",
      },
    ],
    caughtBy: test("sidecar/src/election/claim.test.ts", "no Lease: silent at once"),
  },
  {
    name: "rule 3: another uid ends the hold at once",
    edits: [
      {
        file: "sidecar/src/election/claim.ts",
        find: 'if (current.uid !== claim.record.uid) return "lease-recreated";',
        replace: "",
      },
    ],
    caughtBy: test("sidecar/src/election/claim.test.ts", "another uid: silent at once, even where the Lease names us"),
  },
  {
    name: "rule 3: a look-up without an answer ends the hold after 300 ms",
    edits: [{ file: "sidecar/src/election/holder.ts", find: "nowMs >= lookupUntilMs)", replace: "nowMs < 0)" }],
    caughtBy: test(
      "sidecar/src/election/holder.test.ts",
      "ends the hold when the look-up is not answered within 300 ms",
    ),
  },
  {
    name: "rule 3: past the deadline only the version of the last confirmed write may be built on",
    edits: [
      {
        file: "sidecar/src/election/holder.ts",
        find: "if (isOvertaken(turn, claim)) {",
        replace: "if (isOvertaken(turn, claim) && nowMs < 0) {",
      },
      {
        file: "sidecar/src/election/holder.ts",
        find: "else turn.renew(claim.record, claim.record.leaseTransitions);\n}",
        replace: 'else turn.take("restore", newestVersion(turn, claim), claim.record.leaseTransitions);\n}',
      },
    ],
    caughtBy: simulation(4_000),
  },
];
