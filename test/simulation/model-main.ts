/**
 * `pnpm model`: searches docs/model/quorum.pml with all rules, which must find nothing, and without each, which must find
 * two open gates. Prints the counter-examples; the exit status is 1 if either is otherwise.
 */
import { LATE, type Model, type Search, search, spinObstacle, WHOLE, WITHOUT } from "./model.ts";

async function main(): Promise<number> {
  const obstacle = spinObstacle();
  if (obstacle !== undefined) {
    print(obstacle);
    return 1;
  }
  let wrong = 0;
  for (const model of [WHOLE, LATE]) {
    const found = await search(model, false);
    if (found.counterExample.length > 0) wrong += 1;
    report(found.counterExample.length === 0 ? "holds   " : "BROKEN  ", model, found);
  }
  for (const model of WITHOUT) {
    const found = await search(model, true);
    if (found.counterExample.length === 0) wrong += 1;
    report(found.counterExample.length === 0 ? "SURVIVED" : "caught  ", model, found);
  }
  return wrong === 0 ? 0 : 1;
}

function report(
  verdict: string,
  { name, defines }: Model,
  { counterExample, states, seconds, megabytes }: Search,
): void {
  print(`${verdict}  ${name} (${defines.join(" ")}): ${states} states, ${seconds} s, ${megabytes.toFixed(0)} MB`);
  for (const line of counterExample) print(`            ${line}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
