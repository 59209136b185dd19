/** The VIP in the kernel: configure, withdraw and sweep, one after the other, over routing's reconcile and its Kernel port. */
import {
  type Change,
  type Finding,
  heldState,
  type Kernel,
  nothing,
  type Owner,
  type Placement,
  type Reconciled,
  reconcile,
  type StillAllowed,
} from "@vcluster-kube-vip/routing";

export type Configured =
  /** `changes` is empty where everything was there already. */
  | { readonly t: "done"; readonly changes: readonly string[] }
  | { readonly t: "not-allowed" }
  | { readonly t: "failed"; readonly reason: string };

export class VipKernel {
  readonly #kernel: Kernel;
  readonly #owner: Owner;
  /** Kernel changes of ours happen one at a time: a withdrawal waits for the configuration that it undoes. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(kernel: Kernel, owner: Owner) {
    this.#kernel = kernel;
    this.#owner = owner;
  }

  /** Rule 6's order up: routes, rule, address. `stillAllowed` is asked around the address (rule 7). */
  configure(placement: Placement, stillAllowed: StillAllowed): Promise<Configured> {
    return this.#inTurn(async () => {
      if (!stillAllowed()) return { t: "not-allowed" };
      return outcomeOf(await reconcile(this.#kernel, heldState(placement), stillAllowed));
    });
  }

  /** The order down: address, rule, routes. Also the sweep: whatever carries our protocol number goes. */
  withdraw(): Promise<Configured> {
    return this.#inTurn(async () => outcomeOf(await reconcile(this.#kernel, nothing(this.#owner), () => true)));
  }

  async #inTurn(work: () => Promise<Configured>): Promise<Configured> {
    const turn = this.#last
      .then(work)
      .catch((error: unknown): Configured => ({ t: "failed", reason: sentence(error) }));
    this.#last = turn;
    return turn;
  }
}

function outcomeOf(reconciled: Reconciled): Configured {
  const { applied, findings, changes } = reconciled;
  if (applied.t === "not-allowed") return { t: "not-allowed" };
  if (applied.t === "failed") {
    const reasons = applied.failures.map(({ change, cause }) =>
      cause === "missing" ? `${describeChange(change)}: what it builds on is missing` : sentence(cause),
    );
    return { t: "failed", reason: reasons.join("; ") };
  }
  if (findings.length > 0) return { t: "failed", reason: findings.map(describeFinding).join("; ") };
  return { t: "done", changes: changes.map(describeChange) };
}

function describeFinding(finding: Finding): string {
  switch (finding.t) {
    case "incomplete":
      return `the kernel's ${finding.dump} changed each time while they were read; trying again`;
    case "foreign-address":
      return `${finding.address.address} is on this host already and was not put there by us; remove it, or choose another VIP`;
    case "foreign-route":
      return `table ${finding.route.table} has somebody else's route where ours would be; choose another routing table`;
  }
}

function describeChange(change: Change): string {
  switch (change.t) {
    case "delete-address":
    case "put-address":
      return `${change.t} ${change.address.address}/${change.address.prefixLength}`;
    case "add-rule":
    case "delete-rule":
      return `${change.t} from ${change.rule.source ?? "all"} lookup ${change.rule.table}`;
    case "put-route":
    case "delete-route":
      return `${change.t} ${change.route.destination ?? "default"} table ${change.route.table}`;
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
