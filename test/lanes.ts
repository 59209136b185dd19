/**
 * In which order a suite's files run, and how many beside each other. Each file has a sandbox of its own, so files share
 * nothing but the cores; most of what they do is waiting for deadlines. What measures milliseconds runs alone.
 */

/** How many files of a suite run beside each other, where two cores are there. */
export const LANES = { kernel: 3, cluster: 2 } as const;

/**
 * They judge milliseconds, or each connection out of thousands, or send 10,000 frames a second: a neighbour that boots three
 * API servers would be seen.
 */
const ALONE: readonly string[] = [
  "test/kernel/nft-gate-speed.test.ts",
  "test/kernel/rtnetlink-speed.test.ts",
  "test/kernel/strangers.test.ts",
  "test/cluster/takeover.test.ts",
  "test/cluster/adoption.test.ts",
  "test/cluster/health.test.ts",
  "test/cluster/pod-deleted.test.ts",
  "test/cluster/quorum.test.ts",
  "test/cluster/faults/stranger.test.ts",
];

/** Begun first, since the suite ends no sooner than the last of them. */
const LONGEST: readonly string[] = [
  "test/kernel/demo.test.ts",
  "test/kernel/kernel-deadline.test.ts",
  "test/kernel/fence-levels.test.ts",
  "test/cluster/api-ways.test.ts",
  "test/cluster/operator.test.ts",
  "test/cluster/faults/freeze.test.ts",
  "test/cluster/bare.test.ts",
];

export interface Rounds {
  /** One after another, while nothing else runs. */
  readonly alone: readonly string[];
  /** Longest first. */
  readonly beside: readonly string[];
}

export function roundsOf(files: readonly string[]): Rounds {
  const rest = files.filter((file) => !ALONE.includes(file) && !LONGEST.includes(file));
  return {
    alone: ALONE.filter((file) => files.includes(file)),
    beside: [...LONGEST.filter((file) => files.includes(file)), ...rest.toSorted()],
  };
}

/** Runs `job` once per file, at most `lanes` at once, and gives what came of them in the order of the files. */
export async function inLanes<T>(
  files: readonly string[],
  lanes: number,
  job: (file: string) => Promise<T>,
): Promise<readonly T[]> {
  const results = new Map<string, T>();
  const waiting = [...files];
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) results.set(file, await job(file));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return files.flatMap((file) => results.get(file) ?? []);
}
