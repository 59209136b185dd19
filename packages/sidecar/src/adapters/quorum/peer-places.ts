/** Where the other replicas are: expected by the name server, and told by themselves in what was authentic. */

import type { Voter } from "../../quorum/port.ts";
import type { Session } from "../../quorum/replay.ts";
import { withoutZone } from "./segment-address.ts";

interface Place {
  readonly podAddress: string;
  /** On the segment, without a zone. */
  readonly segment: string | undefined;
}

/** A headless Service of more replicas than that is not ours. */
const EXPECTED_MAX = 8;
/** Who was heard within it needs no greeting; a holder's heartbeats are a tenth of a second apart. */
const SILENT_MS = 3_000;
/** To tell where we are on the segment, which may have changed. */
const GREET_EVERY_MS = 10_000;

export class PeerPlaces {
  readonly #places = new Map<string, Place>();
  readonly #greetedAtMs = new Map<string, number>();
  #expected: readonly string[] = [];
  /** Of packets that are looked at in any case; without zones. */
  #addresses: ReadonlySet<string> = new Set();

  expect(addresses: readonly string[]): void {
    this.#expected = addresses.slice(0, EXPECTED_MAX);
    for (const address of this.#greetedAtMs.keys()) {
      if (!this.#expected.includes(address)) this.#greetedAtMs.delete(address);
    }
    this.#index();
  }

  /** @param known All identities that are to be remembered, this one included. */
  put(identity: string, place: Place, known: readonly string[]): void {
    this.#places.set(identity, place);
    for (const other of this.#places.keys()) if (!known.includes(other)) this.#places.delete(other);
    this.#index();
  }

  of(identity: string): Place | undefined {
    return this.#places.get(identity);
  }

  has(address: string): boolean {
    return this.#addresses.has(withoutZone(address));
  }

  /** The expected addresses that are to be greeted now. */
  toGreet(
    sessions: ReadonlyMap<Voter, Session>,
    nowMs: number,
  ): readonly { readonly address: string; readonly isSilent: boolean }[] {
    const heard = new Set<string>();
    for (const { identity, heardAtMs } of sessions.values()) {
      const address = this.#places.get(identity)?.podAddress;
      if (address !== undefined && nowMs - heardAtMs < SILENT_MS) heard.add(address);
    }
    return this.#expected.flatMap((address) => {
      const isSilent = !heard.has(address);
      const dueAtMs = (this.#greetedAtMs.get(address) ?? Number.NEGATIVE_INFINITY) + GREET_EVERY_MS;
      if (!isSilent && nowMs < dueAtMs) return [];
      this.#greetedAtMs.set(address, nowMs);
      return [{ address, isSilent }];
    });
  }

  #index(): void {
    const told = [...this.#places.values()].flatMap(({ podAddress, segment }) => [podAddress, segment ?? podAddress]);
    this.#addresses = new Set([...this.#expected, ...told].map(withoutZone));
  }
}
