/** `status`: who holds the VIP and how the replicas are, once or again and again. What is asked is in status/. */
import { setTimeout } from "node:timers/promises";
import { lookAtLease, lookAtReplicas, type StatusLook } from "../status/compose.ts";
import { type Overview, overviewText } from "../status/overview.ts";
import { formatOverview } from "../status/table.ts";

/** As commander gives them: settings by their names, as texts. */
export interface StatusArguments {
  readonly json?: true;
  readonly watch?: true;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

const WATCH_MS = 1_000;
/** ECMA-48: cursor home, erase what is below. */
const CLEAR_SCREEN = "\u001b[H\u001b[J";

/**
 * Ends the process itself, with status 0 if who was asked answered, else 1: a name server that hangs would keep it. With
 * --watch only a signal, or who reads, ends it.
 */
export async function runStatus({ json, watch, ...asked }: StatusArguments): Promise<never> {
  if (!watch) return process.exit(await say(await look(asked), json ? overviewText : formatOverview));
  // Whoever reads has seen enough (status --watch | head).
  process.stdout.once("error", () => process.exit(0));
  for (;;) {
    const looked = await look(asked);
    if (!json) process.stdout.write(process.stdout.isTTY ? CLEAR_SCREEN : "\n");
    await say(looked, json ? (overview) => `${JSON.stringify(overview)}\n` : formatOverview);
    await setTimeout(WATCH_MS);
  }
}

function look({ kubeconfig, context, namespace, ...settings }: StatusArguments): Promise<StatusLook> {
  const flags = { ...settings, ...(namespace !== undefined && { leaseNamespace: namespace }) } as Record<
    string,
    string
  >;
  const isElsewhere = kubeconfig !== undefined || context !== undefined;
  return isElsewhere ? lookAtLease(flags, { kubeconfig, context }) : lookAtReplicas(flags);
}

async function say(looked: StatusLook, format: (overview: Overview) => string): Promise<0 | 1> {
  const [stream, text] =
    looked.t === "failed" ? [process.stderr, `${looked.sentence}\n`] : [process.stdout, format(looked.overview)];
  await new Promise<void>((resolve) => stream.write(text, () => resolve()));
  return looked.t === "looked" && looked.whole ? 0 : 1;
}
