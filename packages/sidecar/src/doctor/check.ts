/** A check: what it looks at, and what it says about it. Looking waits for others, judging is pure. */
import { ok, unknown, type Verdict } from "./finding.ts";

export interface Check<Looks> {
  /** As the report shows it: a few letters, stable. */
  readonly name: string;
  /** Never empty. Rejects where a look failed: then nothing is known. */
  examine(looks: Looks): Promise<readonly Verdict[]>;
}

/** Why there is nothing to judge. */
export interface NotLookedAt {
  readonly t: "not-looked-at";
  readonly verdict: Verdict;
}

/** What would be looked at is not there, and another check says so. */
export function notLookedAt(why: string): NotLookedAt {
  return { t: "not-looked-at", verdict: unknown(`not looked at: ${why}`) };
}

/** It cannot be wrong here. */
export function notNeeded(why: string): NotLookedAt {
  return { t: "not-looked-at", verdict: ok(why) };
}

export interface CheckParts<Looks, Facts> {
  readonly name: string;
  look(looks: Looks): Promise<Facts | NotLookedAt>;
  /** Pure. Empty is not a verdict: what is well is said, too. */
  judge(facts: Facts): readonly Verdict[];
}

export function check<Looks, Facts extends object>({ name, look, judge }: CheckParts<Looks, Facts>): Check<Looks> {
  return {
    name,
    examine: async (looks) => {
      const facts = await look(looks);
      return isNotLookedAt(facts) ? [facts.verdict] : judge(facts);
    },
  };
}

function isNotLookedAt(facts: object): facts is NotLookedAt {
  return "t" in facts && facts.t === "not-looked-at";
}
