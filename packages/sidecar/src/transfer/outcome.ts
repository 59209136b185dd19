/**
 * How a transfer that somebody asked for ended: as data, as a sentence and as an exit status. Pure; how far a transfer
 * is, progress.ts knows.
 */

export type TransferOutcome =
  /** `tookMs`: from the question to the new holder's own write, as it was seen here. `acknowledged`: "3/4" neighbours. */
  | { readonly t: "moved"; readonly to: string; readonly tookMs: number; readonly acknowledged: string | null }
  /** Refused, or nobody took what was offered: the holder is as before. */
  | { readonly t: "stayed"; readonly reason: string }
  /** Another replica must be asked; null: nobody holds as far as this one knows. */
  | { readonly t: "elsewhere"; readonly holder: string | null }
  /** It is not known how it ended. */
  | { readonly t: "unsettled"; readonly reason: string };

export function describeOutcome(outcome: TransferOutcome): string {
  switch (outcome.t) {
    case "moved": {
      const { to, tookMs, acknowledged } = outcome;
      const heard =
        acknowledged === null ? "" : `; ${acknowledged.replace("/", " of ")} neighbours have acknowledged it`;
      return `the VIP moved to ${podOf(to)} (${to}) in ${tookMs.toFixed(1)} ms${heard}`;
    }
    case "stayed":
      return `the VIP stays: ${outcome.reason}`;
    case "elsewhere": {
      const { holder } = outcome;
      if (holder === null) return "nothing was moved: nobody holds the VIP as far as this replica knows";
      const pod = podOf(holder);
      return `nothing was moved: ${pod} holds the VIP, and only it can give it away; kubectl exec ${pod} instead`;
    }
    case "unsettled":
      return `it is not known whether the VIP moved: ${outcome.reason}; see vcluster-kube-vip status`;
  }
}

/** 0: the VIP is elsewhere now. */
export function exitStatusOf(outcome: TransferOutcome): 0 | 1 {
  return outcome.t === "moved" ? 0 : 1;
}

/** my-vcluster-2_UID_NONCE: my-vcluster-2. No Pod's name has an underscore. */
export function podOf(identity: string): string {
  const [pod = identity] = identity.split("_", 1);
  return pod;
}
