/** What the observers counted, act by act, and what that means for the exit status. No I/O. */
import { type AnswerRun, reportAnswers } from "../bed/arp-answers.ts";
import { type Attempt, reportConnections } from "../bed/connections.ts";

export interface Records {
  readonly arp: readonly AnswerRun[];
  readonly worker: readonly Attempt[];
  readonly client: readonly Attempt[];
}

/** An act that was played: monotonic ms of its beginning and of the next one's. */
export interface Span {
  readonly event: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One row of the table. */
export interface Row {
  readonly event: string;
  readonly tried: number;
  readonly lost: number;
  /** The longer one of worker's and client's. */
  readonly gapMs: number;
  readonly mostHolders: number;
}

export interface Outcome {
  readonly rows: readonly Row[];
  /** Empty: all went well. Each is a sentence, and the exit status is then not 0. */
  readonly failures: readonly string[];
}

/** How much of the end decides whether the VIP ended reachable. */
const END_MS = 1_000;

export function outcomeOf(acts: readonly Span[], records: Records, storyLength: number): Outcome {
  const rows = acts.map((act) => rowOf(act, records));
  const endMs = acts.at(-1)?.toMs ?? 0;
  const failures = [
    ...(acts.length < storyLength ? [`Only ${acts.length} of ${storyLength} acts were played.`] : []),
    ...(["worker", "client"] as const)
      .filter((side) => !isReachable(records[side], endMs))
      .map((side) => `The VIP ended unreachable from the ${side}.`),
    ...twoHolders(acts, records.arp),
  ];
  return { rows, failures };
}

function rowOf({ event, fromMs, toMs }: Span, { arp, worker, client }: Records): Row {
  const sides = [worker, client].map((attempts) => reportConnections(attempts, fromMs, toMs));
  return {
    event,
    tried: sides.reduce((total, { tried }) => total + tried, 0),
    lost: sides.reduce((total, { lost }) => total + lost, 0),
    gapMs: Math.max(...sides.map(({ gapMs }) => gapMs)),
    mostHolders: reportAnswers(arp, fromMs, toMs).mostAtOnce,
  };
}

/** Most of the last second's connections were served: one lost by a busy machine is no lost VIP. */
function isReachable(attempts: readonly Attempt[], endMs: number): boolean {
  const { tried, lost } = reportConnections(attempts, endMs - END_MS, endMs);
  return tried > 0 && lost * 2 < tried;
}

function twoHolders(acts: readonly Span[], arp: readonly AnswerRun[]): readonly string[] {
  return acts.flatMap(({ event, fromMs, toMs }) => {
    const { intervalsOfTwo: twos } = reportAnswers(arp, fromMs, toMs);
    const [first] = twos;
    if (first === undefined) return [];
    const lastedMs = twos.reduce((total, two) => total + two.toMs - two.fromMs, 0);
    return [
      `Two replicas answered for the VIP during "${event}": ${first.macs.join(" and ")}, for ${Math.ceil(lastedMs)} ms.`,
    ];
  });
}
