/**
 * The names that the host cluster's DNS gives pods (headless Service, pods of the StatefulSet), through the sandbox's
 * own /etc/hosts, which every namespace in it sees. Only inside the sandbox: there the file is a private one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { BedError } from "./bed-error.ts";
import { insideSandbox } from "./sandbox.ts";

const HOSTS = "/etc/hosts";

export class ClusterDns {
  readonly #before: string;
  readonly #names = new Map<string, readonly string[]>();

  constructor() {
    if (!insideSandbox()) throw new BedError("BED_OUTSIDE_SANDBOX", `${HOSTS} is written inside the sandbox only`);
    this.#before = readFileSync(HOSTS, "utf8");
  }

  /** `name` resolves to all `addresses` from now on; to nothing when there is none. */
  set(name: string, addresses: readonly string[]): void {
    this.#names.set(name, addresses);
    const lines = [...this.#names].flatMap(([host, all]) => all.map((address) => `${address} ${host}`));
    // In place: every process has this very file mounted.
    writeFileSync(HOSTS, [this.#before.trimEnd(), ...lines, ""].join("\n"));
  }

  close(): void {
    writeFileSync(HOSTS, this.#before);
  }
}
