/** `transfer`: moves the VIP from this pod to another, and says how it went. */
import { gatherSettings } from "../adapters/settings.ts";
import { askTransfer } from "../adapters/transfer/ask-transfer.ts";
import { transferSocketPath } from "../adapters/transfer/socket-path.ts";
import { loadConfig } from "../config/load.ts";
import { formatOutcome } from "../transfer/line.ts";
import { describeOutcome, exitStatusOf } from "../transfer/outcome.ts";
import { refuse } from "./sentences.ts";

/** As commander gives them: settings by their names, as texts. */
export interface TransferArguments {
  readonly json?: true;
}

/** The exit status: 0 moved, 1 not moved, 2 nobody could be asked. */
export async function runTransfer(to: string | undefined, { json, ...flags }: TransferArguments): Promise<0 | 1 | 2> {
  const result = loadConfig(gatherSettings(flags));
  if (result.t !== "valid") return refuse(["the settings say no VIP; see vcluster-kube-vip doctor"]);
  const path = transferSocketPath(result.config.vip.address);
  const answer = await askTransfer(path, { to });
  if (answer.t === "silent") {
    return refuse([`the sidecar does not answer at ${path} (${answer.reason}); see vcluster-kube-vip status`]);
  }
  const { outcome } = answer;
  process.stdout.write(json ? formatOutcome(outcome) : `${describeOutcome(outcome)}\n`);
  return exitStatusOf(outcome);
}
