/** The peers' addresses behind a DNS name (the headless Service), looked up again and again. Asks them nothing. */
import dns from "node:dns/promises";

/** Looks a name up; node:dns's unless a test says otherwise. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const REFRESH_MS = 30_000;
const RETRY_MS = 5000;

export interface PeersOptions {
  readonly host: string;
  /** Ours, to leave out. */
  readonly ownAddress: string | undefined;
  readonly lookup: Lookup | undefined;
  readonly onAddresses: (addresses: readonly string[]) => void;
}

/**
 * Tells the addresses as they are found, until close(). A failed lookup keeps the last ones: the name server is often
 * down together with what the peers are needed for. getaddrinfo cannot be cancelled, so the next one starts when the
 * last has ended.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #lookup: Lookup;
  #timer: NodeJS.Timeout | undefined;
  #endedAtMs = 0;
  #closed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#lookup = options.lookup ?? lookupAll;
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
    const { host, ownAddress, onAddresses } = this.#options;
    const found = await this.#lookup(host).catch(() => undefined);
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

async function lookupAll(host: string): Promise<readonly string[]> {
  const found = await dns.lookup(host, { all: true });
  return found.map(({ address }) => address);
}
