/** `pnpm sim:mutants`: takes each rule out of the election, and says what noticed it and after how many schedules. */
import { catchMutant } from "./catch-mutant.ts";
import { MUTANTS } from "./mutants.ts";

let survivors = 0;
for (const [index, mutant] of MUTANTS.entries()) {
  const { caught, how } = await catchMutant(index);
  if (!caught) survivors += 1;
  process.stdout.write(`${caught ? "caught  " : "SURVIVED"}  ${mutant.name}\n          ${how}\n`);
}
process.stdout.write(`${MUTANTS.length - survivors} caught, ${survivors} survived\n`);
process.exitCode = survivors === 0 ? 0 : 1;
