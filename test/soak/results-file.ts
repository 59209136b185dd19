/**
 * What a soak has seen, as lines of JSON in a file: the run's head first, then an outcome a line as it comes, so that a
 * run that was broken off goes on where it was.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./outcome.ts";
import type { TimersName } from "./timers.ts";

export interface Head {
  readonly seed: number;
  readonly timers: TimersName;
  /** The day it was begun, and the machine. */
  readonly where: string;
}

export class ResultsFile {
  readonly head: Head;
  readonly outcomes: Outcome[];
  readonly #path: string | undefined;

  private constructor(path: string | undefined, head: Head, outcomes: Outcome[]) {
    this.#path = path;
    this.head = head;
    this.outcomes = outcomes;
  }

  /** Goes on with what is there; without a path nothing is kept. @throws TypeError if it is of another draw. */
  static open(path: string | undefined, head: Head): ResultsFile {
    if (path === undefined || !existsSync(path)) {
      if (path !== undefined) writeFileSync(path, `${JSON.stringify(head)}\n`);
      return new ResultsFile(path, head, []);
    }
    const [first = "{}", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
    const before = JSON.parse(first) as Head;
    if (before.seed !== head.seed || before.timers !== head.timers) {
      throw new TypeError(`${path} is of seed ${before.seed} at ${before.timers}; name another file`);
    }
    return new ResultsFile(
      path,
      before,
      lines.map((line) => JSON.parse(line) as Outcome),
    );
  }

  add(outcome: Outcome): void {
    this.outcomes.push(outcome);
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(outcome)}\n`);
  }

  /** Indices from `first` on that have not run yet; one that failed its bed is tried again, and stays counted. */
  undone(first: number, count: number): readonly number[] {
    const done = new Set(this.outcomes.filter(({ t }) => t === "ran").map(({ index }) => index));
    return Array.from({ length: count }, (_, nth) => first + nth).filter((index) => !done.has(index));
  }
}
