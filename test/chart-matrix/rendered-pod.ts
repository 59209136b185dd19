/**
 * What the vCluster chart must make of somebody's values and our overlay: the pod that the kernel tests build. Judges
 * what helm printed; runs nothing.
 */
import { isDeepStrictEqual } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../../packages/sidecar/src/config/load.ts";
import { NAME, POD_FIELDS } from "../../packages/sidecar/src/overlay/container.ts";
import { RELEASE } from "../bed/release.ts";

export type Kind = "StatefulSet" | "Deployment";

export interface Expected {
  readonly kind: Kind;
  /** Of the pod, in their order. */
  readonly containers: readonly string[];
  /** Multus' annotation on the pod. */
  readonly networks: string;
  readonly pullSecrets: readonly string[];
  /** The overlay's text. */
  readonly overlay: string;
}

/** Of Kubernetes' objects, what is looked at. */
interface Container {
  readonly name: string;
  readonly securityContext?: { readonly capabilities?: { readonly add?: readonly string[] } };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

export interface Workload {
  readonly kind: Kind;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly serviceName?: string;
    readonly podManagementPolicy?: string;
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
      };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly terminationGracePeriodSeconds: number;
        readonly hostNetwork?: boolean;
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
      };
    };
  };
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** What is otherwise than expected, in sentences; empty: all is well. */
export function objectionsToPod(workload: Workload, expected: Expected): readonly string[] {
  const { template, volumeClaimTemplates = [], serviceName, podManagementPolicy } = workload.spec;
  const { labels, annotations } = template.metadata;
  const { containers, volumes, serviceAccountName, hostNetwork = false } = template.spec;
  const volumeNames = [...volumes, ...volumeClaimTemplates.map(({ metadata }) => metadata)].map(({ name }) => name);
  const syncer = containers.find(({ name }) => name === "syncer");
  const ours = containers.find(({ name }) => name === NAME);
  const known = parse(expected.overlay).controlPlane.statefulSet.sidecarContainers.at(-1);
  const config = volumes.find(({ name }) => name === "vcluster-config");
  const isStatefulSet = expected.kind === "StatefulSet";
  return [
    ...differs("kind", workload.kind, expected.kind),
    ...differs("label release", labels["release"], RELEASE),
    ...differs("networks of the pod", annotations["k8s.v1.cni.cncf.io/networks"], expected.networks),
    ...differs(
      "containers",
      containers.map(({ name }) => name),
      expected.containers,
    ),
    ...differs("our container", ours, known),
    ...differs("capabilities of the syncer", syncer?.securityContext?.capabilities?.add ?? [], []),
    ...differs("volumes that are missing", unmounted(containers, volumeNames), []),
    ...differs("Secret of vcluster-config", config?.secret?.secretName, `vc-config-${RELEASE}`),
    // The folder that our container sees as /data/pki is the syncer's.
    ...differs("the syncer's mount of data", mountOf(syncer, "data"), { name: "data", mountPath: "/data" }),
    ...differs("service account", serviceAccountName, `vc-${RELEASE}`),
    ...differs("hostNetwork", hostNetwork, false),
    ...differs("podManagementPolicy", podManagementPolicy, isStatefulSet ? "Parallel" : undefined),
    ...differs("serviceName", serviceName, isStatefulSet ? `${RELEASE}-headless` : undefined),
  ];
}

/** As objectionsToPod, and what of the other objects concerns us. */
export function objectionsTo(objects: readonly KubernetesObject[], expected: Expected): readonly string[] {
  const find = <T extends KubernetesObject>(kind: string, name: string): T | undefined =>
    objects.find((object): object is T => object.kind === kind && object.metadata.name === name);
  const workload = find<KubernetesObject & Workload>(expected.kind, RELEASE);
  if (workload === undefined) return [`no ${expected.kind} ${RELEASE} was rendered`];
  const headless = find("Service", `${RELEASE}-headless`) !== undefined;
  const account = find<KubernetesObject & { imagePullSecrets?: readonly unknown[] }>("ServiceAccount", `vc-${RELEASE}`);
  const secrets = expected.pullSecrets.map((name) => ({ name }));
  return [
    ...objectionsToPod(workload, expected),
    ...differs("a headless Service", headless, expected.kind === "StatefulSet"),
    ...differs("pull secrets", account?.imagePullSecrets ?? [], secrets),
    ...objectionsToConfig(find("Secret", `vc-config-${RELEASE}`)),
  ];
}

/** By the sidecar's own reading of what it will find mounted. */
function objectionsToConfig(secret: (KubernetesObject & { readonly data?: Record<string, string> }) | undefined) {
  const text = Buffer.from(secret?.data?.["config.yaml"] ?? "", "base64").toString("utf8");
  const env = Object.fromEntries(Object.keys(POD_FIELDS).map((name) => [name, RELEASE]));
  const result = loadConfig({
    file: { name: "config.yaml", text },
    env: { ...env, POD_IP: "10.42.0.7" },
    flags: {},
    facts: { hostname: RELEASE, bootId: "boot" },
  });
  if (result.t !== "valid")
    return [`config.yaml is ${result.t}: ${result.problems.map(({ code }) => code).join(", ")}`];
  const { address, port } = result.config.vip;
  return differs("VIP of config.yaml", `${address}:${port}`, "10.100.0.100:8443");
}

export function readObjects(text: string): readonly KubernetesObject[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.map((document): KubernetesObject | null => document.toJS()).filter((object) => object !== null);
}

function unmounted(containers: readonly Container[], volumes: readonly string[]): readonly string[] {
  return containers
    .flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name))
    .filter((name) => !volumes.includes(name));
}

function mountOf(container: Container | undefined, volume: string) {
  return container?.volumeMounts?.find(({ name }) => name === volume);
}

function differs(what: string, found: unknown, expected: unknown): readonly string[] {
  if (isDeepStrictEqual(found, expected)) return [];
  return [`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`];
}
