/**
 * `pnpm bench`: what the program costs and how fast it is, measured on the program that is shipped; `--write` puts
 * the table into docs/benchmarks.md. This file is the process's edge, twice: outside it makes the sandbox, in which it
 * runs again and measures. A missed goal is said in the table and is no failure: what was missed may be the machine.
 */
import { insideSandbox, runInSandbox } from "../test/bed/sandbox.ts";
import { obstacle, programObstacle } from "../test/demo/obstacles.ts";
import { measureAll } from "./measure-all.ts";
import { tableLines, writeTable } from "./results.ts";

const HELP = "usage: pnpm bench [--write]   (about 2 minutes; --write: also into docs/benchmarks.md)\n";

const argv = process.argv.slice(2);
if (argv.some((argument) => argument !== "--write")) {
  process.stderr.write(HELP);
  process.exitCode = argv.includes("--help") ? 0 : 2;
} else if (insideSandbox()) {
  // Sidecars and listeners still run: this process's end is theirs.
  process.exit(await inside());
} else {
  process.exitCode = await outside();
}

async function outside(): Promise<number> {
  const sentence = obstacle("embedded") ?? programObstacle("tcpdump", "tcpdump");
  if (sentence !== undefined) {
    process.stderr.write(`bench: ${sentence}\n`);
    return 1;
  }
  return await runInSandbox([process.execPath, import.meta.filename, ...argv]);
}

async function inside(): Promise<number> {
  const results = await measureAll((line) => process.stderr.write(`bench: ${line}\n`));
  process.stdout.write(`${tableLines(results).join("\n")}\n`);
  if (argv.includes("--write")) writeTable(results);
  return 0;
}
