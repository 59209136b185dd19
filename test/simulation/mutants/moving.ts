/** Rule 10 taken out: the budget of voluntary moves. */
import { type Mutant, test } from "./mutant.ts";

export const MOVING: readonly Mutant[] = [
  {
    name: "rule 10: four moves within 180 s",
    edits: [{ file: "sidecar/src/election/moves.ts", find: "length < settings.movesMax", replace: "length < 1_000" }],
    caughtBy: test(
      "sidecar/src/election/moves.test.ts",
      "four within 180 s, then refused until the first is 180 s old",
    ),
  },
  {
    name: "rule 10: never to nobody",
    edits: [{ file: "sidecar/src/election/yielding.ts", find: "if (readyPeers < 1)", replace: "if (readyPeers < 0)" }],
    caughtBy: test("sidecar/src/election/moves.test.ts", "never to nobody"),
  },
];
