/** What happened last, for /status: the VIP's moves as this replica saw them, and the last error of each place. */
import type { Happening } from "./happening.ts";

const MOVES_MAX = 16;

export interface Move {
  /** RFC 3339. */
  readonly time: string;
  readonly what: "took" | "silenced" | "holder-changed";
  readonly detail: string;
}

/** Not known to be over. */
export interface OpenTrouble {
  /** RFC 3339: when it was last seen. */
  readonly time: string;
  readonly where: Extract<Happening, { t: "trouble" }>["where"];
  readonly code: string;
  readonly message: string;
}

export class Recent {
  #moves: readonly Move[] = [];
  readonly #troubles = new Map<OpenTrouble["where"], OpenTrouble>();

  /** The newest first. */
  get moves(): readonly Move[] {
    return this.#moves;
  }

  get troubles(): readonly OpenTrouble[] {
    return [...this.#troubles.values()];
  }

  /** @param time RFC 3339, for people. */
  record(happening: Happening, time: string): void {
    switch (happening.t) {
      case "trouble": {
        const { where, code, message } = happening;
        this.#troubles.set(where, { time, where, code, message });
        return;
      }
      case "recovered":
        this.#troubles.delete(happening.where);
        return;
      case "took":
        return this.#remember({ time, what: "took", detail: `transition ${happening.transitions} of the Lease` });
      case "silenced":
        return this.#remember({ time, what: "silenced", detail: `within ${happening.tookMs.toFixed(1)} ms` });
      case "holder-changed": {
        const detail = `${happening.from ?? "nobody"} -> ${happening.to ?? "nobody"}`;
        return this.#remember({ time, what: "holder-changed", detail });
      }
      default:
        return;
    }
  }

  #remember(move: Move): void {
    this.#moves = [move, ...this.#moves].slice(0, MOVES_MAX);
  }
}
