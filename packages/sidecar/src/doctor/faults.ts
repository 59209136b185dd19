/**
 * What can be wrong, each with its severity and its cure. docs/doctor.md has a section for each, in this order, with the
 * symptom and what it means. What the sidecar itself would say keeps the code that it has in docs/errors.md.
 */
interface FaultKind {
  readonly severity: "warning" | "error";
  /** What to do; said with every finding of this code. */
  readonly cure: string;
}

export const FAULTS = {
  CAPABILITY_MISSING: {
    severity: "error",
    cure: "let the container's securityContext add NET_ADMIN and NET_RAW and run as user 0, as the overlay does; the namespace must allow it (Pod Security: privileged)",
  },
  INTERFACE_MISSING: {
    severity: "error",
    cure: "put k8s.v1.cni.cncf.io/networks under controlPlane.statefulSet.pods.annotations (lint finds it in the wrong place), or correct the interface's name; an attachment is made only when a pod starts",
  },
  INTERFACE_IS_POD_NETWORK: {
    severity: "warning",
    cure: "name the interface that Multus attaches, usually net1, unless the pod network is bridged to the workers' network",
  },
  INTERFACE_DOWN: {
    severity: "error",
    cure: "find out who has set it down; the CNI plugin leaves it up, and a new pod has a new one",
  },
  INTERFACE_WITHOUT_CARRIER: {
    severity: "error",
    cure: "on the pod's node, set the other end up: ip link, the one with this interface's number behind its @if",
  },
  SEGMENT_SILENT: {
    severity: "error",
    cure: "on the pod's node, look at ip link show master BRIDGE for the bridge of the NetworkAttachmentDefinition: it must have a port that leads to the workers' network; the bridge plugin makes a bridge that is missing, without any",
  },
  GATEWAY_SILENT: {
    severity: "warning",
    cure: "correct the gateway in controlPlane.advanced.kubeVip.gateway, or bring it up; until then only machines of the VIP's own subnet reach it",
  },
  VIP_STRANGER: {
    severity: "error",
    cure: "find the machine with this MAC address and take the address from it (another Lease for the same VIP? a worker?), or choose another VIP",
  },
  VIP_NOT_OURS: {
    severity: "error",
    cure: "remove the address (ip addr del), or choose another VIP",
  },
  VIP_UNANSWERED: {
    severity: "error",
    cure: "run doctor in the holder's pod: its segment, routes and fence say why it is not heard",
  },
  RP_FILTER_STRICT: {
    severity: "error",
    cure: "let the sidecar install its rule (see routes), or set net.ipv4.conf.all.rp_filter and the interface's to 0 or 2",
  },
  ARP_IGNORE_BLOCKS: {
    severity: "error",
    cure: "set net.ipv4.conf.all.arp_ignore and the interface's to 0 or 1 (the tuning CNI plugin, or an init container that may)",
  },
  ARP_IGNORE_LEFT: {
    severity: "error",
    cure: "start the sidecar, which puts back what was; where it will not run again: ip link set dev INTERFACE alias '', and arp_ignore as the alias says",
  },
  ARP_FILTER_BLOCKS: {
    severity: "error",
    cure: "let the sidecar install its rule (see routes), or set net.ipv4.conf.all.arp_filter and the interface's to 0",
  },
  RULE_MISSING: {
    severity: "error",
    cure: "the sidecar puts it back within 100 ms while it is fit to take the VIP: see the line sidecar",
  },
  ROUTE_MISSING: {
    severity: "error",
    cure: "the sidecar puts it back within 100 ms while it is fit to take the VIP: see the line sidecar",
  },
  ROUTE_NOT_OURS: {
    severity: "error",
    cure: "choose another routingTable, or remove the route",
  },
  FENCE_REFUSED: {
    severity: "error",
    cure: "use a kernel that has it, lower fenceLevel, or set fence to best",
  },
  FENCE_WEAKER: {
    severity: "warning",
    cure: "use a kernel that has it (nf_tables; its netdev egress hook is in Linux 5.16), or accept the level by setting fenceLevel to it",
  },
  GATE_MISSING: {
    severity: "error",
    cure: "the sidecar puts it back: see the line sidecar; find out who removes tables (nft flush ruleset in a firewall's start)",
  },
  GATE_NOT_OURS: {
    severity: "error",
    cure: "remove the table, or choose another routeProtocol",
  },
  CERTIFICATE_ENDS_SOON: {
    severity: "warning",
    cure: "restart vCluster's pods one by one: it renews its certificates at start, 90 days before their end, and by itself only if it is running then",
  },
  LEASE_MISSING: {
    severity: "error",
    cure: "see the lines sidecar of all replicas: each that is fit to take the VIP creates it at once",
  },
  LEASE_VACANT: {
    severity: "warning",
    cure: "wait for one leaseDuration; if it stays vacant, see the lines sidecar of all replicas",
  },
  LEASE_STALE: {
    severity: "warning",
    cure: "another replica takes it one leaseDuration after the last renewal, unless none is fit or the clocks differ (see clock)",
  },
  LEASE_DURATION_DIFFERS: {
    severity: "warning",
    cure: "give all replicas the same leaseDurationSeconds",
  },
  CLOCK_DIFFERS: {
    severity: "warning",
    cure: "let the nodes keep time (chrony); who holds the VIP does not hang on it, the certificates' and the logs' times do",
  },
  SIDECAR_SILENT: {
    severity: "error",
    cure: "look at the container's state and log (kubectl logs, kubectl describe pod); httpPort must be the same for both",
  },
  SIDECAR_PASSIVE: {
    severity: "error",
    cure: "mend what its reason says; it does not take the VIP before",
  },
  SIDECAR_NOT_READY: {
    severity: "warning",
    cure: "mend what its reason says; the other replicas may serve the VIP meanwhile",
  },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultCode = keyof typeof FAULTS;
