/**
 * `vcluster-kube-vip transfer` as an operator runs it in a pod; or only what it says to the sidecar, without the start
 * of a program, which takes a good part of a core for as long as a move does.
 */
import { askTransfer } from "../../packages/sidecar/src/adapters/transfer/ask-transfer.ts";
import { transferSocketPath } from "../../packages/sidecar/src/adapters/transfer/socket-path.ts";
import type { TransferOutcome } from "../../packages/sidecar/src/transfer/outcome.ts";
import type { CommandResult } from "./command.ts";
import type { Pod } from "./pod.ts";
import { PAGE } from "./segment.ts";
import { environment, type SidecarOptions, shippedProgram } from "./sidecar-process.ts";

/** Equivalent to: kubectl exec POD -c vcluster-kube-vip -- vcluster-kube-vip transfer ARGUMENTS */
export function runTransfer(
  pod: Pod,
  options: Pick<SidecarOptions, "kubeconfig" | "env">,
  ...words: readonly string[]
): Promise<CommandResult> {
  const argv = [process.execPath, shippedProgram(), "transfer", ...words];
  return pod.namespace.attempt(argv, { env: environment(pod, options) });
}

/** As the command asks. @throws TypeError where nobody answers */
export async function requestTransfer(pod: Pod, to?: string): Promise<TransferOutcome> {
  const answer = await askTransfer(transferSocketPath(PAGE.vip, pod.namespace.path), { to });
  if (answer.t === "silent") throw new TypeError(`${pod.name}: ${answer.reason}`);
  return answer.outcome;
}
