/** How the VIP, its gateway and the pod's addresses must fit together. One address's own form is its kind's matter. */
import {
  broadcastAddress,
  familyOf,
  type InterfaceAddress,
  type IpAddress,
  networkAddress,
  prefixContains,
  prefixLength,
} from "@vcluster-kube-vip/routing";
import type { Problem } from "./config.ts";
import { type ProblemCode, problem } from "./problem.ts";
import { VCLUSTER_PORT, type Vip } from "./sections.ts";
import type { Given } from "./sources.ts";

/** First things first: one sentence for a VIP that cannot be, not one per consequence. */
export function checkVipInSubnet(vip: Given<IpAddress>, gateway: Given<InterfaceAddress>): readonly Problem[] {
  const { address: router, subnet } = gateway.value;
  const against = (code: ProblemCode, found: string, cure: string) => [
    problem(
      code,
      vip.origin,
      `expected a free address in ${subnet} (${gateway.origin.field}), but ${vip.value} ${found}: ${cure}`,
    ),
  ];
  const free = `choose another address in ${subnet}`;
  if (familyOf(vip.value) !== familyOf(router))
    return against(
      "FAMILY_MISMATCH",
      `is IPv${familyOf(vip.value)}`,
      "use the same IP version for the VIP and the gateway",
    );
  if (vip.value === router) return against("VIP_IS_GATEWAY", "is the gateway itself", free);
  if (!prefixContains(subnet, vip.value))
    return against("VIP_OUTSIDE_SUBNET", "is outside", `${free}, or correct the gateway's prefix length`);
  if (vip.value === broadcastAddress(subnet)) return against("VIP_IS_BROADCAST", "is its broadcast address", free);
  // RFC 3021, RFC 6164: a point-to-point subnet has no address to spare for its own name.
  if (vip.value === networkAddress(subnet) && prefixLength(subnet) < (familyOf(router) === 4 ? 31 : 127))
    return against("VIP_IS_NETWORK", "is the subnet itself", free);
  return [];
}

/** Nobody translates the VIP's port. */
export function checkVipPort({ address, port }: Vip): readonly Problem[] {
  if (port === VCLUSTER_PORT) return [];
  const sentence = `expected port ${VCLUSTER_PORT}, where vCluster listens, but found ${port}, which nobody translates: use ${VCLUSTER_PORT}`;
  return [problem("PORT_WITHOUT_LISTENER", address.origin, sentence)];
}

/** Removing the VIP would remove the pod's only address. */
export function checkVipIsNotPodIp(vip: Given<IpAddress>, podIp: IpAddress | undefined): readonly Problem[] {
  if (vip.value !== podIp) return [];
  const sentence = `expected an address that no machine has, but ${vip.value} is the pod's own ($POD_IP): choose a free address`;
  return [problem("VIP_IS_POD_IP", vip.origin, sentence)];
}

/** What answers on the VIP would be reachable only at the holder, and by everybody on the network. */
export function checkHttpIsNotOnVip(vip: Given<IpAddress>, http: Given<readonly IpAddress[]>): readonly Problem[] {
  if (!http.value.includes(vip.value)) return [];
  const sentence = `expected addresses other than the VIP, but ${vip.value} is it: leave it out, loopback and the pod's address are served`;
  return [problem("HTTP_ON_VIP", http.origin, sentence)];
}
