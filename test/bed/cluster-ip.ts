/**
 * The vCluster's Service as kube-proxy makes it: one address, and each new connection to it leads to a replica drawn at
 * random, perhaps the one that it comes from. For the Deployment kind, which has no headless Service.
 */
import type { Pod } from "./pod.ts";
import { PAGE, type Segment } from "./segment.ts";

/** In the host cluster's service CIDR. */
export const SERVICE = { address: "10.96.0.100", port: 443 } as const;

/** Lasts as long as the segment. */
export async function serveAtOneAddress({ host }: Segment, pods: readonly Pod[]): Promise<void> {
  const replicas = pods.map(({ address }, index) => `${index} : ${address} . ${PAGE.port}`).join(", ");
  const input = [
    "table ip service {",
    "chain outbound {",
    "type nat hook prerouting priority dstnat",
    `ip daddr ${SERVICE.address} tcp dport ${SERVICE.port} dnat ip addr . port to numgen random mod ${pods.length} map { ${replicas} }`,
    "}",
    // A pod that is led to itself must not see its own address as the sender's.
    "chain inbound {",
    "type nat hook postrouting priority srcnat",
    "ct status dnat masquerade",
    "}",
    "}",
    "",
  ].join("\n");
  await host.exec(["nft", "-f", "-"], { input });
}
