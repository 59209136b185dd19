/** How the pod gets the interface that carries the VIP: Multus' annotation, and whose interface it names. */
import { quote } from "../../config/problem.ts";
import { insertInto, linesOfEntry, removeEntry, together } from "../edit.ts";
import { type Networks, parseNetworks } from "../networks-annotation.ts";
import { NETWORKS, PATHS } from "../paths.ts";
import { type Fault, faultAt, faultAtKey, type Rule } from "../rule.ts";
import { entryAt, type Path, textAt } from "../tree.ts";
import type { Values } from "../values.ts";

const ON_OBJECT: Path = [...PATHS.objectAnnotations, NETWORKS];
const ON_POD: Path = [...PATHS.podAnnotations, NETWORKS];

/** Of the pod; undefined where it has none. */
function networksOfPod({ root }: Values): Networks | undefined {
  const text = textAt(root, ON_POD);
  return text === undefined ? undefined : parseNetworks(text);
}

const onStatefulSet: Rule = {
  code: "NETWORKS_ON_STATEFULSET",
  severity: "error",
  summary: "The networks annotation is on the StatefulSet instead of the pods",
  consequence:
    "Multus reads pods only: it attaches nothing, the interface never appears, and no replica answers for the VIP.",
  find(values) {
    const entry = entryAt(values.root, ON_OBJECT);
    if (entry === undefined || entryAt(values.root, ON_POD) !== undefined) return [];
    const message = `expected ${NETWORKS} under controlPlane.statefulSet.pods.annotations, but found it under controlPlane.statefulSet.annotations, which the chart puts on the StatefulSet: move it`;
    const lines = linesOfEntry(entry);
    const insertion = lines && insertInto(values.root, PATHS.podAnnotations, lines);
    const patch = together(removeEntry(values.root, ON_OBJECT, PATHS.statefulSet.length), insertion);
    return [faultAtKey(values, ON_OBJECT, message, patch)];
  },
};

const stray: Rule = {
  code: "NETWORKS_STRAY",
  severity: "hint",
  summary: "A second networks annotation is on the StatefulSet, where nobody reads it",
  consequence:
    "Nothing: only the one under pods.annotations has an effect. Who reads the file may take the wrong one for it.",
  find(values) {
    if (entryAt(values.root, ON_OBJECT) === undefined || entryAt(values.root, ON_POD) === undefined) return [];
    const message = `expected ${NETWORKS} under controlPlane.statefulSet.pods.annotations only, but found it under controlPlane.statefulSet.annotations, too: remove it there`;
    return [faultAtKey(values, ON_OBJECT, message, removeEntry(values.root, ON_OBJECT))];
  },
};

const missing: Rule = {
  code: "NETWORKS_MISSING",
  severity: "warning",
  summary: "Nothing attaches the interface to the pods",
  consequence:
    "Unless something other than Multus makes the interface, the replicas wait for it and none answers for the VIP.",
  find(values) {
    const { root, interfaceName } = values;
    if (interfaceName === undefined || POD_INTERFACES.has(interfaceName.value)) return [];
    if (entryAt(root, ON_OBJECT) !== undefined || entryAt(root, ON_POD) !== undefined) return [];
    const message = `expected ${NETWORKS} under controlPlane.statefulSet.pods.annotations, which makes ${interfaceName.value}, but there is none: add it with the NetworkAttachmentDefinition's namespace/name`;
    return [faultAt(values, interfaceName.path, message)];
  },
};

const invalid: Rule = {
  code: "NETWORKS_INVALID",
  severity: "error",
  summary: "Multus cannot read the networks annotation",
  consequence: "Multus refuses to set up the pod's network: the control plane's pods stay in ContainerCreating.",
  find(values) {
    return [ON_POD, ON_OBJECT].flatMap((path) => {
      const text = textAt(values.root, path);
      const networks = text === undefined ? undefined : parseNetworks(text);
      if (text === undefined || networks?.t !== "invalid") return [];
      const message = `expected networks as Multus takes them; found ${quote(text)}, which ${networks.reason}: ${networks.cure}`;
      return [faultAt(values, path, message)];
    });
  },
};

const otherInterface: Rule = {
  code: "NETWORKS_OTHER_INTERFACE",
  severity: "error",
  summary: "The networks annotation makes other interfaces than the configured one",
  consequence: "The interface never appears in the pods, and no replica answers for the VIP.",
  find(values) {
    const { interfaceName } = values;
    const networks = networksOfPod(values);
    if (interfaceName === undefined || networks?.t !== "valid" || POD_INTERFACES.has(interfaceName.value)) return [];
    const made = networks.attachments.map((attachment) => attachment.interfaceName);
    if (made.includes(interfaceName.value)) return [];
    const message = `expected an interface that the annotation makes (${made.join(", ")}), but found ${quote(interfaceName.value)}: name one of them, or append @${interfaceName.value} to the network`;
    return [faultAt(values, interfaceName.path, message)];
  },
};

const defaultRoute: Rule = {
  code: "NETWORKS_DEFAULT_ROUTE",
  severity: "warning",
  summary: "The attachment takes the pod's default route",
  consequence:
    "What the control plane sends to the host cluster leaves by the workers' network, and usually gets no answer.",
  find(values): readonly Fault[] {
    const networks = networksOfPod(values);
    if (networks?.t !== "valid" || !networks.attachments.some(({ hasDefaultRoute }) => hasDefaultRoute)) return [];
    const message =
      "expected attachments without \"default-route\", but found one, which moves the pod's default route: remove it, the gateway's route is made for answers from the VIP alone";
    return [faultAt(values, ON_POD, message)];
  },
};

/** What a pod has without Multus. */
const POD_INTERFACES: ReadonlySet<string> = new Set(["eth0", "lo"]);

const podNetwork: Rule = {
  code: "INTERFACE_IS_POD_NETWORK",
  severity: "warning",
  summary: "The interface is the pod network's own",
  consequence:
    "On a routed pod network (Calico, Cilium and most others) ARP never leaves the pod, and the workers never find the VIP.",
  find(values) {
    const { interfaceName } = values;
    if (interfaceName === undefined || !POD_INTERFACES.has(interfaceName.value)) return [];
    const message = `expected an interface on the workers' network, as Multus' net1, but found ${interfaceName.value}, the pod network's: attach the pods to the workers' network, unless ${interfaceName.value} is bridged to it`;
    return [faultAt(values, interfaceName.path, message)];
  },
};

export const ATTACHMENT_RULES: readonly Rule[] = [
  onStatefulSet,
  stray,
  missing,
  invalid,
  otherInterface,
  defaultRoute,
  podNetwork,
];
