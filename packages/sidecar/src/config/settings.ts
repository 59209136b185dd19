/**
 * The one table of settings. Reading them (sources.ts), the flags of `run --help` and the check of
 * docs/configuration.md all derive from it. Each value's reading is its kind's; how values must fit together is in
 * load.ts, timing.ts and network.ts.
 */
import { FENCE_LEVELS } from "@vcluster-kube-vip/routing";
import { LEASE_DURATION_MAX_MS } from "../election/hold-deadline.ts";
import { boolean, dnsName, integer, leaseName, logLevel, nodeName, oneOf, path, seconds, uid } from "./kinds.ts";
import {
  endpoint,
  gateway,
  host,
  interfaceName,
  ipAddress,
  ipAddresses,
  listenAddress,
  port,
  server,
  vipAddress,
} from "./network-kinds.ts";
import { BLOCK, fromBlock, fromKubeVip, fromPod, own, type Setting } from "./setting.ts";

/** By these numbers leftovers are found and removed, so somebody else's must not be taken: /etc/iproute2/rt_protos. */
const TAKEN_PROTOCOLS = new Map(
  Object.entries({
    8: "gated",
    9: "router advertisements",
    10: "mrt",
    11: "zebra",
    12: "bird",
    13: "dnrouted",
    14: "xorp",
    15: "ntk",
    16: "dhcp",
    17: "mrouted",
    18: "keepalived",
    42: "babel",
    84: "ovn",
    99: "openr",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
    192: "eigrp",
    248: "kube-vip's routing table mode",
  }).map(([number, owner]) => [Number(number), owner]),
);

const RESERVED_TABLES = new Map([
  [253, "the kernel (table default)"],
  [254, "the kernel (table main)"],
  [255, "the kernel (table local)"],
]);

const FENCE_MODES = ["strict", "best"] as const;
/** Not "off": Helm's YAML makes false of it. */
const QUORUM_MODES = ["auto", "never"] as const;

