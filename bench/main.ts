/**
 * `pnpm bench`: what a move of the address costs, beside the tools that people use for it, and what the program costs by
 * itself; HELP has the parts. This file is the process's edge, twice: outside it makes the sandbox, in which it runs
 * again and measures. A missed goal is said in the table and is no failure: what was missed may be the machine.
 */
import { cpus, release, totalmem } from "node:os";
import { V8_FLAGS } from "../packages/sidecar/build.ts";
import { insideSandbox, runInSandbox } from "../test/bed/sandbox.ts";
import { ensureTools } from "../test/bed/tools.ts";
import { monotonicMs } from "../test/bed/wait.ts";
import { obstacle, programObstacle } from "../test/demo/obstacles.ts";
import { type Arguments, HELP, readArguments } from "./arguments.ts";
import { compare } from "./field/compare.ts";
import { TOOLS } from "./field/tools/index.ts";
import { measureGrowth } from "./growth/measure-growth.ts";
import { measureAll } from "./measure-all.ts";
import { pageParts, writePage } from "./page.ts";
import { ResultsFile, type Where } from "./results-file.ts";

const argv = process.argv.slice(2);
const status = await main();
// Inside, tools and observers may still run: this process's end is theirs.
if (insideSandbox()) process.exit(status);
process.exitCode = status;

async function main(): Promise<number> {
  try {
    const args = readArguments(argv);
    if (args !== "help") return insideSandbox() ? await inside(args) : await outside(args);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    say(error instanceof Error ? `${error.message}; see --help` : String(error));
    return 2;
  }
}

async function outside(args: Arguments): Promise<number> {
  const kind = args.parts.includes("field") ? "real" : "embedded";
  const sentence = obstacle(kind) ?? programObstacle("tcpdump", "tcpdump") ?? programObstacle("curl", "curl");
  if (sentence !== undefined) {
    say(sentence);
    return 1;
  }
  if (kind === "real") await ensureTools();
  return await runInSandbox([process.execPath, import.meta.filename, ...argv]);
}

async function inside(args: Arguments): Promise<number> {
  const results = ResultsFile.open(args.json, where());
  const isWhole = !args.parts.includes("field") || (await measureField(args, results));
  if (args.parts.includes("cost") && !results.lines.some(({ t }) => t === "cost"))
    results.add({ t: "cost", ...(await measureAll(say)) });
  if (args.parts.includes("growth")) await measureGrowth(results, say);
  for (const line of Object.values(pageParts(results.lines)).flat()) process.stdout.write(`${line}\n`);
  if (args.write) writePage(results.lines);
  if (!isWhole) say("not everything that was asked for was measured; the same command with --json goes on");
  return isWhole ? 0 : 3;
}

/** True if nothing is missing but tools that are not here. */
function measureField(args: Arguments, results: ResultsFile): Promise<boolean> {
  const untilMs = args.minutes === undefined ? Number.POSITIVE_INFINITY : monotonicMs() + args.minutes * 60_000;
  const tools = args.tools.filter((id) => {
    const sentence = TOOLS[id].obstacle();
    if (sentence !== undefined) say(`${TOOLS[id].name}: ${sentence}`);
    return sentence === undefined;
  });
  return compare(results, { ...args, tools, untilMs, say });
}

function where(): Where {
  const size = `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}, ${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  return {
    t: "where",
    date: new Date().toISOString().slice(0, 10),
    machine: `${size}, Linux ${release()}, Node ${process.version} with ${V8_FLAGS.join(" ")}`,
  };
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
