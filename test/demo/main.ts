/**
 * `pnpm demo`: three replicas, one address, a story. This file is the process's edge, twice: outside it reads the
 * arguments and makes the sandbox, in which it runs again and plays. Whatever ends it, the kernel clears the sandbox.
 */
import { insideSandbox, runInSandbox, signalStatus } from "../bed/sandbox.ts";
import { ensureTools } from "../bed/tools.ts";
import { HELP, readArguments } from "./arguments.ts";
import { type ApiKind, Cast } from "./cast.ts";
import { LiveScreen, SHOW_CURSOR } from "./live-screen.ts";
import { obstacle } from "./obstacles.ts";
import { outcomeOf } from "./outcome.ts";
import { perform } from "./perform.ts";
import { PlainScreen } from "./plain-screen.ts";
import type { Screen } from "./screen.ts";
import { STORY } from "./story.ts";
import { tableLines } from "./table.ts";

const argv = process.argv.slice(2);
const options = readArguments(argv);
switch (options.t) {
  case "help":
    process.stdout.write(HELP);
    break;
  case "wrong":
    process.stderr.write(`${options.sentence}\n`);
    process.exitCode = 2;
    break;
  case "play":
    // Inside, listeners and observers still run: this process's end is theirs.
    if (insideSandbox()) process.exit(await play(options.api));
    process.exitCode = await enterSandbox(options.api);
}

async function enterSandbox(api: ApiKind): Promise<number> {
  const sentence = obstacle(api);
  if (sentence !== undefined) {
    process.stderr.write(`demo: ${sentence}\n`);
    return 1;
  }
  if (api === "real") await ensureTools();
  const status = await runInSandbox([process.execPath, import.meta.filename, ...argv]);
  // The inside may have been killed with the cursor hidden.
  if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR);
  return status;
}

async function play(api: ApiKind): Promise<number> {
  const screen = openScreen();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      screen.close();
      screen.say("Interrupted; the kernel removes namespaces, processes and files.");
      process.exit(signalStatus(signal));
    });
  }
  try {
    const cast = await Cast.assemble(api, (line) => screen.say(line));
    const acts = await perform(STORY, cast, screen);
    await cast.stopObservers();
    screen.close();
    const outcome = outcomeOf(acts, cast.records, STORY.length);
    for (const line of ["", ...tableLines(outcome)]) screen.say(line);
    // Long, and gone with the sandbox: for whoever keeps standard error.
    if (outcome.failures.length > 0 && !process.stderr.isTTY) process.stderr.write(`${cast.diagnose()}\n`);
    return outcome.failures.length === 0 ? 0 : 1;
  } finally {
    screen.close();
  }
}

function openScreen(): Screen {
  const { stdout } = process;
  return stdout.isTTY ? new LiveScreen(stdout, process.env) : new PlainScreen((text) => void stdout.write(text));
}