export const SETTINGS = {
  configFile: {
    ...own("configFile", {
      kind: path,
      default: "/var/lib/vcluster/config.yaml",
      description: "The mounted vcluster.yaml. It may be missing where flags or environment say everything.",
    }),
    keys: [],
  },
  enabled: fromBlock("enabled", {
    kind: boolean,
    default: "false",
    description: "vCluster's own switch: true leaves the VIP to its built-in kube-vip, and this program stays passive.",
  }),
  endpoint: own("endpoint", {
    kind: endpoint,
    blockKey: "controlPlane.endpoint",
    description: "The VIP and the port that clients use; the port is not translated.",
  }),
  address: fromKubeVip("address", ["address", "vip_address"], {
    kind: vipAddress,
    description: "The VIP, in kube-vip's words; together with `port` it stands for `endpoint`.",
  }),
  port: fromKubeVip("port", ["port"], {
    kind: port,
    default: "6443",
    description: "The port that clients use, in kube-vip's words.",
  }),
  interface: own("interface", {
    kind: interfaceName,
    blockKey: `${BLOCK}.interface`,
    kubeVipEnv: ["vip_interface"],
    description: "The network interface that gets the VIP; with Multus usually net1.",
  }),
  gateway: own("gateway", {
    kind: gateway,
    blockKey: `${BLOCK}.gateway`,
    description: "The gateway of the VIP's network with its subnet's length; answers from the VIP leave by it.",
  }),
  leaseName: own("leaseName", {
    kind: leaseName,
    default: "vcluster-kube-vip",
    kubeVipEnv: ["vip_leasename"],
    description: "The Lease in the virtual cluster that elects the holder.",
  }),
  leaseNamespace: own("leaseNamespace", {
    kind: dnsName({ max: 63 }),
    default: "kube-system",
    kubeVipEnv: ["cp_namespace"],
    description: "The Lease's namespace in the virtual cluster, unless leaseName has one.",
  }),
  leaseDurationSeconds: own("leaseDurationSeconds", {
    kind: seconds({ min: 3, max: LEASE_DURATION_MAX_MS / 1000, whole: true }),
    default: "15",
    kubeVipEnv: ["vip_leaseduration"],
    clientGo: "LeaseDuration",
    description: "How long others wait after the last renewal they saw before they take the Lease.",
  }),
  renewDeadlineSeconds: own("renewDeadlineSeconds", {
    kind: seconds({ min: 0.5, max: 59 }),
    default: "10",
    kubeVipEnv: ["vip_renewdeadline"],
    clientGo: "RenewDeadline",
    description: "A third of it is the time-out of one request to the API server; it ends no hold.",
  }),
  retryPeriodSeconds: own("retryPeriodSeconds", {
    kind: seconds({ min: 0.1, max: 30 }),
    default: "2",
    kubeVipEnv: ["vip_retryperiod"],
    clientGo: "RetryPeriod",
    description: "The time between two renewals.",
  }),
  recordResolutionSeconds: own("recordResolutionSeconds", {
    kind: { ...integer({ min: 0, max: 1 }), type: "seconds" },
    default: "0",
    description: "1 where kube-vip or another client-go candidate shares the Lease; always 1 for plndr-cp-lock.",
  }),
  routingTable: own("routingTable", {
    kind: integer({ min: 1, max: 4294967295, taken: { numbers: RESERVED_TABLES, code: "TABLE_RESERVED" } }),
    default: "847",
    description: "The routing table for answers from the VIP.",
  }),
  rulePriority: own("rulePriority", {
    // Rule 32766 sends everything to table main; a rule after it is never asked.
    kind: integer({ min: 1, max: 32765 }),
    default: "847",
    description: "The priority of the policy rule `from VIP lookup routingTable`.",
  }),
  routeProtocol: own("routeProtocol", {
    // 0 to 4 are the kernel's and the administrator's own.
    kind: integer({ min: 5, max: 255, taken: { numbers: TAKEN_PROTOCOLS, code: "PROTOCOL_TAKEN" } }),
    default: "83",
    description:
      "The protocol number that marks our address, routes and rule; whatever carries it is swept at the start.",
  }),
  fence: own("fence", {
    kind: oneOf(FENCE_MODES),
    default: "best",
    description:
      "strict: a host that cannot be kept silent by `fenceLevel` does not hold; best: the next level is used.",
  }),
  fenceLevel: own("fenceLevel", {
    kind: oneOf(FENCE_LEVELS),
    default: "nft-egress",
    description:
      "What keeps a host silent past its deadline though its process does not run; the strongest level to be tried.",
  }),
  kubeconfig: own("kubeconfig", {
    kind: path,
    default: "</data/pki/admin.conf in a vCluster, else /etc/kubernetes/admin.conf>",
    kubeVipEnv: ["k8s_config_file"],
    description: "The kubeconfig of the cluster that the Lease is in.",
  }),
  server: own("server", {
    kind: server,
    default: "<https://127.0.0.1:6443 in a vCluster, else https://127.0.0.1:port, or the kubeconfig's>",
    kubeVipEnv: ["kubernetes_addr"],
    description: "The local API server, instead of the kubeconfig's, which may be the VIP itself.",
  }),
  peersHost: own("peersHost", {
    kind: host,
    default: "<VCLUSTER_NAME-headless.POD_NAMESPACE in a vCluster, else what the EndpointSlice default/kubernetes has>",
    description: "The name whose addresses are the other replicas; for a Deployment the Service, name.namespace.",
  }),
  peersPort: own("peersPort", {
    kind: port,
    default: "<8443 in a vCluster, else the VIP's>",
    description: "The port of the other replicas' listeners; 443 behind a Service.",
  }),
  tlsServerName: own("tlsServerName", {
    kind: dnsName({ max: 253 }),
    default: "<kubernetes in a vCluster and with the local server of a bare host, else none>",
    description: "The name that the API servers' certificates must have.",
  }),
  httpPort: own("httpPort", {
    kind: port,
    default: "2112",
    description: "The port of /metrics, /healthz, /readyz and /status.",
  }),
  prometheusServer: fromKubeVip("prometheusServer", ["prometheus_server"], {
    kind: listenAddress,
    description: "The address and port of /metrics, in kube-vip's words; stands for httpPort and httpAddresses.",
  }),
  httpAddresses: own("httpAddresses", {
    kind: ipAddresses,
    default: "<127.0.0.1 and POD_IP>",
    description: "The addresses that httpPort is served on.",
  }),
  logLevel: own("logLevel", {
    kind: logLevel,
    default: "info",
    kubeVipEnv: ["vip_loglevel"],
    description: "The least severe log line that is written.",
  }),
  movesMax: own("movesMax", {
    kind: integer({ min: 1, max: 100 }),
    default: "4",
    description: "Voluntary moves of the VIP per window; EVPN fabrics freeze an address that moves five times.",
  }),
  movesWindowSeconds: own("movesWindowSeconds", {
    kind: seconds({ min: 1, max: 3600 }),
    default: "180",
    description: "The window that voluntary moves are counted in.",
  }),
  quorum: own("quorum", {
    kind: oneOf(QUORUM_MODES),
    default: "never",
    description:
      "auto: where three replicas or more allow it, promises that they make each other shorten the takeover from a lost node to about half a second. never: it takes the lease duration.",
  }),
  podName: fromPod("POD_NAME", {
    kind: nodeName,
    default: "<the hostname>",
    kubeVipEnv: ["vip_nodename"],
    description: "The first part of the holder's identity in the Lease.",
  }),
  podUid: fromPod("POD_UID", {
    kind: uid,
    default: "<the machine's boot id>",
    description: "The second part of the identity; it tells a recreated pod from its predecessor of the same name.",
  }),
  podIp: fromPod("POD_IP", {
    kind: ipAddress,
    description: "The pod's own address; /metrics and the like are served on it.",
  }),
  podNamespace: fromPod("POD_NAMESPACE", {
    kind: dnsName({ max: 63 }),
    description: "The namespace of the pod on the host cluster.",
  }),
  vclusterName: fromPod("VCLUSTER_NAME", {
    kind: dnsName({ max: 63 }),
    description: "The name of the vCluster's Helm release.",
  }),
} as const;

export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS);
