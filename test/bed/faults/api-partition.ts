/**
 * Between a sidecar and the API servers, its own and the peers': packets dropped, connections reset, answers seconds
 * late, one direction lost. Only the sidecar is cut: the pod's 8443 listener asks its API server from an address of its
 * own and goes on serving the VIP's clients, and etcd is not touched. Written with nftables in the pod's namespace.
 */
import type { Namespace } from "../namespace.ts";
import type { Pod } from "../pod.ts";
import { LISTENER_SOURCE } from "../release.ts";
import { sleep } from "../wait.ts";
import type { Fault, Heal } from "./fault.ts";

const TABLE = "inet bed_api_partition";
const PORTS = "{ 6443, 8443 }";
const REQUESTS = `ip saddr != ${LISTENER_SOURCE} tcp dport ${PORTS}`;
const ANSWERS = `ip daddr != ${LISTENER_SOURCE} tcp sport ${PORTS}`;

const HOWS = {
  dropped: `chain output { type filter hook output priority 0; ${REQUESTS} drop; }`,
  rejected: `chain output { type filter hook output priority 0; ${REQUESTS} reject with tcp reset; }`,
  // The request arrives and is applied; nobody hears of it.
  "answers lost": `chain input { type filter hook input priority 0; ${ANSWERS} drop; }`,
} as const;

const LASTS_MS: Fault["lastsMs"] = [1_000, 10_000];
/** An answer is held back that long, then the line is open for one or two round trips of TCP's own repeats. */
const SLOW_MS: Fault["lastsMs"] = [2_000, 5_000];
const OPEN_MS = 600;

export const API_PARTITIONS: readonly Fault[] = (Object.keys(HOWS) as (keyof typeof HOWS)[]).map((how) => ({
  name: `API of the holder: ${how}`,
  victim: "holder",
  lastsMs: LASTS_MS,
  apply: async (_bed, victim) => await cutOff([victim], how),
}));

export const API_SLOW: Fault = {
  name: "API of the holder: answers 2 to 5 s late",
  victim: "holder",
  lastsMs: [6_000, 15_000],
  async apply(_bed, victim, random) {
    const healed = new AbortController();
    const pulses = pulse(victim, healed.signal, () => SLOW_MS[0] + (SLOW_MS[1] - SLOW_MS[0]) * random());
    return async () => {
      healed.abort();
      await pulses;
    };
  },
};

export const API_LOST_BY_ALL: Fault = {
  name: "API of all replicas: dropped",
  victim: "any",
  lastsMs: LASTS_MS,
  apply: async ({ cluster }) => await cutOff(cluster.pods, "dropped"),
};

async function cutOff(pods: readonly Pod[], how: keyof typeof HOWS): Promise<Heal> {
  const namespaces = pods.map(({ namespace }) => namespace);
  await Promise.all(namespaces.map((namespace) => nft(namespace, `table ${TABLE} {\n${HOWS[how]}\n}`)));
  // Destroyed only if it is there: `nft flush ruleset` may have been another fault's.
  return async () => {
    await Promise.all(namespaces.map((namespace) => nft(namespace, `table ${TABLE}; delete table ${TABLE}`)));
  };
}

/** TCP sends again what was dropped: an answer comes when the line opens. */
async function pulse(victim: Pod, healed: AbortSignal, closedMs: () => number): Promise<void> {
  while (!healed.aborted) {
    const open = await cutOff([victim], "answers lost");
    await restOrHealed(closedMs(), healed);
    await open();
    await restOrHealed(OPEN_MS, healed);
  }
}

async function restOrHealed(ms: number, healed: AbortSignal): Promise<void> {
  // Healed meanwhile: that ends the rest, and is no error.
  await sleep(ms, undefined, { signal: healed }).catch(() => undefined);
}

async function nft(namespace: Namespace, ruleset: string): Promise<void> {
  await namespace.exec(["nft", "-f", "-"], { input: `${ruleset}\n` });
}
