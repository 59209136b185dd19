/** Asks the sidecar beside us to transfer, and waits for how it went. */
import { connect } from "node:net";
import { formatRequest, OUTCOME_LENGTH_MAX, parseOutcome, type TransferRequest } from "../../transfer/line.ts";
import type { TransferOutcome } from "../../transfer/outcome.ts";
import { readLine } from "./transfer-listener.ts";

export type TransferAnswer =
  | { readonly t: "answered"; readonly outcome: TransferOutcome }
  | { readonly t: "silent"; readonly reason: string };

/** The sidecar itself answers within 9 s. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Never rejects. */
export async function askTransfer(path: string, request: TransferRequest): Promise<TransferAnswer> {
  let reason = "it gave no answer; perhaps another transfer is being asked for";
  const connection = connect({ path });
  connection.on("error", (error: NodeJS.ErrnoException) => {
    reason = error.code ?? error.message;
  });
  connection.write(formatRequest(request));
  const line = await readLine(connection, { timeoutMs: ANSWER_TIMEOUT_MS, lengthMax: OUTCOME_LENGTH_MAX });
  connection.destroy();
  const outcome = line === undefined ? undefined : parseOutcome(line);
  return outcome === undefined ? { t: "silent", reason } : { t: "answered", outcome };
}
