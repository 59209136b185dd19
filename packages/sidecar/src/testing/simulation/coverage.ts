/** Counts the paths that a schedule went, so that a run can show that it went them all. */
import type { Notice } from "../../election/election.ts";
import type { Happening } from "../../observe/happening.ts";

/** Paths that every run of some thousand schedules must have gone. */
export const PATHS = [
  "take by expiry",
  "take by mark",
  "create: written",
  "take: written",
  "take: conflict",
  "take: unknown",
  "renew: written",
  "renew: conflict",
  "renew: unknown",
  "restore: written",
  "resume: written",
  "mark: written",
  "mark: conflict",
  "mark: unknown",
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
  "exact list found",
  "exact list refused",
  "inherited",
  "adopt: written",
  "nothing to adopt: the opening has lapsed",
  "swept",
  "restored",
  "frozen at a call",
  "killed at a call",
  "restarted in its namespace",
  "recreated while the old one lives",
  "clock set back",
  "clock set forward",
  "another hand: address",
  "another hand: ruleset",
  "another hand: set",
  "API server dead",
  "API server hung",
  "API server slow",
  "operator: delete",
  "operator: patch",
  "operator: old copy",
  "client-go took",
  "renewal unseen by client-go",
  "compacted",
] as const;

export type Path = (typeof PATHS)[number];

const SILENCES = [
  "deadline-passed",
  "lookup-unanswered",
  "lease-missing",
  "lease-vacant",
  "lease-recreated",
  "other-holder",
];

export class Coverage {
  readonly counts = new Map<string, number>();

  count(path: string): void {
    this.counts.set(path, (this.counts.get(path) ?? 0) + 1);
  }

  happening(happening: Happening): void {
    switch (happening.t) {
      case "transition":
        return this.#transition(happening);
      case "notice":
        return this.#notice(happening.notice);
      case "lease-write":
        return this.count(`${happening.purpose}: ${happening.result}`);
      case "trouble":
        return this.count(`trouble: ${happening.code}`);
      case "swept":
      case "restored":
        return this.count(happening.t);
      default:
        return;
    }
  }

  #transition({ machine, to, reason }: Extract<Happening, { t: "transition" }>): void {
    if (machine !== "election") return;
    if (to === "taking") return this.count(reason.replace("taking", "take"));
    if (to === "yielding") return this.count("silent: yielding");
    if (SILENCES.includes(reason)) return this.count(`silent: ${reason}`);
    if (reason === "nobody took what was offered") return this.count("offered and not taken");
    if (to === "adopting") return this.count("inherited");
    if (reason.startsWith("nothing to adopt")) return this.count(reason);
  }

  #notice(notice: Notice): void {
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
      default:
        return;
    }
  }
}

/** Adds the counts of many schedules. */
export function addCounts(total: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [path, count] of counts) total.set(path, (total.get(path) ?? 0) + count);
}
