/** Copies of one request at several endpoints: the next one starts when the last is late, or failed. Judges nothing. */
import { type Endpoint, HEDGING } from "./endpoints.ts";

export type Judgement =
  /** Nothing that another copy could say is waited for. */
  | "settles"
  /** No other endpoint would say otherwise; but copies still under way may. */
  | "final"
  /** Ask the next endpoint. */
  | "next"
  /** Ask the next endpoint, and this one no more as long as there are others: nobody listens there. */
  | "gone"
  /** Ask the same endpoint over: it closed an idle connection. */
  | "again";

/** What came of a request's copies; those `unanswered` are still under way, and may yet take effect. */
export interface Copies<A> {
  readonly answers: readonly A[];
  readonly unanswered: number;
}

/**
 * Settles when one answer does, or when all copies have answered.
 * @param ask must settle by itself, and never reject
 */
export function hedge<A>(
  endpoints: readonly Endpoint[],
  ask: (endpoint: Endpoint) => Promise<A>,
  judge: (answer: A) => Judgement,
  { copies: copiesMax, afterMs } = HEDGING,
): Promise<Copies<A>> {
  const { promise, resolve, reject } = Promise.withResolvers<Copies<A>>();
  let waiting = [...endpoints];
  const answers: A[] = [];
  let copies = 0;
  let timer: NodeJS.Timeout | undefined;

  function launch(): void {
    clearTimeout(timer);
    const endpoint = copies < copiesMax ? waiting.shift() : undefined;
    if (endpoint === undefined) return;
    copies += 1;
    timer = setTimeout(launch, afterMs);
    ask(endpoint).then((answer) => settle(endpoint, answer), reject);
  }

  function settle(endpoint: Endpoint, answer: A): void {
    answers.push(answer);
    const judgement = judge(answer);
    if (judgement === "again") waiting.unshift(endpoint);
    const others = waiting.filter((other) => other !== endpoint);
    // Behind a Service's one address the next copy may meet another replica.
    if (judgement === "gone" && others.length > 0) waiting = others;
    if (judgement === "settles" || judgement === "final") waiting = [];
    else launch();
    if (judgement === "settles" || answers.length === copies) {
      clearTimeout(timer);
      resolve({ answers: [...answers], unanswered: copies - answers.length });
    }
  }

  launch();
  return promise;
}
