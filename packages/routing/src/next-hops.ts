/**
 * What a reset to every peer of the VIP needs before the gate closes: a usable neighbour entry of each next hop, for a
 * muted kernel cannot ask. Advice, not safety: where it fails, a client finds out later.
 */
import type { Kernel } from "./kernel.ts";
import type { SocketTable } from "./sockets.ts";
import type { IpAddress } from "./values/ip-address.ts";

/** Of a VIP with more peers, those told first. A request takes some 0.05 ms. */
const PEERS_MAX = 512;

/**
 * Makes the kernel ask for every next hop of the VIP's connections that has no usable neighbour entry. Asked again, it
 * tells who has not answered since: a caller that can wait asks every few milliseconds until there is none.
 * @throws RoutingError KERNEL_*
 */
export async function resolveNextHops(
  kernel: Pick<Kernel, "nextHop" | "resolve">,
  sockets: Pick<SocketTable, "connections">,
  vip: IpAddress,
): Promise<readonly IpAddress[]> {
  const { items } = await sockets.connections(vip);
  const peers = [...new Set(items.map(({ remoteAddress }) => remoteAddress))].slice(0, PEERS_MAX);
  const hops = new Map<number, Set<IpAddress>>();
  for (const peer of peers) {
    const hop = await kernel.nextHop(peer, vip);
    if (hop !== undefined) hops.set(hop.linkIndex, (hops.get(hop.linkIndex) ?? new Set()).add(hop.address));
  }
  const unanswered: IpAddress[] = [];
  for (const [linkIndex, addresses] of hops) unanswered.push(...(await kernel.resolve(linkIndex, [...addresses])));
  return unanswered;
}
