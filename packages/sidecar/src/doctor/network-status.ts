/**
 * The annotation k8s.v1.cni.cncf.io/network-status, in which Multus says what it attached to a pod (Kubernetes Network
 * Custom Resource Definition De-facto Standard, section 5). Pure.
 */
export interface Attachment {
  /** namespace/name of the NetworkAttachmentDefinition, or the pod network's name. */
  readonly network: string;
  readonly interfaceName: string;
  /** The pod network itself. */
  readonly isDefault: boolean;
}

const ATTACHMENTS_MAX = 32;

/** What cannot be read as an attachment is left out. Never throws. */
export function readNetworkStatus(text: string): readonly Attachment[] {
  const list = parse(text);
  if (!Array.isArray(list)) return [];
  return list.slice(0, ATTACHMENTS_MAX).flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || !("interface" in entry)) return [];
    const { interface: interfaceName } = entry;
    const network = "name" in entry && typeof entry.name === "string" ? entry.name : "a network without a name";
    const isDefault = "default" in entry && entry.default === true;
    return typeof interfaceName === "string" ? [{ network, interfaceName, isDefault }] : [];
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Empty where the annotation was not there when the container started.
    return undefined;
  }
}
