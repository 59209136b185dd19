/** The demo inside its sandbox: cast, story and table, and the exit status that follows. */
import { signalStatus } from "../bed/sandbox.ts";
import { type ApiKind, Cast } from "./cast.ts";
import { LiveScreen } from "./live-screen.ts";
import { outcomeOf } from "./outcome.ts";
import { perform } from "./perform.ts";
import { PlainScreen } from "./plain-screen.ts";
import type { Screen } from "./screen.ts";
import { STORY } from "./story.ts";
import { tableLines } from "./table.ts";

/** Resolves with the exit status: 0 if the VIP ended reachable and never had two holders. */
export async function play(api: ApiKind): Promise<number> {
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
