/**
 * `pnpm sim:mutants [WORD …]`: takes each rule out of the source (those whose names have all the words), and says what
 * noticed it and after how many schedules. A survivor fails the command.
 */
import { availableParallelism } from "node:os";
import { catchMutants } from "./catch-mutants.ts";
import { MUTANTS } from "./mutants/index.ts";

const words = process.argv.slice(2);
const chosen = [...MUTANTS.keys()].filter((index) => words.every((word) => MUTANTS[index]?.name.includes(word)));
const startedAtMs = performance.now();
let survivors = 0;
await catchMutants(chosen, availableParallelism(), (index, { caught, how }) => {
  if (!caught) survivors += 1;
  process.stdout.write(`${caught ? "caught  " : "SURVIVED"}  ${MUTANTS[index]?.name}\n          ${how}\n`);
});
const seconds = (performance.now() - startedAtMs) / 1000;
process.stdout.write(`${chosen.length - survivors} caught, ${survivors} survived, in ${seconds.toFixed(0)} s\n`);
process.exitCode = survivors === 0 && chosen.length > 0 ? 0 : 1;
