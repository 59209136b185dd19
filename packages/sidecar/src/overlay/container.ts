/**
 * The sidecar's container as the overlay writes it: the one place that says what it may do, what it is told about its
 * pod, and what it sees of it. The tests' pods are made from the same constants. Knows no vcluster.yaml.
 */
import { scalarText } from "./scalar-text.ts";

/** Of the image, too, which is in no registry until somebody pushes it. */
export const NAME = "vcluster-kube-vip";

/** Of the image's program. */
export const ARGUMENTS = ["run"] as const;

/** By variable, the field of the pod that the downward API puts there. */
export const POD_FIELDS = {
  POD_NAME: "metadata.name",
  POD_UID: "metadata.uid",
  POD_NAMESPACE: "metadata.namespace",
  POD_IP: "status.podIP",
  // The chart puts the release's name nowhere else that a file without templates could name.
  VCLUSTER_NAME: "metadata.labels['release']",
  // What Multus attached, for doctor: its annotation is there before a container starts.
  NETWORK_STATUS: "metadata.annotations['k8s.v1.cni.cncf.io/network-status']",
} as const;

export type PodField = (typeof POD_FIELDS)[keyof typeof POD_FIELDS];

/** Addresses, routes, rules and nf_tables; packet sockets. */
export const CAPABILITIES = ["NET_ADMIN", "NET_RAW"] as const;

/** The volumes are the chart's. */
export const MOUNTS = {
  config: { name: "vcluster-config", mountPath: "/var/lib/vcluster" },
  pki: { name: "data", mountPath: "/data/pki", subPath: "pki" },
} as const;

/** Amounts by resource, as Kubernetes writes them: { memory: "128Mi" }. */
export type Amounts = Readonly<Record<string, string>>;

export interface ContainerOptions {
  readonly image: string;
  /** Undefined: Kubernetes' own choice, by the image's tag. */
  readonly pullPolicy: string | undefined;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/**
 * docs/benchmarks.md: a holder's working set is 19 MB; with the executable's pages, which are charged to the container
 * that reads them first, 62 MB. At rest it takes 0.2 % of a core.
 */
export const RESOURCES: Readonly<Record<"requests" | "limits", Amounts>> = {
  requests: { cpu: "10m", memory: "32Mi" },
  limits: { memory: "128Mi" },
};

/** What a container is told and sees where it runs; lines with their indentation. */
export interface Surroundings {
  readonly env: readonly string[];
  readonly whyNoProbes: string;
  readonly mounts: readonly string[];
}

const IN_VCLUSTER: Surroundings = {
  env: Object.entries(POD_FIELDS).map(([name, path]) => fieldLine(name, path)),
  whyNoProbes: "a failing one would take this replica's API server out of its Service, well as it may be.",
  mounts: [
    "    # Your values, as Helm has merged them.",
    `    - {name: ${MOUNTS.config.name}, mountPath: ${MOUNTS.config.mountPath}, readOnly: true}`,
    "    # The folder instead of its files: certificates that are renewed are seen without a restart.",
    `    - {name: ${MOUNTS.pki.name}, mountPath: ${MOUNTS.pki.mountPath}, subPath: ${MOUNTS.pki.subPath}, readOnly: true}`,
  ],
};

/** An item of sidecarContainers, or of a pod's containers, at the left margin. */
export function containerLines(
  { image, pullPolicy, requests, limits }: ContainerOptions,
  { env, whyNoProbes, mounts }: Surroundings = IN_VCLUSTER,
): readonly string[] {
  return [
    `- name: ${NAME}`,
    `  image: ${scalarText(image)}`,
    ...(pullPolicy === undefined ? [] : [`  imagePullPolicy: ${pullPolicy}`]),
    `  args: [${ARGUMENTS.join(", ")}]`,
    "  env:",
    ...env,
    "  securityContext:",
    "    # NET_ADMIN for address, routes and rule, NET_RAW for ARP. Without privilege escalation only user 0 keeps them.",
    "    runAsUser: 0",
    "    runAsGroup: 0",
    "    runAsNonRoot: false",
    "    allowPrivilegeEscalation: false",
    "    readOnlyRootFilesystem: true",
    `    capabilities: {drop: [ALL], add: [${CAPABILITIES.join(", ")}]}`,
    "    seccompProfile: {type: RuntimeDefault}",
    ...resourceLines(requests, limits),
    `  # No probes: ${whyNoProbes}`,
    "  volumeMounts:",
    ...mounts,
  ];
}

/** A variable that the downward API fills with a field of the pod. */
export function fieldLine(name: string, fieldPath: string): string {
  return `    - {name: ${name}, valueFrom: {fieldRef: {fieldPath: ${scalarText(fieldPath)}}}}`;
}

function resourceLines(requests: Amounts, limits: Amounts): readonly string[] {
  const amounts = (of: Amounts) => Object.entries(of).map(([name, text]) => `${name}: ${scalarText(text)}`);
  const line = (name: string, of: Amounts) =>
    Object.keys(of).length === 0 ? [] : [`    ${name}: {${amounts(of).join(", ")}}`];
  const both = [...line("requests", requests), ...line("limits", limits)];
  if (both.length === 0) return [];
  const comment =
    "cpu" in limits ? [] : ["    # No limit on cpu: at rest nothing is used, and a takeover should not wait."];
  return ["  resources:", ...comment, ...both];
}
