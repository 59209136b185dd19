/**
 * The peers' addresses, looked up again and again: behind a DNS name (the headless Service), or wherever else the lookup
 * finds them. Asks them nothing.
 */
import dns from "node:dns/promises";

/** Rejects where nothing can be said. */
export type Lookup = () => Promise<readonly string[]>;

/** Looks a name up; node:dns's unless a test says otherwise. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const REFRESH_MS = 30_000;
const RETRY_MS = 5000;

export interface PeersOptions {
  readonly lookup: Lookup;
  /** Ours, to leave out. */
  readonly ownAddress: string | undefined;
  readonly onAddresses: (addresses: readonly string[]) => void;
}

/**
 * Tells the addresses as they are found, until close(). A failed lookup keeps the last ones: the name server is often
 * down together with what the peers are needed for. getaddrinfo cannot be cancelled, so the next one starts when the
 * last has ended.
 */
export class Peers {
  readonly #options: PeersOptions;
  #timer: NodeJS.Timeout | undefined;
  #endedAtMs = 0;
  #closed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    void this.#refresh();
  }

  /** A peer gave no answer: its pod may have been replaced. Looks up at the next moment that is 5 s after the last. */
  doubt(): void {
    if (this.#timer !== undefined && !this.#closed) this.#schedule(this.#endedAtMs + RETRY_MS - performance.now());
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #refresh(): Promise<void> {
    this.#timer = undefined;
    const { lookup, ownAddress, onAddresses } = this.#options;
    const found = await lookup().catch(() => undefined);
    if (this.#closed) return;
    if (found !== undefined) onAddresses(found.filter((address) => address !== ownAddress).sort());
    this.#endedAtMs = performance.now();
    this.#schedule(found === undefined ? RETRY_MS : REFRESH_MS);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), Math.max(0, delayMs));
  }
}

/** Every address of the name. */
export async function resolveAll(host: string): Promise<readonly string[]> {
  const found = await dns.lookup(host, { all: true });
  return found.map(({ address }) => address);
}
