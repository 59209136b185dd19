/**
 * What a setting is, and how its names follow from one another: `leaseName` is --lease-name, VCLUSTER_KUBE_VIP_LEASE_NAME
 * and global.kubeVip.leaseName. The settings themselves are in settings.ts.
 */
import type { Kind } from "./kinds.ts";

export interface Setting<T> {
  readonly name: string;
  readonly kind: Kind<T>;
  /** One sentence for --help and docs/configuration.md. */
  readonly description: string;
  /** As text; `<…>` where it is worked out (load.ts). Absent: none. */
  readonly defaultText: string | undefined;
  /** "--lease-name"; absent: no flag. */
  readonly flag: string | undefined;
  /** Ours; absent where only kube-vip's name sets it. */
  readonly env: string | undefined;
  /** kube-vip's names for the same thing; the first that is set counts. */
  readonly kubeVipEnv: readonly string[];
  /** Keys of vcluster.yaml, strongest first. */
  readonly keys: readonly string[];
  /** client-go's name for the same thing (tools/leaderelection). */
  readonly clientGo: string | undefined;
}

/** Everything of ours in vcluster.yaml is under this key: `global` is the one place where its schema lets others write. */
export const OWN_SECTION = "global.kubeVip";
/** What the chart beside the virtual cluster reads there, and this program does not (charts/vcluster-kube-vip/values.yaml). */
export const CHART_KEYS: readonly string[] = [
  "vclusterName",
  "networkAttachmentDefinition",
  "podMonitor",
  "prometheusRule",
  "dashboard",
  "networkPolicy",
].map((name) => `${OWN_SECTION}.${name}`);
/** vCluster's own block. */
export const BLOCK = "controlPlane.advanced.kubeVip";

interface Details<T> {
  readonly kind: Kind<T>;
  readonly description: string;
  readonly default?: string;
  readonly kubeVipEnv?: readonly string[];
  readonly clientGo?: string;
  /** A key of vCluster's own, weaker than ours. */
  readonly blockKey?: string;
}

/** A setting with all names of ours, which follow from one another. */
export function own<T>(name: string, details: Details<T>): Setting<T> {
  const keys = [`${OWN_SECTION}.${name}`, ...(details.blockKey === undefined ? [] : [details.blockKey])];
  return { ...common(name, details), flag: flagOf(name), env: envOf(name), keys };
}

/** A fact about the pod that the downward API gives: it has its customary name and no other. */
export function fromPod<T>(env: string, details: Details<T>): Setting<T> {
  return { ...common(env, details), flag: undefined, env, keys: [] };
}

/** Said by kube-vip's environment in another form than ours. */
export function fromKubeVip<T>(name: string, kubeVipEnv: readonly string[], details: Details<T>): Setting<T> {
  return { ...common(name, { ...details, kubeVipEnv }), flag: undefined, env: undefined, keys: [] };
}

/** A key of vCluster's own that says something to us. */
export function fromBlock<T>(name: string, details: Details<T>): Setting<T> {
  return { ...common(name, details), flag: undefined, env: undefined, keys: [`${BLOCK}.${name}`] };
}

function common<T>(name: string, { kind, description, default: defaultText, kubeVipEnv = [], clientGo }: Details<T>) {
  return { name, kind, description, defaultText, kubeVipEnv, clientGo };
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

// Not to be used for a setting named "port" or "service…": with a Service called vcluster-kube-vip in the namespace,
// Kubernetes sets VCLUSTER_KUBE_VIP_PORT and VCLUSTER_KUBE_VIP_SERVICE_… in every container (enableServiceLinks).
function envOf(name: string): string {
  return `VCLUSTER_KUBE_VIP_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
