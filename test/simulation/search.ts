/**
 * Runs schedules of mutated sources until one is caught: `node search.ts MUTANT LIMIT` prints the Totals as JSON.
 * A process of its own, since a module is loaded once and for all.
 */
import { loadMutated } from "./load-mutant.ts";
import { MUTANTS } from "./mutants/index.ts";

const [index, limit] = process.argv.slice(2).map(Number);
const mutant = MUTANTS[index ?? -1];
if (mutant === undefined || limit === undefined) throw new RangeError("usage: node search.ts MUTANT LIMIT");
loadMutated(mutant);
const { runSchedules } = await import("../../packages/sidecar/src/testing/simulation/schedules.ts");
process.stdout.write(JSON.stringify(await runSchedules(mutant.world ?? "lease", 1, limit, true)));
