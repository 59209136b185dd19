/**
 * `pnpm demo`: three replicas, one address, a story. This file is the process's edge, twice: outside it reads the
 * arguments and makes the sandbox, in which it runs again and plays (play.ts, loaded there only). Whatever
 * ends it, the kernel clears the sandbox.
 */
import { insideSandbox, runInSandbox } from "../bed/sandbox.ts";
import { ensureTools } from "../bed/tools.ts";
import { HELP, readArguments } from "./arguments.ts";
import type { ApiKind } from "./cast.ts";
import { SHOW_CURSOR } from "./live-screen.ts";
import { obstacle } from "./obstacles.ts";

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
    if (insideSandbox()) {
      const { play } = await import("./play.ts");
      process.exit(await play(options.api));
    }
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
