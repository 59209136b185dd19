/** `status`: what the sidecar of this pod says of itself, once or again and again. The table is status/'s. */
import { setTimeout } from "node:timers/promises";
import { gatherSettings } from "../adapters/settings.ts";
import { askSidecar } from "../adapters/sidecar-page.ts";
import type { Voice } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { statusText } from "../observe/status.ts";
import { formatStatus } from "../status/table.ts";

/** As commander gives them: settings by their names, as texts. */
export interface StatusArguments {
  readonly json?: true;
  readonly watch?: true;
}

const WATCH_MS = 1_000;
/** ECMA-48: cursor home, erase what is below. */
const CLEAR_SCREEN = "\u001b[H\u001b[J";

/** The exit status: 0 the sidecar answered, 1 it did not. With --watch only a signal, or who reads, ends it. */
export async function runStatus({ json, watch, ...flags }: StatusArguments): Promise<0 | 1> {
  const result = loadConfig(gatherSettings(flags));
  const voice = result.t === "valid" ? result.config : result.voice;
  if (!watch) return say(voice, json ? statusText : formatStatus);
  // Whoever reads has seen enough (status --watch | head).
  process.stdout.once("error", () => process.exit(0));
  for (;;) {
    if (!json) process.stdout.write(process.stdout.isTTY ? CLEAR_SCREEN : "\n");
    await say(voice, json ? (status) => `${JSON.stringify(JSON.parse(statusText(status)))}\n` : formatStatus);
    await setTimeout(WATCH_MS);
  }
}

async function say(voice: Voice, format: typeof formatStatus): Promise<0 | 1> {
  const answer = await askSidecar(voice);
  if (answer.t === "answered") {
    process.stdout.write(format(answer.status));
    return 0;
  }
  const advice = "see the container's log, or vcluster-kube-vip doctor";
  process.stderr.write(`nobody answers at ${answer.where} (${answer.reason}): the sidecar does not run; ${advice}\n`);
  return 1;
}
