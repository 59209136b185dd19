/** Reads the parts of Config that stand for themselves, and works out the defaults that depend on where this runs. */
import type { IpAddress } from "@vcluster-kube-vip/routing";
import type { Config, Problem } from "./config.ts";
import { nodeName } from "./kinds.ts";
import type { Endpoint } from "./network-kinds.ts";
import { problem, unreadable } from "./problem.ts";
import { SETTINGS } from "./settings.ts";
import { type Given, mapGiven, type Reader, stronger } from "./sources.ts";
import { checkTiming } from "./timing.ts";

/** kube-vip's Lease for the control plane. Its record has one second's resolution, so q is 1 s (rule 1). */
const KUBE_VIP_LEASE = "plndr-cp-lock";

/** As vCluster lays it out in the pod. */
const VCLUSTER_KUBECONFIG = "/data/pki/admin.conf";
const VCLUSTER_SERVER = "https://127.0.0.1:6443";
/** Of the listener in front of it, which clients and peers use (controlPlane.proxy.port). */
export const VCLUSTER_PORT = 8443;
/** As kubeadm lays it out on a host. Its server is usually the VIP, which this program is to bring up first. */
export const HOST_KUBECONFIG = "/etc/kubernetes/admin.conf";
/** In the certificates of kube-apiserver (kubeadm) and of vCluster's listener. */
const API_SERVER_NAME = "kubernetes";

export interface Surroundings {
  /** A vcluster.yaml is there, or the chart's VCLUSTER_NAME. */
  readonly inVcluster: boolean;
  /** The VIP is said by kube-vip's `address`: its other defaults apply, too. */
  readonly likeKubeVip: boolean;
  readonly vipPort: number | undefined;
  readonly podIp: IpAddress | undefined;
}

export interface Vip {
  readonly address: Given<IpAddress>;
  readonly port: number;
}

/** From `endpoint`, or from kube-vip's `address` and `port`. */
export function readVip(reader: Reader): Vip | undefined {
  const chosen = stronger(reader.read(SETTINGS.endpoint), readKubeVipEndpoint(reader));
  return chosen && { address: mapGiven(chosen, ({ address }) => address), port: chosen.value.port };
}

function readKubeVipEndpoint(reader: Reader): Given<Endpoint> | undefined {
  // Others may use a variable $port for their own ends: it counts only where $address gives it a meaning.
  if (!reader.isSaid(SETTINGS.address)) return undefined;
  const port = reader.readOrDefault(SETTINGS.port).value;
  const given = reader.read(SETTINGS.address);
  return given && mapGiven(given, (address) => ({ address, port }));
}

export function readLease(reader: Reader, { likeKubeVip }: Pick<Surroundings, "likeKubeVip">): Config["lease"] {
  const named = reader.read(SETTINGS.leaseName)?.value;
  const name = named?.name ?? (likeKubeVip ? KUBE_VIP_LEASE : (SETTINGS.leaseName.defaultText ?? ""));
  const namespace = reader.readOrDefault(SETTINGS.leaseNamespace).value;
  const resolution = reader.readOrDefault(SETTINGS.recordResolutionSeconds).value;
  const readBefore = reader.problems.length;
  const leaseDuration = reader.readOrDefault(SETTINGS.leaseDurationSeconds);
  const renewDeadline = reader.readOrDefault(SETTINGS.renewDeadlineSeconds);
  const retryPeriod = reader.readOrDefault(SETTINGS.retryPeriodSeconds);
  const lease = {
    namespace: named?.namespace ?? namespace,
    name,
    leaseDurationMs: leaseDuration.value,
    renewDeadlineMs: renewDeadline.value,
    retryPeriodMs: retryPeriod.value,
    recordResolutionMs: name === KUBE_VIP_LEASE ? 1000 : resolution * 1000,
  };
  const origins = {
    leaseDuration: leaseDuration.origin,
    renewDeadline: renewDeadline.origin,
    retryPeriod: retryPeriod.origin,
  };
  // A time that could not be read has been replaced by its default, which nobody chose to go with the others.
  if (reader.problems.length === readBefore) reader.report(...checkTiming(lease, origins));
  return lease;
}

export function readRouting(reader: Reader): Config["routing"] {
  return {
    table: reader.readOrDefault(SETTINGS.routingTable).value,
    rulePriority: reader.readOrDefault(SETTINGS.rulePriority).value,
    protocol: reader.readOrDefault(SETTINGS.routeProtocol).value,
  };
}

