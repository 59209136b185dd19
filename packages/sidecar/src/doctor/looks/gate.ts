/** Which fence level this kernel has, and what its gate holds. Tries in transactions that the kernel refuses as a whole. */
import {
  FENCE_LEVELS,
  type FenceLevel,
  familyOf,
  type Gate,
  type Link,
  openNftGate,
  RoutingError,
} from "@vcluster-kube-vip/routing";
import type { Config } from "../../config/config.ts";
import type { GateLook } from "../looks.ts";

type NftLevel = "nft-egress" | "nft-arp";

/** @param inForce - what the sidecar stands on: the gate is read as that level's. */
export async function lookAtGate(
  { vip, lease, routing, fence }: Config,
  link: Link,
  inForce: FenceLevel | undefined,
): Promise<GateLook> {
  const target = { vip: vip.address, linkName: link.name, linkIndex: link.index };
  const nft = { family: familyOf(vip.address), protocol: routing.protocol, lease: `${lease.namespace}/${lease.name}` };
  const open = (level: NftLevel) => openNftGate({ ...nft, level });
  let reason: string | undefined;
  for (const level of FENCE_LEVELS.slice(FENCE_LEVELS.indexOf(fence.level))) {
    if (!isNft(level)) return { available: level, reason, reading: undefined };
    try {
      await using(open(level), async () => undefined);
      const reading = await using(open(isNft(inForce) ? inForce : level), (gate) => gate.read(target));
      return { available: level, reason, reading };
    } catch (error) {
      if (!(error instanceof RoutingError) || error.code !== "GATE_UNSUPPORTED") throw error;
      reason = error.message;
    }
  }
  return { available: "valid-lft", reason, reading: undefined };
}

async function using<T>(opening: Promise<Gate>, use: (gate: Gate) => Promise<T>): Promise<T> {
  const gate = await opening;
  try {
    return await use(gate);
  } finally {
    gate.end();
  }
}

function isNft(level: FenceLevel | undefined): level is NftLevel {
  return level === "nft-egress" || level === "nft-arp";
}
