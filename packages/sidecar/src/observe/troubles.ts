/** What is wrong now, for /status: the last error of each place, until it is known to work again. */
import type { Happening } from "./happening.ts";

/** Not known to be over. */
export interface OpenTrouble {
  /** RFC 3339: when it was last seen. */
  readonly time: string;
  readonly where: Extract<Happening, { t: "trouble" }>["where"];
  readonly code: string;
  readonly message: string;
}

export class Troubles {
  readonly #open = new Map<OpenTrouble["where"], OpenTrouble>();

  get list(): readonly OpenTrouble[] {
    return [...this.#open.values()];
  }

  /** @param time RFC 3339, for people. */
  record(happening: Happening, time: string): void {
    if (happening.t === "recovered") this.#open.delete(happening.where);
    if (happening.t !== "trouble") return;
    const { where, code, message } = happening;
    this.#open.set(where, { time, where, code, message });
  }
}
