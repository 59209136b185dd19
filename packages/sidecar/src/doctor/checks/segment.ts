/**
 * The VIP's segment: whether anybody is heard on it (a bridge without an uplink is as quiet as a grave, and everything
 * else looks well), and who answers for the VIP. Asked by probes that claim nothing.
 */
import { type Address, isOwnAddress, type Owner, ownerOf } from "@vcluster-kube-vip/routing";
import { check, notLookedAt } from "../check.ts";
import { fault, ok, unknown, type Verdict } from "../finding.ts";
import type { LeaseLook, Looks } from "../looks.ts";
import { holderMacOf, leaseOf } from "./lease.ts";

/** Asked beside the gateway and the VIP. */
const NEIGHBOURS_MAX = 4;

export interface SegmentFacts {
  readonly linkName: string;
  readonly gateway: { readonly address: string; readonly answers: boolean } | undefined;
  /** Everybody else who was asked. */
  readonly others: readonly { readonly address: string; readonly answers: boolean }[];
}

export const segment = check<Looks, SegmentFacts>({
  name: "segment",
  look: async (looks) => {
    const { vip } = looks.config;
    if ((await looks.link()) === undefined) return notLookedAt(`${vip.interfaceName} is not there`);
    const asked = async (address: typeof vip.address) => ({
      address,
      answers: (await looks.whoHas(address)).length > 0,
    });
    const known = (await looks.neighbours()).filter((one) => one !== vip.gateway?.address && one !== vip.address);
    const [others, gateway] = await Promise.all([
      Promise.all([vip.address, ...known.slice(0, NEIGHBOURS_MAX)].map(asked)),
      vip.gateway === undefined ? undefined : asked(vip.gateway.address),
    ]);
    return { linkName: vip.interfaceName, gateway, others };
  },
  judge: ({ linkName, gateway, others }) => {
    const heard = others.filter(({ answers }) => answers).map(({ address }) => address);
    if (gateway?.answers) return [ok(`the gateway ${gateway.address} answers on ${linkName}`)];
    if (gateway !== undefined && heard.length > 0)
      return [
        fault(
          "GATEWAY_SILENT",
          `the gateway ${gateway.address} does not answer on ${linkName}; ${heard.join(", ")} does`,
        ),
      ];
    if (gateway !== undefined)
      return [
        fault(
          "SEGMENT_SILENT",
          `nobody answers on ${linkName}: neither the gateway ${gateway.address} nor ${others.map(({ address }) => address).join(", ")}`,
        ),
      ];
    if (heard.length > 0) return [ok(`${heard.join(", ")} answers on ${linkName}`)];
    return [unknown(`no gateway is set, and nobody else who was asked on ${linkName} answers`)];
  },
});

export interface VipFacts {
  readonly vip: string;
  readonly owner: Owner;
  /** Where it is in this namespace. */
  readonly here: readonly Address[];
  /** Who else answers. */
  readonly answeredBy: readonly string[];
  readonly lease: LeaseLook | undefined;
}

export const vip = check<Looks, VipFacts>({
  name: "vip",
  look: async (looks) => {
    const { vip, routing } = looks.config;
    if ((await looks.link()) === undefined) return notLookedAt(`${vip.interfaceName} is not there`);
    const [answeredBy, network, servers] = await Promise.all([
      looks.whoHas(vip.address),
      looks.network(),
      looks.apiServers(),
    ]);
    const owner = ownerOf(routing.protocol, vip.interfaceName);
    return { vip: vip.address, owner, here: network.vip, answeredBy, lease: leaseOf(servers) };
  },
  judge: (facts) => {
    const { vip, owner, here, answeredBy } = facts;
    if (here.some((address) => !isOwnAddress(address, owner)))
      return [fault("VIP_NOT_OURS", `${vip} is an address of this pod already, and the sidecar did not put it there`)];
    if (here.length === 0) return [elsewhere(facts)];
    if (answeredBy.length === 0) return [ok(`${vip} is here, and nobody else answers for it`)];
    return [fault("VIP_STRANGER", `${vip} is here, and ${answeredBy.join(", ")} answers for it, too`)];
  },
});

function elsewhere({ vip, answeredBy, lease }: VipFacts): Verdict {
  const who = answeredBy.length === 0 ? "nobody" : answeredBy.join(", ");
  if (lease === undefined || lease.t === "failed")
    return unknown(`${who} answers for ${vip}, and the Lease, which says who may, cannot be read`);
  const holder = lease.t === "found" ? lease.lease.holderIdentity : "";
  if (holder === "") {
    if (answeredBy.length === 0) return ok(`nobody answers for ${vip}, and nobody holds the Lease`);
    return fault("VIP_STRANGER", `${vip} is answered for by ${who}, while nobody holds the Lease`);
  }
  if (answeredBy.length === 0)
    return fault("VIP_UNANSWERED", `nobody answers for ${vip}, although ${holder} holds the Lease`);
  const holderMac = lease.t === "found" ? holderMacOf(lease.lease) : undefined;
  // kube-vip and other client-go candidates do not say where they are.
  if (holderMac === undefined && answeredBy.length === 1)
    return unknown(
      `${who} answers for ${vip}, and the holder ${holder} does not say in the Lease whether that is its own`,
    );
  const strangers = answeredBy.filter((mac) => mac !== holderMac);
  if (strangers.length === 0) return ok(`${vip} is answered for by the Lease's holder ${holder}, at ${holderMac}`);
  const place = holderMac ?? "an address that it does not say";
  return fault(
    "VIP_STRANGER",
    `${vip} is answered for by ${strangers.join(", ")}, while the holder ${holder} is at ${place}`,
  );
}
