/** How the VIP's network and the virtual cluster's own ranges must lie beside each other. */
import { type IpPrefix, networkAddress, parseInterfaceAddress, prefixContains } from "@vcluster-kube-vip/routing";
import { quote } from "../../config/problem.ts";
import { PATHS } from "../paths.ts";
import { type Fault, faultAt, type Rule } from "../rule.ts";
import { entryAt, type Path, textAt } from "../tree.ts";
import type { Values } from "../values.ts";

/** networking.podCIDR of the chart's own values, 0.30 to 0.37. */
const DEFAULT_POD_CIDR = "10.244.0.0/16";

interface Range {
  readonly prefix: IpPrefix;
  /** As in "networking.podCIDR" */
  readonly name: string;
}

/** Ranges that can be read; the host's service range, which is used where none is said, is not known here. */
function rangesAt({ root }: Values, path: Path, defaultText: string | undefined): readonly Range[] {
  const said = textAt(root, path);
  const name = said === undefined ? `the chart's default of ${path.join(".")}` : path.join(".");
  return (said ?? defaultText ?? "").split(",").flatMap((text) => {
    const parsed = parseInterfaceAddress(text.trim());
    return parsed.t === "valid" ? [{ prefix: parsed.value.subnet, name }] : [];
  });
}

const podRanges = (values: Values): readonly Range[] => rangesAt(values, PATHS.podCidr, DEFAULT_POD_CIDR);
const serviceRanges = (values: Values): readonly Range[] => rangesAt(values, PATHS.serviceCidr, undefined);

function findVipIn(values: Values, ranges: readonly Range[]): readonly Fault[] {
  const { endpoint } = values;
  if (endpoint === undefined) return [];
  const found = ranges.find(({ prefix }) => prefixContains(prefix, endpoint.value.address));
  if (found === undefined) return [];
  const message = `expected an address outside ${found.prefix} (${found.name}), but ${endpoint.value.address} is inside: choose a free address of the workers' network, or another range for the virtual cluster`;
  return [faultAt(values, endpoint.path, message)];
}

const vipInPodCidr: Rule = {
  code: "VIP_IN_POD_CIDR",
  severity: "error",
  summary: "The VIP lies in the virtual cluster's pod network",
  consequence:
    "Workers route the VIP into the pod network instead of onto the wire, and a pod may get the same address.",
  find: (values) => findVipIn(values, podRanges(values)),
};

const vipInServiceCidr: Rule = {
  code: "VIP_IN_SERVICE_CIDR",
  severity: "error",
  summary: "The VIP lies in the virtual cluster's service network",
  consequence:
    "A Service may get the VIP for its own address on the workers; what is sent to it then never reaches the control plane.",
  find: (values) => findVipIn(values, serviceRanges(values)),
};

const subnetOverlaps: Rule = {
  code: "SUBNET_OVERLAPS_CLUSTER",
  severity: "warning",
  summary: "The workers' network and a range of the virtual cluster overlap",
  consequence: "Addresses in both lead workers into the pod or service network: some machines cannot be reached.",
  find(values) {
    const { gateway } = values;
    if (gateway === undefined) return [];
    const { subnet } = gateway.value;
    const found = [...podRanges(values), ...serviceRanges(values)].find(({ prefix }) => doOverlap(prefix, subnet));
    if (found === undefined) return [];
    const message = `expected a subnet beside ${found.prefix} (${found.name}), but ${subnet} overlaps it: choose another range for the virtual cluster`;
    return [faultAt(values, gateway.path, message)];
  },
};

function doOverlap(a: IpPrefix, b: IpPrefix): boolean {
  return prefixContains(a, networkAddress(b)) || prefixContains(b, networkAddress(a));
}

const cidrInvalid: Rule = {
  code: "CIDR_INVALID",
  severity: "error",
  summary: "A range of the virtual cluster cannot be read",
  consequence:
    "The API server or the workers' network refuses to start with it, and nobody can tell whether the VIP is inside.",
  find(values) {
    return [PATHS.podCidr, PATHS.serviceCidr].flatMap((path) => {
      const entry = entryAt(values.root, path);
      const text = textAt(values.root, path);
      if (entry === undefined || text === undefined) return [];
      for (const part of text.split(",")) {
        const parsed = parseInterfaceAddress(part.trim());
        if (parsed.t === "valid") continue;
        const message = `expected a range, as in 10.64.0.0/16; found ${quote(part.trim())}, which ${parsed.reason}: write it in full`;
        return [faultAt(values, path, message)];
      }
      return [];
    });
  },
};

export const ADDRESS_RULES: readonly Rule[] = [vipInPodCidr, vipInServiceCidr, subnetOverlaps, cidrInvalid];
