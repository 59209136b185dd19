/** What the kernel has of links, addresses, routes and rules, and who answers on the segment. Sends probes only. */
import { familyOf, type IpAddress, type Kernel, type Link } from "@vcluster-kube-vip/routing";
import { PacketSegment } from "../../adapters/segment.ts";
import type { Clock } from "../../clock.ts";
import type { Network } from "../looks.ts";

export async function findLink(kernel: Kernel, name: string): Promise<Link | undefined> {
  const { complete, items } = await kernel.links();
  const link = items.find((one) => one.name === name);
  if (link === undefined && !complete) throw new TypeError("the kernel's links changed each time while they were read");
  return link;
}

export async function readNetwork(kernel: Kernel, vip: IpAddress): Promise<Network> {
  const family = familyOf(vip);
  const [addresses, routes, rules] = await Promise.all([
    kernel.addresses(),
    kernel.routes(family),
    kernel.rules(family),
  ]);
  return { addresses, routes, rules, vip: addresses.items.filter(({ address }) => address === vip) };
}

export async function knownNeighbours(kernel: Kernel, link: Link, vip: IpAddress): Promise<readonly IpAddress[]> {
  const { items } = await kernel.neighbours(link.index);
  return items.flatMap(({ address, mac }) =>
    mac === undefined || familyOf(address) !== familyOf(vip) ? [] : [address],
  );
}

/** Asked as the sidecar asks for the VIP before its first take. Rejects where nothing can be sent. */
export async function whoHas(address: IpAddress, link: Link, clock: Clock): Promise<readonly string[]> {
  const { mac } = link;
  if (mac === undefined) throw new TypeError(`${link.name} has no MAC address to ask from`);
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const segment = new PacketSegment({
    vip: address,
    gateway: undefined,
    clock,
    // Whom to announce to; nothing is announced here.
    kernel: { neighbours: async () => ({ complete: true, items: [] }) },
    tell: (happening) => {
      if (happening.t === "trouble") reject(new Error(happening.message));
    },
  });
  try {
    segment.open(link, mac);
    segment.ask(() => false).then(resolve, reject);
    return await promise;
  } finally {
    segment.close();
  }
}
