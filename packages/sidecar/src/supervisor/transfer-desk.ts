/**
 * Where a wish to move the VIP is heard: looks whether it is here, asks the other replicas how they are, and begins the
 * move to the one that is chosen. Decides nothing that election or health could.
 */
import type { PeerStatus } from "../health/report.ts";
import { type Giver, whyNot } from "../health/successor.ts";
import type { Snapshot } from "../observe/happening.ts";
import { chooseTarget } from "../transfer/choice.ts";
import type { TransferRequest } from "../transfer/line.ts";
import type { TransferOutcome } from "../transfer/outcome.ts";

/** Of a supervisor. */
export interface TransferDesk {
  snapshot(): Pick<Snapshot, "role" | "identity" | "holderIdentity">;
  /** How the other replicas are, asked now. Never rejects. */
  askPeers(timeoutMs: number): Promise<readonly PeerStatus[]>;
  readonly giver: Giver;
  /** Begins the move and says how it ended. `readyPeers` replicas could take the VIP. */
  transfer(to: string, readyPeers: number): Promise<TransferOutcome>;
}

/** A peer that serves says so within a millisecond or two; whoever asks by hand can wait for a slower one. */
const PEERS_WITHIN_MS = 300;

export async function transferAsAsked(desk: TransferDesk, { to: name }: TransferRequest): Promise<TransferOutcome> {
  const { role, identity, holderIdentity } = desk.snapshot();
  if (role !== "holding") {
    const holder = holderIdentity === undefined || holderIdentity === identity ? null : holderIdentity;
    return { t: "elsewhere", holder };
  }
  const peers = await desk.askPeers(PEERS_WITHIN_MS);
  const { giver } = desk;
  const choice = chooseTarget(name, peers, giver);
  if (choice.t === "nobody") return { t: "stayed", reason: choice.reason };
  const ready = peers.filter((peer) => whyNot(peer, giver) === undefined);
  return desk.transfer(choice.identity, ready.length);
}
