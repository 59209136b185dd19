/**
 * The gate of the weakest level, which silences nobody: past the deadline only the process is silent, and the kernel
 * when the address's lifetime has run out. Remembers what a gate would hold, so that its callers need not know.
 */
import type { Gate, GateOutcome, GateReading, GateTarget, Opening } from "./gate.ts";

export class ValidLftGate implements Gate {
  readonly level = "valid-lft";
  readonly #lease: string;
  #installed: { readonly linkIndex: number; readonly opening: Opening | undefined } | undefined;

  constructor(lease: string) {
    this.#lease = lease;
  }

  async read({ linkIndex }: GateTarget): Promise<GateReading> {
    if (this.#installed === undefined) return { t: "absent" };
    if (this.#installed.linkIndex !== linkIndex) return { t: "damaged", what: "the link was made again" };
    const { opening } = this.#installed;
    return opening === undefined ? { t: "closed", lease: this.#lease } : { t: "open", lease: this.#lease, opening };
  }

  async install({ linkIndex }: GateTarget, opening: Opening | undefined): Promise<void> {
    this.#installed = { linkIndex, opening };
  }

  async open({ linkIndex }: GateTarget, opening: Opening): Promise<GateOutcome> {
    if (this.#installed === undefined) return "missing";
    this.#installed = { linkIndex, opening };
    return "done";
  }

  async refresh(target: GateTarget, _from: Opening, to: Opening): Promise<GateOutcome> {
    return this.#installed?.opening === undefined ? "missing" : this.open(target, to);
  }

  async close({ linkIndex }: GateTarget): Promise<GateOutcome> {
    if (this.#installed === undefined) return "missing";
    this.#installed = { linkIndex, opening: undefined };
    return "done";
  }

  async remove(): Promise<GateOutcome> {
    const wasThere = this.#installed !== undefined;
    this.#installed = undefined;
    return wasThere ? "done" : "missing";
  }

  /** There is nothing in the kernel that another hand could change. */
  async subscribe(): Promise<void> {}

  end(): void {}
}
