/** Counts the paths that a schedule went, so that a run can show that it went them all. */
import type { ElectionEffect } from "../../election/election.ts";
import type { Happening } from "./replica.ts";

/** Paths that every run of some thousand schedules must have gone. */
export const PATHS = [
  "take by expiry",
  "take by mark",
  "take sent",
  "restore sent",
  "resume sent",
  "create sent",
  "mark sent",
  "renew sent",
  "take: conflict",
  "take: unknown",
  "renew: conflict",
  "renew: unknown",
  "mark: conflict",
  "mark: unknown",
  "held again by a number in a read",
  "held after an answer",
  "exact list found",
  "exact list refused",
  "silent: deadline-passed",
  "silent: lookup-unanswered",
  "silent: lease-missing",
  "silent: lease-vacant",
  "silent: lease-recreated",
  "silent: other-holder",
  "silent: yielding",
  "offered and not taken",
  "segment answered by a stranger",
  "move refused",
  "moves alarm",
  "counting a vacant lease",
  "another duration",
  "not fit",
  "watch broken",
  "frozen before an effect",
  "restarted in its namespace",
  "client-go took",
  "operator: delete",
  "operator: patch",
  "operator: old copy",
  "compacted",
] as const;

export type Path = (typeof PATHS)[number];

export class Coverage {
  readonly counts = new Map<string, number>();

  count(path: Path | string): void {
    this.counts.set(path, (this.counts.get(path) ?? 0) + 1);
  }

  step(after: Happening, effects: readonly ElectionEffect[]): void {
    if (after.t === "exact-read") this.count(`exact list ${after.result.t === "found" ? "found" : "refused"}`);
    if (after.t === "watch" && after.event.t === "broken") this.count("watch broken");
    if (after.t === "ineligible") this.count("not fit");
    for (const effect of effects) this.#effect(effect, after);
  }

  #effect(effect: ElectionEffect, after: Happening): void {
    switch (effect.t) {
      case "write":
        return this.count(`${effect.purpose} sent`);
      case "hold":
        return this.count(after.t === "read" ? "held again by a number in a read" : "held after an answer");
      case "silence":
        return this.count(`silent: ${effect.reason}`);
      case "transition":
        if (effect.to === "taking") this.count(effect.reason.replace("taking", "take"));
        if (effect.reason === "nobody took what was offered") this.count("offered and not taken");
        return;
      case "notice":
        return this.#notice(effect);
      case "read":
      case "exact-read":
      case "ask-segment":
        return;
    }
  }

  #notice({ notice }: Extract<ElectionEffect, { t: "notice" }>): void {
    switch (notice.t) {
      case "counting-vacant":
        return this.count("counting a vacant lease");
      case "duration-differs":
        return this.count("another duration");
      case "segment-answered":
        return this.count("segment answered by a stranger");
      case "transfer-refused":
        return this.count("move refused");
      case "moves-alarm":
        return this.count("moves alarm");
      case "write-failed":
        return this.count(`${notice.purpose}: ${notice.result}`);
    }
  }
}

/** Adds the counts of many schedules. */
export function addCounts(total: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [path, count] of counts) total.set(path, (total.get(path) ?? 0) + count);
}
