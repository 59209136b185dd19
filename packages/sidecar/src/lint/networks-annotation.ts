/**
 * Reads Multus' annotation k8s.v1.cni.cncf.io/networks as Multus does: a list of names with commas, or JSON
 * (NetworkAttachmentDefinition de-facto standard 1.3, sections 4.1.1 and 4.1.2). Pure; never throws.
 */
import { parseInterfaceName } from "@vcluster-kube-vip/routing";

interface Attachment {
  readonly namespace: string | undefined;
  readonly name: string;
  /** As written, or net1, net2, … by its place in the list. */
  readonly interfaceName: string;
  /** It moves the pod's default route to this interface. */
  readonly hasDefaultRoute: boolean;
}

export type Networks =
  | { readonly t: "valid"; readonly attachments: readonly Attachment[] }
  /** As parts of a sentence whose subject is the text. */
  | { readonly t: "invalid"; readonly reason: string; readonly cure: string };

const SHORT_FORM = "write namespace/name, as in vcluster-platform/private-vcluster";
const JSON_FORM = 'write a list of objects, each with "name"';

export function parseNetworks(text: string): Networks {
  // What Multus tells the two forms apart by.
  const parts = /[[{"]/.test(text) ? readJson(text) : readNames(text);
  if ("reason" in parts) return { t: "invalid", ...parts };
  const attachments = parts.map((part, index) => ({ ...part, interfaceName: part.interfaceName ?? `net${index + 1}` }));
  for (const [index, { name, namespace, interfaceName }] of attachments.entries()) {
    if (name === "") return invalid("has an attachment without a name", SHORT_FORM);
    if (![name, namespace ?? "a"].every(isLabel))
      return invalid(`has the name "${name}", which Kubernetes refuses`, SHORT_FORM);
    const parsed = parseInterfaceName(interfaceName);
    if (parsed.t === "invalid")
      return invalid(`names an interface that ${parsed.reason}`, "choose 1 to 15 plain characters");
    if (attachments.findIndex((other) => other.interfaceName === interfaceName) !== index)
      return invalid(`attaches two networks as ${interfaceName}`, "give each an interface name of its own");
  }
  return { t: "valid", attachments };
}

interface Refusal {
  readonly reason: string;
  readonly cure: string;
}

type Part = Omit<Attachment, "interfaceName"> & { readonly interfaceName: string | undefined };

function readNames(text: string): readonly Part[] | Refusal {
  const parts: Part[] = [];
  for (const item of text.split(",").map((part) => part.trim())) {
    const match = /^(?:([^/@]*)\/)?([^/@]*)(?:@([^/@]*))?$/.exec(item);
    if (match === null) return { reason: `has the part "${item.slice(0, 60)}", which is no name`, cure: SHORT_FORM };
    const [, namespace, name = "", interfaceName] = match;
    parts.push({ namespace, name, interfaceName, hasDefaultRoute: false });
  }
  return parts;
}

function readJson(text: string): readonly Part[] | Refusal {
  const list = parseJson(text);
  if (!Array.isArray(list)) return { reason: "is no JSON list", cure: JSON_FORM };
  const parts: Part[] = [];
  for (const item of list) {
    if (typeof item !== "object" || item === null) return { reason: "has an item that is no object", cure: JSON_FORM };
    const member = (key: string): unknown => Object.entries(item).find(([name]) => name === key)?.[1];
    const word = (key: string): string | undefined => {
      const value = member(key);
      return typeof value === "string" && value !== "" ? value : undefined;
    };
    parts.push({
      namespace: word("namespace"),
      name: word("name") ?? "",
      interfaceName: word("interface"),
      hasDefaultRoute: member("default-route") !== undefined,
    });
  }
  return parts;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no list either, which is said of it.
    return undefined;
  }
}

function isLabel(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);
}

function invalid(reason: string, cure: string): Networks {
  return { t: "invalid", reason, cure };
}
