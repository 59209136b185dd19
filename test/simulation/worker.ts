/** A worker thread: runs the chunks of seeds that it is given, one after the other, and answers with their totals. */
import { parentPort } from "node:worker_threads";
import { runSchedules } from "../../packages/sidecar/src/testing/simulation/schedules.ts";
import type { Chunk } from "./parallel.ts";

parentPort?.on("message", async ({ world, first, count }: Chunk) => {
  parentPort?.postMessage(await runSchedules(world, first, count));
});