export function readFence(reader: Reader): Config["fence"] {
  return {
    mode: reader.readOrDefault(SETTINGS.fence).value,
    level: reader.readOrDefault(SETTINGS.fenceLevel).value,
  };
}

export interface Facts {
  readonly hostname: string;
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
}

export function readIdentity(reader: Reader, { hostname, bootId }: Facts): Config["identity"] {
  const podUid = reader.read(SETTINGS.podUid)?.value ?? bootId;
  const podName = reader.read(SETTINGS.podName)?.value;
  if (podName !== undefined) return { podName, podUid };
  const fromHost = nodeName.read(hostname);
  if (fromHost.t === "valid") return { podName: fromHost.value, podUid };
  if (!reader.isSaid(SETTINGS.podName)) {
    const cure = "set POD_NAME";
    const origin = { field: "hostname", position: undefined };
    reader.report(unreadable(origin, nodeName.expected, hostname, { ...fromHost, cure }));
  }
  return { podName: "", podUid };
}

export function readKubeApi(reader: Reader, { inVcluster, vipPort, podIp }: Surroundings): Config["kubeApi"] {
  const kubeconfigPath =
    reader.read(SETTINGS.kubeconfig)?.value ?? (inVcluster ? VCLUSTER_KUBECONFIG : HOST_KUBECONFIG);
  const given = reader.read(SETTINGS.server)?.value;
  const onHost =
    kubeconfigPath === HOST_KUBECONFIG && vipPort !== undefined ? `https://127.0.0.1:${vipPort}` : undefined;
  const local = inVcluster ? VCLUSTER_SERVER : onHost;
  const localName = inVcluster || (given === undefined && local !== undefined) ? API_SERVER_NAME : undefined;
  const peersHost = reader.read(SETTINGS.peersHost)?.value ?? headlessService(reader);
  if (inVcluster && peersHost === undefined && !reader.isSaid(SETTINGS.peersHost)) reader.report(peersUnknown());
  return {
    kubeconfigPath,
    server: given ?? local,
    peersHost,
    peersInSlice: !inVcluster && peersHost === undefined,
    peersPort: reader.read(SETTINGS.peersPort)?.value ?? (inVcluster ? VCLUSTER_PORT : (vipPort ?? VCLUSTER_PORT)),
    tlsServerName: reader.read(SETTINGS.tlsServerName)?.value ?? localName,
    ownAddress: podIp,
  };
}

function headlessService(reader: Reader): string | undefined {
  const name = reader.read(SETTINGS.vclusterName)?.value;
  const namespace = reader.read(SETTINGS.podNamespace)?.value;
  return name === undefined || namespace === undefined ? undefined : `${name}-headless.${namespace}`;
}

function peersUnknown(): Problem {
  const sentence =
    "expected VCLUSTER_NAME and POD_NAMESPACE, or peersHost, but there is neither, so a dead local API server cannot be gone round: set them from the pod's labels and metadata";
  return problem("PEERS_UNKNOWN", { field: SETTINGS.peersHost.name, position: undefined }, sentence);
}

const LOOPBACK = "127.0.0.1" as IpAddress;

export interface Http {
  readonly port: number;
  readonly addresses: Given<readonly IpAddress[]>;
}

/** From `httpPort` and `httpAddresses`, or from kube-vip's `prometheus_server`. */
export function readHttp(reader: Reader, { podIp }: Surroundings): Http {
  const listen = reader.read(SETTINGS.prometheusServer);
  const port = reader.readOrDefault(SETTINGS.httpPort);
  const addresses = stronger(
    reader.read(SETTINGS.httpAddresses),
    listen && mapGiven(listen, ({ address }) => loopbackAnd(address ?? podIp)),
  );
  return {
    port: (stronger(port, listen && mapGiven(listen, (value) => value.port)) ?? port).value,
    addresses: addresses ?? {
      value: loopbackAnd(podIp),
      place: "default",
      origin: { field: SETTINGS.httpAddresses.name, position: undefined },
    },
  };
}

function loopbackAnd(address: IpAddress | undefined): readonly IpAddress[] {
  return address === undefined || address === LOOPBACK ? [LOOPBACK] : [LOOPBACK, address];
}

export function readMoves(reader: Reader): Config["moves"] {
  return {
    max: reader.readOrDefault(SETTINGS.movesMax).value,
    windowMs: reader.readOrDefault(SETTINGS.movesWindowSeconds).value,
  };
}
