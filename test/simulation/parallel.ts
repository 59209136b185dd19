/** Runs schedules on worker threads, chunk by chunk, so that both cores are busy and a failure stops soon. */
import { Worker } from "node:worker_threads";
import {
  addTotals,
  NO_SCHEDULES,
  type Totals,
  type WorldName,
} from "../../packages/sidecar/src/testing/simulation/schedules.ts";

export interface Chunk {
  readonly world: WorldName;
  readonly first: number;
  readonly count: number;
}

export interface ParallelOptions {
  readonly world: WorldName;
  readonly first: number;
  readonly count: number;
  readonly workers: number;
  /** `nextSeed`: all schedules before it are done. */
  readonly onProgress?: (totals: Totals, nextSeed: number) => void;
}

const CHUNK_SCHEDULES = 250;

/** Totals of all chunks; after a violation no new chunk is begun. Every worker has ended when it resolves. */
export async function runInParallel(options: ParallelOptions): Promise<Totals> {
  const { world, first, count } = options;
  const chunks = chunksOf(world, first, count);
  const undone = new Set(chunks);
  let totals = NO_SCHEDULES;
  const add = (chunk: Chunk, part: Totals) => {
    totals = addTotals(totals, part);
    undone.delete(chunk);
    // In the order of their seeds: the first that is not done ends what surely is.
    const [next] = undone;
    options.onProgress?.(totals, next?.first ?? first + count);
    return totals.violations.length === 0;
  };
  await Promise.all(Array.from({ length: options.workers }, () => drain(chunks, add)));
  return totals;
}

function chunksOf(world: WorldName, first: number, count: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at < count; at += CHUNK_SCHEDULES) {
    chunks.push({ world, first: first + at, count: Math.min(CHUNK_SCHEDULES, count - at) });
  }
  return chunks;
}

/** One worker: takes chunks until none is left, or until told to stop. */
async function drain(chunks: Chunk[], add: (chunk: Chunk, part: Totals) => boolean): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  try {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      if (!add(chunk, await ask(worker, chunk))) chunks.length = 0;
    }
  } finally {
    await worker.terminate();
  }
}

function ask(worker: Worker, chunk: Chunk): Promise<Totals> {
  const { promise, resolve, reject } = Promise.withResolvers<Totals>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.postMessage(chunk);
  return promise.finally(() => {
    worker.off("message", resolve);
    worker.off("error", reject);
  });
}
