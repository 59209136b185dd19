/** A pod of the comparison: as the page has it, with an address of its own on net1; and what is left of a tool, taken away. */
import { Pod } from "../../test/bed/pod.ts";
import { podName } from "../../test/bed/release.ts";
import { PAGE, type Segment } from "../../test/bed/segment.ts";

/** Of pod 0 on net1. */
const FIRST_HOST_NUMBER = 11;

/** For every tool alike: kube-vip and keepalived bring no routes, and without an address their answers leave by eth0. */
export async function createFieldPod(segment: Segment, ordinal: number): Promise<Pod> {
  const pod = await Pod.create(segment, { name: podName(ordinal), net1: "any" });
  await pod.namespace.ip(`addr add 10.100.0.${FIRST_HOST_NUMBER + ordinal}/24 dev ${PAGE.interfaceName}`);
  return pod;
}

/** Address, rules, routes and gate of a tool that was killed. */
export async function cleanFieldPod({ namespace }: Pod): Promise<void> {
  const script = [
    `ip link set ${PAGE.interfaceName} up`,
    `ip addr del ${PAGE.vip}/32 dev ${PAGE.interfaceName}`,
    "while ip rule del priority 847; do :; done",
    "ip route flush table 847",
    "nft flush ruleset",
  ].join("; ");
  await namespace.attempt(["sh", "-c", `(${script}) 2>/dev/null; true`]);
}
