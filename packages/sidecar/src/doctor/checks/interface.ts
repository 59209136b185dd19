/** The VIP's interface: whether it is there, whose attachment it is, and whether it is up. */
import type { Link } from "@vcluster-kube-vip/routing";
import { check } from "../check.ts";
import { type Fault, fault, ok, type Verdict } from "../finding.ts";
import type { Looks } from "../looks.ts";
import { type Attachment, readNetworkStatus } from "../network-status.ts";

export interface InterfaceFacts {
  readonly name: string;
  readonly link: Link | undefined;
  readonly networkStatus: string | undefined;
  /** A bare control plane, whose interfaces are no pod's. */
  readonly ofMachine: boolean;
}

export const vipInterface = check<Looks, InterfaceFacts>({
  name: "interface",
  look: async (looks) => ({
    name: looks.config.vip.interfaceName,
    link: await looks.link(),
    networkStatus: looks.networkStatus,
    ofMachine: looks.config.kubeApi.peersInSlice,
  }),
  judge: ({ name, link, networkStatus, ofMachine }) => {
    const attachments = networkStatus === undefined ? undefined : readNetworkStatus(networkStatus);
    if (link === undefined) return [fault("INTERFACE_MISSING", `${name} is not there${whyMissing(name, attachments)}`)];
    const attachment = attachments?.find(({ interfaceName }) => interfaceName === name);
    const faults = [...stateFaults(link), ...(ofMachine ? [] : podNetworkFaults(name, attachment))];
    return faults.length > 0 ? faults : [wellBeing(link, attachments, attachment)];
  },
});

function whyMissing(name: string, attachments: readonly Attachment[] | undefined): string {
  if (attachments === undefined)
    return "; whether Multus attached anything is not known here (NETWORK_STATUS is not set), kubectl get pod -o yaml shows it as k8s.v1.cni.cncf.io/network-status";
  // Multus writes it beside the start of the containers, which get what was there by then.
  if (attachments.length === 0)
    return "; when the container started, the pod had no k8s.v1.cni.cncf.io/network-status: Multus attached nothing, or said so later";
  const others = attachments.filter(({ isDefault }) => !isDefault);
  if (others.length === 0) return ": Multus attached nothing to this pod";
  const list = others.map((one) => `${one.interfaceName} (${one.network})`).join(", ");
  return `: Multus attached ${list}, and no ${name}`;
}

function stateFaults({ name, up, carrier }: Link): readonly Fault[] {
  if (!up) return [fault("INTERFACE_DOWN", `${name} is down`)];
  return carrier ? [] : [fault("INTERFACE_WITHOUT_CARRIER", `${name} is up, but its other end is not`)];
}

function podNetworkFaults(name: string, attachment: Attachment | undefined): readonly Fault[] {
  if (attachment === undefined ? name !== "eth0" : !attachment.isDefault) return [];
  return [
    fault(
      "INTERFACE_IS_POD_NETWORK",
      `${name} is the pod network's: where that is routed, no announcement leaves the node`,
    ),
  ];
}

function wellBeing(link: Link, attachments: unknown, attachment: Attachment | undefined): Verdict {
  const whose =
    attachment !== undefined
      ? `attached by Multus as ${attachment.network}`
      : `whose attachment it is ${attachments === undefined ? "is not known here (NETWORK_STATUS is not set)" : "Multus does not say"}`;
  return ok(
    `${link.name} is up, ${link.kind ?? "a physical device"}, ${link.mac ?? "no MAC address"}, MTU ${link.mtuBytes}; ${whose}`,
  );
}
