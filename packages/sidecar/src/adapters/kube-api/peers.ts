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
 * Tells the addresses as they are found, until the returned function is called. A failed lookup keeps the last ones:
 * the name server is often down together with what the peers are needed for. getaddrinfo cannot be cancelled, so the
 * next one starts when the last has ended.
 */
export function followPeers(options: PeersOptions): () => void {
  const lookup = options.lookup ?? lookupAll;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function refresh(): Promise<void> {
    const found = await lookup(options.host).catch(() => undefined);
    if (stopped) return;
    if (found !== undefined) options.onAddresses(found.filter((address) => address !== options.ownAddress).sort());
    timer = setTimeout(refresh, found === undefined ? RETRY_MS : REFRESH_MS);
  }

  void refresh();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function lookupAll(host: string): Promise<readonly string[]> {
  const found = await dns.lookup(host, { all: true });
  return found.map(({ address }) => address);
}
