/**
 * The VIP in the kernel, over routing's Kernel port: prepared while another replica holds it, so that taking it is one
 * request, and giving it up is one too. One change at a time.
 */
import {
  type Address,
  type Applied,
  apply,
  type Change,
  type Failure,
  type Finding,
  heldState,
  type Kernel,
  nothing,
  type Owner,
  observe,
  type Placement,
  plan,
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
  /** The link on which routes and rule are in place, and nothing stands in the address's way. */
  #preparedOn: number | undefined;

  constructor(kernel: Kernel, owner: Owner) {
    this.#kernel = kernel;
    this.#owner = owner;
  }

  /** Everything but the address, and away with what is not wanted: an address on another link, routes of another table. */
  prepare(placement: Placement): Promise<Configured> {
    return this.#inTurn(async () => {
      const { changes, findings } = plan(heldState(placement), await observe(this.#kernel));
      const wanted = changes.filter((change) => change.t !== "put-address");
      const configured = outcomeOf(await apply(this.#kernel, wanted, () => false), findings, wanted);
      this.#preparedOn = configured.t === "done" ? placement.linkIndex : undefined;
      return configured;
    });
  }

  /** Something may have changed: what was prepared is looked at again before it is relied on. */
  doubt(): void {
    this.#preparedOn = undefined;
  }

  /**
   * Rule 6's order up: routes and rule, unless they are prepared, then the address. `stillAllowed` is asked around the
   * address (rule 7).
   */
  configure(placement: Placement, stillAllowed: StillAllowed): Promise<Configured> {
    return this.#inTurn(async () => {
      if (!stillAllowed()) return { t: "not-allowed" };
      const desired = heldState(placement);
      if (this.#preparedOn === placement.linkIndex) {
        // Relied on once: the next look is a real one.
        this.#preparedOn = undefined;
        const changes = desired.addresses.map((address): Change => ({ t: "put-address", address }));
        return outcomeOf(await apply(this.#kernel, changes, stillAllowed), [], changes);
      }
      const { applied, findings, changes } = await reconcile(this.#kernel, desired, stillAllowed);
      return outcomeOf(applied, findings, changes);
    });
  }

  /** Silence: the address goes. Routes and rule may stay; with the link's last IPv4 address the kernel drops the routes. */
  withdraw(placement: Placement): Promise<Configured> {
    return this.#inTurn(async () => {
      this.#preparedOn = undefined;
      const changes = heldState(placement).addresses.map(deletion);
      return outcomeOf(await apply(this.#kernel, changes, () => true), [], changes);
    });
  }

  /** Whatever carries our protocol number goes: before a start and after a stop. */
  sweep(): Promise<Configured> {
    return this.#inTurn(async () => {
      this.#preparedOn = undefined;
      const { applied, findings, changes } = await reconcile(this.#kernel, nothing(this.#owner), () => false);
      return outcomeOf(applied, findings, changes);
    });
  }

  async #inTurn(work: () => Promise<Configured>): Promise<Configured> {
    const turn = this.#last
      .then(work)
      .catch((error: unknown): Configured => ({ t: "failed", reason: sentence(error) }));
    this.#last = turn;
    return turn;
  }
}

function deletion(address: Address): Change {
  return { t: "delete-address", address };
}

function outcomeOf(applied: Applied, findings: readonly Finding[], changes: readonly Change[]): Configured {
  if (applied.t === "not-allowed") return { t: "not-allowed" };
  if (applied.t === "failed") return { t: "failed", reason: applied.failures.map(describeFailure).join("; ") };
  if (findings.length > 0) return { t: "failed", reason: findings.map(describeFinding).join("; ") };
  return { t: "done", changes: changes.map(describeChange) };
}

function describeFailure({ change, cause }: Failure): string {
  return cause === "missing" ? `${describeChange(change)}: what it builds on is missing` : sentence(cause);
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
