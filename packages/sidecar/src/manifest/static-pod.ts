/**
 * The static pod that serves the VIP of bare control planes, as text: the overlay's container in the machine's own
 * network. What is said in it is manifest.ts's matter.
 */
import { HOST_KUBECONFIG } from "../config/sections.ts";
import { type ContainerOptions, containerLines, fieldLine, NAME } from "../overlay/container.ts";
import { scalarText } from "../overlay/scalar-text.ts";

/** Where kube-vip's static pod is, too: what is put there takes its place. */
const MANIFEST_PATH = "/etc/kubernetes/manifests/kube-vip.yaml";

export interface StaticPod {
  readonly container: ContainerOptions;
  /** Settings, by variable. */
  readonly env: ReadonlyMap<string, string>;
  /** A file of the machine. The container sees it where kubeadm has admin.conf. */
  readonly kubeconfig: string;
  /** For the head of the file. */
  readonly remarks: readonly string[];
}

/**
 * By variable, the field of the pod. No POD_UID: that of a static pod is a digest of its file, the same in every life
 * and on every machine; the machine's boot id stands for it.
 */
const HOST_FIELDS = { POD_NAME: "spec.nodeName", POD_IP: "status.hostIP" } as const;

export function staticPodText({ container, env, kubeconfig, remarks }: StaticPod): string {
  const surroundings = {
    env: [
      ...Object.entries(HOST_FIELDS).map(([name, path]) => fieldLine(name, path)),
      ...[...env].map(([name, value]) => `    - {name: ${name}, value: ${scalarText(value)}}`),
    ],
    whyNoProbes: "what one that hangs may still answer for ends by the kernel's deadline, and another takes over.",
    mounts: [`    - {name: kubeconfig, mountPath: ${HOST_KUBECONFIG}, readOnly: true}`],
  };
  const lines = [
    "# Serves one address for the API servers of these control planes. On each of them this file is",
    `#   ${MANIFEST_PATH}`,
    ...remarks.map((remark) => `# ${oneLine(remark)}`.trimEnd()),
    "apiVersion: v1",
    "kind: Pod",
    "metadata:",
    `  name: ${NAME}`,
    "  namespace: kube-system",
    "  labels: {app.kubernetes.io/name: kube-vip}",
    "spec:",
    "  hostNetwork: true",
    "  # The number, too: nobody computes it for a static pod.",
    "  priorityClassName: system-node-critical",
    "  priority: 2000001000",
    "  containers:",
    ...containerLines(container, surroundings).map((line) => `    ${line}`),
    "  volumes:",
    "    # Not made where it is missing: a folder of this name would be in kubeadm's way.",
    `    - {name: kubeconfig, hostPath: {path: ${scalarText(kubeconfig)}, type: File}}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** A comment ends with its line, and a remark has names from somebody's file. */
function oneLine(remark: string): string {
  return remark.replace(/[\p{Cc}\u2028\u2029]/gu, "�");
}
