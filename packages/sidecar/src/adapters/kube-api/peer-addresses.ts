/** Where the replicas are, looked up once, for commands that ask each by itself. The sidecar follows them (peers.ts). */
import dns from "node:dns/promises";
import type { Config } from "../../config/config.ts";
import { ApiServers } from "./api-servers.ts";
import { judgeSlice, SLICE_REQUEST, sliceAddresses } from "./endpoint-slice.ts";

export type PeerAddresses =
  /** Without our own. */
  { readonly t: "found"; readonly addresses: readonly string[] } | { readonly t: "failed"; readonly reason: string };

/** A name server that hangs, then a replica that does, are together less than what a person waits for. */
const LOOKUP_MS = 1_000;
/** A headless Service of more replicas than that is not ours. */
const PEERS_MAX = 8;

/** Never rejects. */
export async function peerAddresses({ kubeApi }: Pick<Config, "kubeApi">): Promise<PeerAddresses> {
  const { peersHost, peersInSlice, ownAddress } = kubeApi;
  try {
    const found = await (peersHost !== undefined ? named(peersHost) : peersInSlice ? inSlice(kubeApi) : []);
    return { t: "found", addresses: found.filter((address) => address !== ownAddress).slice(0, PEERS_MAX) };
  } catch (error) {
    return { t: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * getaddrinfo cannot be cancelled, and a process does not end before it has: libuv joins its threads. glibc's own 5 s,
 * tried twice, are more than a command may take.
 */
const RESOLVER = "timeout:1 attempts:1";

async function named(host: string): Promise<readonly string[]> {
  process.env["RES_OPTIONS"] ??= RESOLVER;
  const tooLate = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new TypeError(`no answer for ${host} in time`)), LOOKUP_MS).unref();
  });
  const found = await Promise.race([dns.lookup(host, { all: true }), tooLate]);
  return found.map(({ address }) => address);
}

async function inSlice(kubeApi: Config["kubeApi"]): Promise<readonly string[]> {
  const { kubeconfigPath, server, tlsServerName, peersPort } = kubeApi;
  const options = { kubeconfigPath, server, tlsServerName, peersPort, peersHost: undefined, ownAddress: undefined };
  const api = new ApiServers(options);
  try {
    const { answers } = await api.ask(SLICE_REQUEST, LOOKUP_MS, judgeSlice);
    const found = answers.flatMap((answer) => sliceAddresses(answer) ?? []);
    if (found.length === 0) throw new TypeError("the EndpointSlice default/kubernetes cannot be read, or is empty");
    return found;
  } finally {
    api.close();
  }
}
